"""Reading an answer to a question that was put to the person, and words that steer the talk."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

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
def _patterns() -> dict[str, re.Pattern[str]]:
    data = read(Path(__file__).with_name("reading.yaml")).data
    return {name: re.compile(pattern) for name, pattern in data.items()}


def says(kind: str, text: str) -> bool:
    """Whether `text` says what the pattern `kind` of reading.yaml stands for."""
    return _patterns()[kind].search(text) is not None


def chosen(text: str, options: tuple[Option, ...]) -> Option | str | None:
    """The option meant by a number or its own label; the text itself for a number out of range."""
    for option in options:
        if text in (option.label, normalise(option.label), normalise(option.send)):
            return option
    match = _patterns()["ordinal"].match(text)
    if match is None or not options:
        return None
    number = int(numbers_in(match.group(1))[0])
    return options[number - 1] if number <= len(options) else text


def answer_to(
    fact: Fact, understood: Understanding, offered: frozenset[str], role: str | None
) -> FactValue | _DontKnow | None:
    """The value of `fact` that the message gives; None when it does not answer the question.

    `offered` are the groups that stood among the options, so that 都不是 excludes those only.
    """
    text = understood.text
    if says("dont_know", text):
        return DONT_KNOW
    if fact.type == "groups" and says("none_of_them", text):
        return Groups(excluded=offered)
    if fact.id in understood.facts:
        return understood.facts[fact.id]
    if fact.type == "yes_no":
        if says("agrees", text):
            return True
        return False if says("denies", text) else None
    if fact.type == "choice":
        labels = fact.asked(role).options
        return next((value for value, label in labels.items() if normalise(label) == text), None)
    if fact.type == "groups" and says("denies", text):
        return Groups(excluded=offered)
    if fact.type == "number" and len(text) <= _SHORT and (found := numbers_in(text)):
        return found[0]
    return None


# A number in a long text is about something else.
_SHORT = 10
