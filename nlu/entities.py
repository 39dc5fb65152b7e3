"""Things named in a text, by the vocabulary's words: places, occupations, groups, levels, documents
and facts.

One pass of longest matches; a word inside a longer one does not count (残疾人 in 非残疾人 is caught
as negated, 失业 in 失业金 is a lookalike). What has a shape instead of a name is in nlu/shapes.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.rules import FactValue, Groups
from knowledge.strict_yaml import read
from knowledge.vocabulary import vocabulary
from knowledge.words import one_of
from nlu.shapes import number, shapes
from nlu.tokens import frequency, tokens
from nlu.understanding import Entity, EntityKind

_NEGATION = re.compile(
    r"(不是|并非|没有|没|非|不算|又不|不属于|也不是|不是什么)(个|什么|啥|任何)?(家庭)?(是|属于)?$"
)
# 是不是残疾人, 有没有残疾证: asked, not denied.
_ASKED = re.compile(r"(是不是|有没有|算不算|是否)(个|什么)?$")
# A yes that stands in a question or a condition says nothing: 签了合同吗, 要交了社保才行.
_IN_QUESTION = re.compile(
    r"(是不是|有没有|是否|要不要|必须|得|需要|如果|要是|只要|只有|等|才能|怎么|如何|怎样|能不能|应该)"
    r"(要|得|先|我|公司|都|已经|也|让|给)*$"
)
_QUESTIONED = re.compile(
    r"^(了|过)?(没有|没|吗|么|不(?!给|让|能|行|认|肯|发|管)|才|的话|再|之后才|以后才)"
)
# 还能自己接活吗, 是不是在校的: asked, whatever the value.
_WHETHER = re.compile(
    r"(能不能|还能|可不可以|可以|是不是|是否|一定得|必须|算不算)(要|得|是|自己|去)*$"
)
# 如果考核没通过: not even a no is told.
_SUPPOSED = re.compile(r"(如果|要是|假如|万一|假设|倘若)[^，。？！]{0,6}$")
# 没有跟公司签合同, 我不是大学生: what follows is denied.
_DENIED = re.compile(r"(没有|没|未|不|不是|从没|没能|别)(在|跟|和|给|去|有)?$")


# 我不在广州: another place than this one.
_ELSEWHERE = re.compile(r"(不在|没在|不是在|不去|不是来自)$")
_OF_A_PLACE = re.compile(r"(人|市|省|县|区|旅游|户口)$")
# 肢体残疾三级, 工伤定了四级
_OF_HARM = re.compile(r"(残疾|伤残|工伤|肢体|视力|听力|智力|精神|致残|伤情)[^，。？！能考证]{0,5}$")
_SHORT = 2
_SURE = 3
_LEARN = "学"  # 长|治学: 学 is what people go to a place for
_ANYBODY = "阿姨"
_FRAGMENT = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True)
class _Word:
    kind: EntityKind
    value: str


@dataclass(frozen=True)
class _Cue:
    pattern: re.Pattern[str]
    fact: str
    value: str | None  # None: the group `n` is the value

    def says(self, match: re.Match[str]) -> str:
        """The value that `match` gives the fact."""
        if self.value is None:
            return f"{number(match['n']):g}"
        return "False" if match.groupdict().get("no") else self.value


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
def _cues() -> tuple[_Cue, ...]:
    data = read(Path(__file__).with_name("cues.yaml")).data
    return tuple(
        _Cue(
            re.compile(_spelt_out(cue, data["words"])),
            row["fact"],
            None if row.get("number") else str(row["value"]),
        )
        for row in data["cues"]
        for cue in row["cues"]
    )


def _spelt_out(cue: str, words: Mapping[str, str]) -> str:
    return _FRAGMENT.sub(lambda name: f"(?:{_spelt_out(words[name[1]], words)})", cue)


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


def entities_of(text: str) -> tuple[Entity, ...]:
    """Every entity of the normalised `text`, in order of appearance."""
    found = [
        *_vocabulary_words(text),
        *_descriptions(text),
        *_named_documents(text),
        *_facts(text),
        *shapes(text),
    ]
    return tuple(sorted(found, key=lambda entity: (entity.start, -entity.end)))


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
        if word.kind == "level" and _OF_HARM.search(text[:start]):
            continue
        if word.kind == "occupation":
            # 保洁的阿姨 is one person.
            if name == _ANYBODY and text[job_ends:start] in ("", "的") and job_ends >= 0:
                continue
            job_ends = end
        yield Entity(word.kind, word.value, name, start, end, _denied(word.kind, text[:start]))


def _denied(kind: EntityKind, before: str) -> bool:
    if kind == "region":  # 非广州户口 is asked of Guangzhou
        return _ELSEWHERE.search(before) is not None
    return _NEGATION.search(before) is not None and not _ASKED.search(before)


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
            yield Entity(
                word.kind, word.value, match.group(), start, end, _denied(word.kind, text[:start])
            )


def _named_documents(text: str) -> Iterator[Entity]:
    for document, called in _documents():
        for match in called.finditer(text):
            yield Entity("document", document, match.group(), match.start(), match.end())


def _facts(text: str) -> Iterator[Entity]:
    taken: dict[str, Entity] = {}
    # Hardly any of the hundreds of cues stands in a text, and looking once costs half of going on.
    for cue in (cue for cue in _cues() if cue.pattern.search(text)):
        for match in cue.pattern.finditer(text):
            value = cue.says(match)
            if not _is_said(text, match, value):
                continue
            entity = Entity(
                "fact", f"{cue.fact}={value}", match.group(), match.start(), match.end()
            )
            known = taken.get(cue.fact)
            # 没交社保 holds 交社保: the longer cue is what was said.
            if known is None or match.end() - match.start() > known.end - known.start:
                taken[cue.fact] = entity
    yield from taken.values()


def _is_said(text: str, match: re.Match[str], value: str | None) -> bool:
    """Whether the cue is stated, and not asked, supposed or denied. A no denies by itself."""
    before, after = text[: match.start()], text[match.end() :]
    if value == "False":
        return not _SUPPOSED.search(before)
    if _DENIED.search(before) or _WHETHER.search(before):
        return False
    return value != "True" or not (_IN_QUESTION.search(before) or _QUESTIONED.match(after))


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
