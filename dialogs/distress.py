"""Distress is met at once, with the right number, before any policy talk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.strict_yaml import read

_NOTHING = "(?!)"
_ALONE = frozenset(("self_harm", "missing", "fire"))


@dataclass(frozen=True)
class Distress:
    """A kind of distress and what is said to it.

    `answers` is the topic whose clause is told below the number, looked for in the words of `asks`;
    None where nothing but the number is of use.
    """

    id: str
    cues: re.Pattern[str]
    unless: re.Pattern[str]
    says: str
    answers: str | None
    asks: str

    @property
    def alone(self) -> bool:
        """Whether nothing else may be said: life is at stake."""
        return self.id in _ALONE

    def spoken_of(self, text: str) -> bool:
        """Whether the normalised `text` speaks of it."""
        return bool(self.cues.search(text)) and not self.unless.search(text)


@cache
def _kinds() -> tuple[Distress, ...]:
    rows = read(Path(__file__).with_name("distress.yaml")).data
    return tuple(
        Distress(
            row["id"],
            re.compile(row["cues"]),
            re.compile(row.get("unless", _NOTHING)),
            row["says"],
            row.get("answers"),
            row.get("asks", ""),
        )
        for row in rows
    )


def distress_in(text: str) -> Distress | None:
    """The first kind of distress the normalised `text` speaks of."""
    return next((kind for kind in _kinds() if kind.spoken_of(text)), None)
