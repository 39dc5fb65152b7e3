"""Things named in a text, by the vocabulary's words: places, occupations, groups, levels and facts.

One pass of longest matches; a word inside a longer one does not count (残疾人 in 非残疾人 is caught
as negated). Numbers, ages and permit numbers are found by shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.numbers import numbers_in
from knowledge.rules import FactValue, Groups
from knowledge.strict_yaml import read
from knowledge.vocabulary import vocabulary
from nlu.understanding import Entity, EntityKind

_NEGATION = re.compile(r"(不是|并非|没有|没|非|不算|又不|不属于|唔系|不系)(个|什么|啥)?$")
_THIRD_PERSON = re.compile(
    r"我(妈妈?|母亲|老妈|娘|爸爸?|父亲|老婆|媳妇|爱人|老公|丈夫|姐姐?|妹妹?|哥哥?|弟弟?|嫂子?|婆婆|岳母|丈母娘|"
    r"女儿|闺女|儿子|孩子|外甥女?|侄女|姑姑?|阿姨|姨妈?|婶子?|同事|朋友|老乡|邻居|阿妈)|俺(妈|娘|媳妇|姐|妹)|"
    r"(一个|有个)(来电人|市民|群众|老乡|朋友)"
)
_AGE = re.compile(r"(?<![\d第])(\d{2}|[二三四五六七]十[一二三四五六七八九]?)(多)?(周?岁)")
_MONEY = re.compile(r"(\d+(?:\.\d+)?)(万|千)?(元|块钱?)")
_YEAR = re.compile(r"(?<!\d)(20\d{2})年?(?:(\d{1,2})月)?")


@dataclass(frozen=True)
class _Word:
    kind: EntityKind
    value: str


@cache
def _words() -> tuple[re.Pattern[str], dict[str, _Word]]:
    """One alternation of every word, longest first, and what each means."""
    words = vocabulary()
    meaning: dict[str, _Word] = {}
    lists: tuple[tuple[EntityKind, Mapping[str, object]], ...] = (
        ("group", words.groups),
        ("occupation", words.occupations),
        ("level", words.levels),
        ("region", words.regions),
    )
    for kind, terms in lists:
        for term_id, term in terms.items():
            for name in term.called:  # type: ignore[attr-defined]
                meaning[name] = _Word(kind, term_id)
    ordered = sorted(meaning, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, ordered))), meaning


@cache
def _fact_cues() -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = read(Path(__file__).with_name("cues.yaml")).data
    return tuple(
        (re.compile("|".join(f"(?:{cue})" for cue in row["cues"])), f"{row['fact']}={row['value']}")
        for row in rows
    )


def entities_of(text: str) -> tuple[Entity, ...]:
    """Every entity of the normalised `text`, in order of appearance."""
    found = [*_vocabulary_words(text), *_facts(text), *_shapes(text)]
    return tuple(sorted(found, key=lambda entity: (entity.start, -entity.end)))


def _vocabulary_words(text: str) -> Iterator[Entity]:
    pattern, meaning = _words()
    for match in pattern.finditer(text):
        word = meaning[match.group()]
        negated = _NEGATION.search(text[: match.start()]) is not None
        yield Entity(word.kind, word.value, match.group(), match.start(), match.end(), negated)


def _facts(text: str) -> Iterator[Entity]:
    taken: dict[str, Entity] = {}
    for pattern, value in _fact_cues():
        for match in pattern.finditer(text):
            fact = value.partition("=")[0]
            entity = Entity("fact", value, match.group(), match.start(), match.end())
            known = taken.get(fact)
            # 没交社保 holds 交社保: the longer cue is what was said.
            if known is None or match.end() - match.start() > known.end - known.start:
                taken[fact] = entity
    yield from taken.values()


def _shapes(text: str) -> Iterator[Entity]:
    for match in _THIRD_PERSON.finditer(text):
        yield Entity("third_person", match.group(), match.group(), match.start(), match.end())
    for match in _AGE.finditer(text):
        value = numbers_in(match.group(1))[0]
        yield Entity("age", value, match.group(), match.start(), match.end())
    for match in _MONEY.finditer(text):
        value = numbers_in(match.group(1) + (match.group(2) or ""))[0]
        yield Entity("money", value, match.group(), match.start(), match.end())
    for match in _YEAR.finditer(text):
        value = match.group(1) + (f"-{int(match.group(2)):02d}" if match.group(2) else "")
        yield Entity("date", value, match.group(), match.start(), match.end())


def facts_of(entities: tuple[Entity, ...]) -> dict[str, FactValue]:
    """What the entities tell about the person asked for, as facts that conditions can compare."""
    facts: dict[str, FactValue] = {}
    members = frozenset(str(e.value) for e in entities if e.kind == "group" and not e.negated)
    excluded = frozenset(str(e.value) for e in entities if e.kind == "group" and e.negated)
    if members or excluded:
        facts["groups"] = Groups(members, excluded)
    for entity in entities:
        if entity.kind == "occupation" and not entity.negated:
            facts.setdefault("occupation", entity.value)
        elif entity.kind == "age":
            facts["age"] = entity.value
        elif entity.kind == "fact":
            name, _, value = str(entity.value).partition("=")
            facts[name] = {"True": True, "False": False}.get(value, value)
    return facts
