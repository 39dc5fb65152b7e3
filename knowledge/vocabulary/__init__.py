"""The words of the domain, taught once: what exists, what it is called, what it belongs to.

Each YAML file beside this module is one closed list. The library's data may name nothing that is
not in them, and the NLU finds entities by the same lists.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from knowledge.strict_yaml import DataError, read, validation_problems

_HERE = Path(__file__).parent


class _Term(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    label: str
    called: tuple[str, ...] = Field(default=(), strict=False)


class Topic(_Term):
    """A subject of provisions, and the intent that asks about it."""


class Level(_Term):
    """A skill level; listed lowest first."""


class Agency(_Term):
    """An office by its function, whatever its level is called."""


class Occupation(_Term):
    """An occupation, and the sector it belongs to."""

    sector: str


class Group(_Term):
    """People a document may single out; `within` lists wider groups they also belong to, `plain`
    says the label in everyday words."""

    within: tuple[str, ...] = Field(default=(), strict=False)
    plain: str | None = None

    @property
    def asked(self) -> str:
        """What the group is called where somebody is asked whether they belong to it."""
        return self.plain or self.label


class Region(_Term):
    """An area by its GB/T 2260 code; `short` is how people say it, `parent` the area above."""

    short: str
    parent: str | None = None


class Strength(BaseModel):
    """How strongly a document speaks. `rank` grows with strength; a hedge holds down its phrase.

    `not_verbs` are patterns of words that hold one of its verbs and do not hedge (支持力度).
    `wordless`: not looked for in the clause; for figures without a verb (a date, a name).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    hedge: bool
    wordless: bool = False
    verbs: tuple[str, ...] = Field(strict=False)
    not_verbs: tuple[re.Pattern[str], ...] = Field(default=(), strict=False)
    means: str
    binding: str


class Option(BaseModel):
    """One of the answers that a fact allows."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    label: str
    phrase: str


class AskedOf(BaseModel):
    """How someone of one role is asked; `options` are the values offered, with their labels."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    question: str
    why: str
    options: dict[str, str] = {}


class Fact(BaseModel):
    """Something that may be known about the one asked for, and how to ask for it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    label: str
    type: Literal["choice", "yes_no", "number", "groups", "occupation"]
    question: str
    why: str
    phrase: str | None = None
    unit: str | None = None
    options: dict[str, Option] = {}
    asked_of: dict[str, AskedOf] = {}

    def asked(self, role: str | None) -> AskedOf:
        """The question for someone of `role`, with the values on offer and their labels."""
        own = self.asked_of.get(role or "")
        labels = {value: option.label for value, option in self.options.items()}
        if own is None:
            return AskedOf(question=self.question, why=self.why, options=labels)
        return own if own.options else own.model_copy(update={"options": labels})


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """All closed lists, by id, in file order."""

    topics: dict[str, Topic]
    occupations: dict[str, Occupation]
    groups: dict[str, Group]
    levels: dict[str, Level]
    agencies: dict[str, Agency]
    regions: dict[str, Region]
    strengths: dict[str, Strength]
    facts: dict[str, Fact]

    def strength_of(self, verb: str) -> Strength | None:
        """The strength a document speaks with when it says `verb`; None for an unlisted verb."""
        return _by_verb(self).get(verb)

    def rank(self, strength: Strength) -> int:
        """How strong it is: a higher number gives more."""
        return list(self.strengths).index(strength.id)

    def ancestors(self, region: str) -> tuple[str, ...]:
        """The region and the areas above it, nearest first. Unknown codes have no ancestors."""
        chain: list[str] = []
        current: str | None = region
        while current is not None and current in self.regions and current not in chain:
            chain.append(current)
            current = self.regions[current].parent
        return tuple(chain)

    def descendants(self, region: str) -> tuple[str, ...]:
        """The region and every area below it."""
        found = dict.fromkeys((region,) if region in self.regions else ())
        todo = list(found)
        for code in todo:
            fresh = [below for below in _by_parent(self).get(code, ()) if below not in found]
            found |= dict.fromkeys(fresh)
            todo += fresh
        return tuple(found)

    def groups_above(self, group: str) -> frozenset[str]:
        """The group and every wider group its members belong to."""
        found: set[str] = set()
        todo = [group]
        while todo:
            current = todo.pop()
            if current in found or current not in self.groups:
                continue
            found.add(current)
            todo.extend(self.groups[current].within)
        return frozenset(found)

    def agency_named(self, name: str) -> Agency | None:
        """The agency that is called so; None for an unknown name."""
        return next((a for a in self.agencies.values() if name in a.called), None)


@cache
def _by_parent(vocabulary: Vocabulary) -> dict[str | None, list[str]]:
    found: dict[str | None, list[str]] = {}
    for region in vocabulary.regions.values():
        found.setdefault(region.parent, []).append(region.id)
    return found


@cache
def _by_verb(vocabulary: Vocabulary) -> dict[str, Strength]:
    return {v: s for s in vocabulary.strengths.values() for v in s.verbs}


_T = TypeVar("_T", bound=BaseModel)


def _load(
    model: type[_T],
    name: str,
    folder: Path,
    check: Callable[[dict[str, _T]], Iterator[_Fault]] = lambda _: iter(()),
) -> dict[str, _T]:
    """One list. `check` yields what is wrong between its items, by id."""
    source = read(folder / f"{name}.yaml")
    adapter: TypeAdapter[list[Any]] = TypeAdapter(
        list[Annotated[model, Field()]]  # type: ignore[valid-type]
    )
    try:
        items = adapter.validate_python(source.data)
    except ValidationError as error:
        raise DataError(validation_problems(source, error)) from error
    result: dict[str, _T] = {}
    for index, item in enumerate(items):
        key: str = item.id
        if key in result:
            raise DataError(
                [source.problem((index,), f"duplicate id {key!r}", "keep one of the two")]
            )
        result[key] = item
    places = {key: index for index, key in enumerate(result)}
    if problems := [source.problem((places[f.id],), f.message, f.mend) for f in check(result)]:
        raise DataError(problems)
    return result


class _Fault(NamedTuple):
    id: str
    message: str
    mend: str


def _check_groups(groups: dict[str, Group]) -> Iterator[_Fault]:
    for group in groups.values():
        for wider in group.within:
            if wider not in groups:
                yield _Fault(group.id, f"unknown group {wider}", "name a group of this file")


def _check_regions(regions: dict[str, Region]) -> Iterator[_Fault]:
    for region in regions.values():
        if region.parent is not None and region.parent not in regions:
            yield _Fault(region.id, f"unknown region {region.parent}", "name a region of this file")


def _check_strengths(strengths: dict[str, Strength]) -> Iterator[_Fault]:
    seen: dict[str, str] = {}
    for strength in strengths.values():
        for verb in strength.verbs:
            if (other := seen.setdefault(verb, strength.id)) != strength.id:
                yield _Fault(strength.id, f"verb {verb} is under {other} too", "keep it in one")


def _check_facts(facts: dict[str, Fact]) -> Iterator[_Fault]:
    for fact in facts.values():
        if (fact.type == "choice") != bool(fact.options):
            yield _Fault(
                fact.id, f"{fact.id} is {fact.type}", "options go with choice, and only with it"
            )


def load_vocabulary(folder: Path = _HERE) -> Vocabulary:
    """Read the lists from `folder`. Raises `DataError` with file and line."""
    return Vocabulary(
        topics=_load(Topic, "topics", folder),
        occupations=_load(Occupation, "occupations", folder),
        groups=_load(Group, "groups", folder, _check_groups),
        levels=_load(Level, "levels", folder),
        agencies=_load(Agency, "agencies", folder),
        regions=_load(Region, "regions", folder, _check_regions),
        strengths=_load(Strength, "strengths", folder, _check_strengths),
        facts=_load(Fact, "facts", folder, _check_facts),
    )


@cache
def vocabulary() -> Vocabulary:
    """The project's own vocabulary, read on first use."""
    return load_vocabulary()
