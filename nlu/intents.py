"""The closed list of intents (nlu/intents.yaml): what each is called and of which kind it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from knowledge.strict_yaml import DataError, Problem, read
from knowledge.vocabulary import vocabulary

INTENTS = Path(__file__).with_name("intents.yaml")
Kind = Literal["topic", "service", "social", "near", "far"]


@dataclass(frozen=True)
class Intent:
    """`label` is what “您是想问……吗” offers."""

    id: str
    kind: Kind
    label: str


def load_intents(path: Path) -> dict[str, Intent]:
    """Read the list from `path`. Raises `DataError` for an unknown kind or topic, a repeated id."""
    source = read(path)
    topics = vocabulary().topics
    found: dict[str, Intent] = {}
    problems: list[Problem] = []
    for row, entry in enumerate(source.data or []):
        kind = entry.get("kind")
        if kind not in get_args(Kind):
            mend = f"use one of {', '.join(get_args(Kind))}"
            problems.append(source.problem((row, "kind"), f"unknown kind {kind!r}", mend))
            continue
        for intent_id, label in _labels(entry.get("ids"), kind):
            if kind == "topic" and intent_id not in topics:
                mend = "add it to knowledge/vocabulary/topics.yaml or remove it"
                problems.append(source.problem((row, "ids"), f"no topic {intent_id!r}", mend))
            elif intent_id in found:
                message = f"intent {intent_id!r} stands twice"
                problems.append(source.problem((row, "ids"), message, "keep one of the two"))
            else:
                found[intent_id] = Intent(intent_id, kind, label)
    if problems:
        raise DataError(problems)
    return found


def _labels(ids: object, kind: Kind) -> list[tuple[str, str]]:
    if isinstance(ids, Mapping):
        return [(str(key), str(label)) for key, label in ids.items()]
    topics = vocabulary().topics
    named = [str(key) for key in ids] if isinstance(ids, list) else []
    return [(key, topics[key].label if kind == "topic" and key in topics else key) for key in named]


@cache
def intents() -> dict[str, Intent]:
    """The project's own intents by id, read on first use."""
    return load_intents(INTENTS)
