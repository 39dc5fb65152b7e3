"""What a conversation remembers: who is asked about, what about, what was last said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from knowledge.rules import Facts, FactValue, Groups
from nlu.understanding import Aspect


@dataclass(frozen=True)
class Memory:
    """Frozen: every turn returns a new one, and a turn that fails leaves the old one as it was."""

    region: str | None = None
    facts: Mapping[str, FactValue] = field(default_factory=dict)
    topics: Mapping[str, float] = field(default_factory=dict)  # what was last asked about
    question: str = ""
    aspects: frozenset[Aspect] = frozenset()
    misses: int = 0  # questions in a row that were not understood

    def learn(self, facts: Facts) -> Memory:
        """The memory with `facts` added; groups are added to, everything else is replaced."""
        merged: dict[str, FactValue] = dict(self.facts)
        for name, value in facts.items():
            known = merged.get(name)
            if isinstance(value, Groups) and isinstance(known, Groups):
                merged[name] = Groups(
                    (known.members - value.excluded) | value.members,
                    (known.excluded - value.members) | value.excluded,
                )
            else:
                merged[name] = value
        return replace(self, facts=merged)
