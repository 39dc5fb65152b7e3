"""Distress is met at once, with the right number, before any policy talk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from knowledge.strict_yaml import read


@dataclass(frozen=True)
class Distress:
    """A kind of distress: what is said to it, and whether the question is answered too."""

    id: str
    cues: re.Pattern[str]
    says: str
    then_answer: bool
    topic: str | None = None  # what the message is about, where the engine is unsure


@cache
def _kinds() -> tuple[Distress, ...]:
    rows = read(Path(__file__).with_name("distress.yaml")).data
    return tuple(
        Distress(
            row["id"],
            re.compile(row["cues"]),
            row["says"],
            row["then_answer"],
            row.get("topic"),
        )
        for row in rows
    )


def distress_in(text: str) -> Distress | None:
    """The first kind of distress the normalised `text` speaks of."""
    return next((kind for kind in _kinds() if kind.cues.search(text)), None)
