"""Reading an answer to a question that was put to the person, and words that steer the talk."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from dialogs.reply import Option
from knowledge.numbers import numbers_in
from knowledge.rules import FactValue, Groups
from knowledge.strict_yaml import read
from knowledge.vocabulary import Fact
from nlu.normalise import normalise
from nlu.understanding import Understanding


class _DontKnow:
    """The person was asked and does not know: not asked again, and still unknown."""


DONT_KNOW: Final = _DontKnow()


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = read(Path(__file__).with_name("reading.yaml")).data
    return data


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _match(kind: str, text: str) -> re.Match[str] | None:
    return _pattern(_data()[kind]).search(text)


def says(kind: str, text: str) -> bool:
    """Whether `text` says what the pattern `kind` of reading.yaml stands for."""
    return _match(kind, text) is not None


def chosen(text: str, options: tuple[Option, ...]) -> Option | str | None:
    """The option meant by a number or its own label; the text itself for a number out of range."""
    for option in options:
        if text in (option.label, normalise(option.label), normalise(option.send)):
            return option
    match = _match("ordinal", text)
    if match is None or not options:
        return None
    number = int(numbers_in(match.group(1))[0])
    return options[number - 1] if 1 <= number <= len(options) else text


def ordinal_in(text: str) -> int | None:
    """The number of 第二个 in a longer text."""
    match = _match("ordinal_within", text)
    return int(numbers_in(match.group(1))[0]) if match else None


def chosen_several(text: str, options: tuple[Option, ...]) -> tuple[Option, ...] | None:
    """The options meant by several numbers (1、3); None unless each stands in the list."""
    if not options or not says("ordinals", text):
        return None
    numbers = [int(number) for number in numbers_in(text)]
    if not all(1 <= number <= len(options) for number in numbers):
        return None
    return tuple(options[number - 1] for number in dict.fromkeys(numbers))


def answer_to(
    fact: Fact, understood: Understanding, offered: frozenset[str], role: str | None
) -> FactValue | _DontKnow | None:
    """The value of `fact` that the message gives; None when it does not answer the question.

    `offered` are the groups that stood among the options, so that 都不是 excludes those only.
    """
    text = understood.text
    asked = fact.asked(role)
    if len(text) <= _SHORT and says("dont_know", text):
        return DONT_KNOW
    if fact.type == "groups" and says("none_of_them", text):
        return Groups(excluded=offered)
    if fact.id in understood.facts:
        return understood.facts[fact.id]
    if fact.type == "yes_no":
        other = _data()["instead"].get(fact.id)
        if other is not None and _pattern(other).search(text):
            return False
        return _yes_or_no(text, asked.question)
    if fact.type == "choice":
        return _option_meant(text, asked.options) or _option_called(fact.id, text, asked.options)
    if fact.type == "groups" and says("denies", text):
        return Groups(excluded=offered)
    if fact.type == "number":
        return _number(text, fact.unit or "")
    return None


@lru_cache(256)  # asked once a provision
def how_many(text: str) -> tuple[str, ...]:
    """What is to be counted: 星 of 分几星, 人次 of 多少人次. Money is no such thing."""
    return tuple(match.group(1) for match in _pattern(_data()["how_many"]).finditer(text))


def obstacles(text: str) -> tuple[str, ...]:
    """A document's words for what the person fears stands in the way: 户籍 for 我外地户口."""
    words = _data()["obstacles"].items()
    return tuple(word for word, said in words if _pattern(said).search(text))


def only_answers(text: str) -> bool:
    """Whether `text` means something only as an answer to a question: 3, 是的, 没有, 签了."""
    kinds = ("ordinal", "ordinals", "agrees", "denies", "did", "did_not")
    return any(says(kind, text) for kind in kinds)


def without_correction(text: str) -> str:
    """`text` without the word that puts something right: 没签 of 不对，没签."""
    return _pattern(_data()["correction"]).sub("", text).lstrip("，。！ ")


def without_mending(text: str) -> str:
    """`text` without the words by which somebody puts right what was said: 其实, 说错了."""
    return _pattern(_data()["mends_itself"]).sub("", text)


def without_counting(text: str) -> str:
    """`text` without what points at the thing in hand, and the count that is asked for: 有效期 of
    它有效期几年."""
    return _pattern(_data()["counting"]).sub("", text)


def without_pointing(text: str) -> str:
    """`text` without the words that point back: 证 of 刚才那个证."""
    return _pattern(_data()["pointing"]).sub("", text)


def relative(named: str) -> str:
    """A relative by one name, however she was called: 我妈妈, 俺娘 and 我老妈 are 我妈."""
    for name, others in _data()["relatives"].items():
        if _pattern(others).search(named):
            return f"我{name}"
    return named


def believable(intent: str, text: str) -> bool:
    """Whether talk of this kind can be meant: some is only where one of its words is said."""
    cue = _data()["cued"].get(intent)
    return cue is None or _pattern(cue).search(text) is not None


def families() -> Mapping[str, str]:
    """The group that somebody's family is, by the group that she is in herself."""
    found: dict[str, str] = _data()["families"]
    return found


def lasting() -> frozenset[str]:
    """The groups that somebody who was of them is of for good."""
    return frozenset(_data()["lasting"])


def _number(text: str, unit: str) -> float | None:
    """The one number of the text, if it is said in the unit asked for, or months or halves of a
    year, or in none. A date, or a count of something else, is no answer."""
    if unit == "年" and (halved := _match("half_years", text)):
        return (numbers_in(halved["years"])[0] if halved["years"] else 0) + 0.5
    match = _match("a_number", text)
    if match is None:
        return 0.0 if unit == "%" and says("none_laid_off", text) else None
    said, behind = numbers_in(match["number"])[0], match["unit"]
    if behind and _pattern(_data()["units"].get(unit, unit) + "$").match(behind):
        return said
    if behind and unit == "年" and says("months", behind):
        return round(said / 12, 2)
    return said if not behind and said not in _CALENDAR else None


def _yes_or_no(text: str, question: str) -> bool | None:
    """是, 没有; 签了 and 没签 only where the question is about signing."""
    if says("agrees", text):
        return True
    if says("denies", text):
        return False
    for kind, value in (("did", True), ("did_not", False)):
        match = _match(kind, text)
        if match is not None and _pattern(_data()["deeds"][match.group(1)]).search(question):
            return value
    return None


def _option_meant(text: str, labels: Mapping[str, str]) -> str | None:
    """The value whose label, or a part of it, was said: 员工制 for 公司正式员工（员工制）."""
    plain = {value: normalise(label) for value, label in labels.items()}
    text = text.rstrip("的了呢啊呀。")
    found = [value for value, label in plain.items() if label == text]
    if not found:
        text = "不是" if says("denies", text) else text
        found = [value for value, label in plain.items() if _part_said(text, label)]
    return found[0] if len(found) == 1 else None


def _option_called(fact: str, text: str, options: Mapping[str, str]) -> str | None:
    """The one option that people call by a word of the text: 中介的 for 公司介绍活."""
    cues = _data()["meant"].get(fact, {})
    found = [
        value for value, cue in cues.items() if value in options and _pattern(cue).search(text)
    ]
    return found[0] if len(found) == 1 else None


def _part_said(text: str, label: str) -> bool:
    parts = _pattern("[()（），、]").split(label)
    if says("agrees", text):
        return any(part.startswith("是") for part in parts)
    if text in parts or says("denies", text):
        return text in parts
    long_enough = len(text) >= _NAMING
    return long_enough and any(p.startswith(text) or p.endswith(text) for p in parts)


# A bare number that is a calendar year.
_CALENDAR = range(1990, 2100)
# Not knowing, in a longer text, is about something else.
_SHORT = 10
# So many characters of an option's label name it.
_NAMING = 3
