"""Things named in a text, by the vocabulary's words: places, occupations, groups, levels, documents
and facts.

One pass of longest matches; a word inside a longer one does not count (残疾人 in 非残疾人 is caught
as negated, 失业 in 失业金 is a lookalike). What has a shape instead of a name is in nlu/shapes.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from knowledge.rules import FactValue, Groups
from knowledge.strict_yaml import read
from knowledge.vocabulary import vocabulary
from knowledge.words import one_of
from nlu.facts import NOT_YET, told
from nlu.levels import names_a_skill_level
from nlu.shapes import shapes
from nlu.tokens import frequency, tokens
from nlu.understanding import Entity, EntityKind

_NEGATION = re.compile(
    r"(不是|并非|没有|没|非|不算|又不|不属于|也不是|不是什么)(个|什么|啥|任何)?(家庭)?(是|属于)?$"
)
# 是不是残疾人, 有没有残疾证: asked, not denied.
_ASKED = re.compile(r"(是不是|有没有|算不算|是否)(个|什么)?$")
# 有残疾证和没残疾证的: both are spoken of.
_CONTRAST = re.compile(r"[有是][^，。？！]{1,6}(和|跟|与|还是)(没有?|不是|非)$")
# 我不在广州: another place than this one.
_ELSEWHERE = re.compile(r"(不在|没在|不是在|不去|不是来自)$")
# 我叫李广州.
_A_PERSON = re.compile(r"(?:叫|姓名是?)[\u4e00-\u9fff]?$")
# 从湖南到佛山; 四川人来广州, 湖南过来肇庆的.
_FROM = re.compile(r"(从|来自)$")
_COMING = re.compile(r"[省市县]?(人(?![社力均民员工才])|过来|来(?=[\u4e00-\u9fff]{2}))")
# 南京银行, 内蒙古大学: a name that begins with a place.
_OF_A_NAME = re.compile(
    r"银行|师范|大学(?!生|刚|毕)|卫视|白药|煎饼|茅台|大枣|公园|地铁站|号航母|鸡饭"
)
_OF_A_PLACE = re.compile(r"(人|市|省|县|区|旅游|户口)$")
# 在家带孩子, 要照顾老人: what people do at home is nobody's occupation.
_AT_HOME = re.compile(
    r"(在家里?|没人|帮我|帮忙|我自己|得|(?<!想)(?<!需)要|光|天天|回家|给(?:老伴|老公|老婆|我妈))"
    r"(一边|就|再|在家)?$"
)
_HOUSEWORK = re.compile(r"[带看]|照[顾看]|家务|按摩")
# 马上要下岗了 is not of the unemployed yet; 嫁给了退役军人 is none herself.
_OF_ANOTHER = re.compile(r"(嫁给|嫁|娶)了?(一?[个位])?$")
_ONE_CLAUSE = re.compile(r"[^，。？！]*")
_SHORT = 2
_SURE = 3
_LEARN = "学"  # 长|治学: 学 is what people go to a place for
_ANYBODY = "阿姨"


@dataclass(frozen=True)
class _Word:
    kind: EntityKind
    value: str


@cache
def _words() -> tuple[re.Pattern[str], dict[str, _Word]]:
    """One alternation, lookalikes first and then words, longest first; what each word means."""
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
    lookalikes = read(Path(__file__).with_name("lookalikes.yaml")).data
    aside = "|".join(f"(?:{lookalike})" for lookalike in lookalikes)
    return re.compile(f"{aside}|(?P<word>{one_of(meaning)})"), meaning


@cache
def _described() -> tuple[tuple[_Word, re.Pattern[str]], ...]:
    rows = read(Path(__file__).with_name("described.yaml")).data
    return tuple(
        (_Word(row["kind"], row["value"]), re.compile("|".join(row["said"]))) for row in rows
    )


@cache
def _documents() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = read(Path(__file__).with_name("documents.yaml")).data
    return tuple((row["document"], re.compile("|".join(row["called"]))) for row in rows)


@lru_cache(64)  # a text is read for its places and for what it tells
def entities_of(text: str) -> tuple[Entity, ...]:
    """Every entity of the normalised `text`, in order of appearance."""
    found = [
        *_vocabulary_words(text),
        *_descriptions(text),
        *_named_documents(text),
        *told(text),
        *shapes(text),
    ]
    found = [entity for entity in found if not _of_one_cared_for(entity, found, text)]
    return tuple(sorted(found, key=lambda entity: (entity.start, -entity.end)))


def _of_one_cared_for(entity: Entity, found: Sequence[Entity], text: str) -> bool:
    """Whether it is the age of a relative whom a household wants help for: 我妈七十了, 要请护工."""
    if entity.kind != "age" or not any(other.value == "role=household" for other in found):
        return False
    return any(
        other.kind == "third_person" and _ONE_CLAUSE.fullmatch(text[other.end : entity.start])
        for other in found
    )


def _vocabulary_words(text: str) -> Iterator[Entity]:
    pattern, meaning = _words()
    job_ends = -1
    for match in pattern.finditer(text):
        name, (start, end) = match["word"], match.span()
        if name is None:  # a lookalike
            continue
        word = meaning[name]
        if word.kind == "region" and len(name) == _SHORT and _torn(text, start, end):
            continue
        before = text[:start]
        if word.kind == "region" and (_OF_A_NAME.match(text[end:]) or _A_PERSON.search(before)):
            continue
        if word.kind == "group" and not _hers(before):
            continue
        if word.kind == "level" and not names_a_skill_level(text, start, end):
            continue
        if word.kind == "occupation":
            if _HOUSEWORK.match(name) and _AT_HOME.search(before):
                continue
            # 保洁的阿姨 is one person.
            if name == _ANYBODY and text[job_ends:start] in ("", "的") and job_ends >= 0:
                continue
            job_ends = end
        yield Entity(
            word.kind,
            word.value,
            name,
            start,
            end,
            negated=_denied(word.kind, before),
            origin=word.kind == "region" and _comes_from(before, text[end:]),
        )


def _comes_from(before: str, after: str) -> bool:
    return _FROM.search(before) is not None or _COMING.match(after) is not None


def _hers(before: str) -> bool:
    return not (NOT_YET.search(before) or _OF_ANOTHER.search(before))


def _denied(kind: EntityKind, before: str) -> bool:
    if kind == "region":  # 非广州户口 is asked of Guangzhou
        return _ELSEWHERE.search(before) is not None
    return _NEGATION.search(before) is not None and not (
        _ASKED.search(before) or _CONTRAST.search(before)
    )


@cache
def _places() -> re.Pattern[str]:
    names = {name for region in vocabulary().regions.values() for name in region.called}
    return re.compile(f"{one_of(names)}{{2,}}")


def _torn(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] is a piece of other words: 保定 in 医保|定点, 大连 in 大连港.

    What the tokenizer only guesses to be a word (在广|东打工) tears nothing.
    """
    torn = False
    place = 0
    for token in tokens(text):
        after = place + len(token)
        if place < end and after > start:
            if frequency(token) < _SURE:
                return False
            torn |= (
                len(token) > end - start
                and not _OF_A_PLACE.search(token)
                and not _places().fullmatch(token)  # 山西太原 is a word of the tokenizer's
                if place <= start and end <= after
                else place < start or (after > end and text[end:after] != _LEARN)
            )
        place = after
    return torn


def _descriptions(text: str) -> Iterator[Entity]:
    for word, said in _described():
        for match in said.finditer(text):
            start, end = match.span()
            before = text[:start]
            if word.kind == "occupation" and _AT_HOME.search(before):
                continue
            if word.kind == "group" and not _hers(before):
                continue
            yield Entity(
                word.kind, word.value, match.group(), start, end, _denied(word.kind, before)
            )


def _named_documents(text: str) -> Iterator[Entity]:
    for document, called in _documents():
        for match in called.finditer(text):
            yield Entity("document", document, match.group(), match.start(), match.end())


def facts_of(entities: Sequence[Entity]) -> dict[str, FactValue]:
    """What the entities tell about the person asked for, as facts that conditions can compare."""
    facts: dict[str, FactValue] = {}
    members = frozenset(str(e.value) for e in entities if e.kind == "group" and not e.negated)
    excluded = frozenset(str(e.value) for e in entities if e.kind == "group" and e.negated)
    if members or excluded:
        facts["groups"] = Groups(members, excluded - members)
    for entity in entities:
        if entity.kind == "age":
            facts["age"] = entity.value
        elif entity.kind == "fact":
            name, _, value = str(entity.value).partition("=")
            facts[name] = _fact_value(name, value)
    # A household that wants a 月嫂 is not one.
    if facts.get("role") != "household":
        for entity in entities:
            if entity.kind == "occupation" and not entity.negated:
                facts.setdefault("occupation", entity.value)
    return facts


def _fact_value(name: str, value: str) -> FactValue:
    if value in ("True", "False"):
        return value == "True"
    return float(value) if vocabulary().facts[name].type == "number" else value
