"""A question made ready for weighing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from dialogs.reading import how_many, obstacles, says
from knowledge.rules import Facts, Groups
from knowledge.words import search_words
from nlu.understanding import Aspect


@dataclass(frozen=True)
class Ask:
    """A question made ready for weighing. `topics` are what it may be about, best first, with the
    weight of each beside the best (1.0)."""

    text: str
    topics: Mapping[str, float]
    aspects: frozenset[Aspect]
    facts: Facts
    sure: bool = False  # there is no doubt about the topic: a provision of another answers nothing
    documents: frozenset[str] = frozenset()  # named in the question
    agencies: tuple[str, ...] = ()  # asked about, by id
    sums: tuple[tuple[str, float], ...] = ()  # heard elsewhere, as said and in yuan

    @property
    def topic(self) -> str:
        return next(iter(self.topics))

    @property
    def role(self) -> str | None:
        """Who asks, where that was said."""
        role = self.facts.get("role")
        return role if isinstance(role, str) else None

    @property
    def groups(self) -> frozenset[str]:
        groups = self.facts.get("groups")
        return groups.members if isinstance(groups, Groups) else frozenset()

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(search_words(self.text))

    @cached_property
    def counted(self) -> tuple[str, ...]:
        """What is to be counted, if a number is asked for: 星 of 分几星."""
        return how_many(self.text)

    @cached_property
    def feared(self) -> tuple[str, ...]:
        """What may stand in the way, in a document's words: 年龄 of 我55了能学吗."""
        asked = bool(self.aspects & {"condition", "everyone"}) or says("demands", self.text)
        return obstacles(self.text) if asked else ()

    @cached_property
    def learns(self) -> bool:
        """Whether somebody wants to learn."""
        return says("learns", self.text)

    @cached_property
    def courses(self) -> bool:
        """Whether it is asked what can be learnt."""
        return says("courses", self.text)
