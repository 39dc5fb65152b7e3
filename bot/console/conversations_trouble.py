"""Who is in need: what trouble people spoke of, so that staff see it before they take anybody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from bot.console.wording import table
from bot.conversations.rows import TurnRow


@dataclass(frozen=True)
class Trouble:
    """A kind of trouble in words; `danger`: life or body is at stake."""

    words: str
    danger: bool


def troubles(
    connection: Connection,
    pks: Sequence[int],
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> dict[int, tuple[Trouble, ...]]:
    """What was spoken of in each conversation (from `since`, before `until`), the worst first."""
    spoken_of = (
        select(TurnRow.conversation_pk, TurnRow.distress)
        .where(TurnRow.conversation_pk.in_(pks), TurnRow.distress.is_not(None))
        .distinct()
    )
    if since is not None:
        spoken_of = spoken_of.where(TurnRow.asked_at >= since)
    if until is not None:
        spoken_of = spoken_of.where(TurnRow.asked_at < until)
    kinds: dict[int, set[str]] = {}
    for pk, kind in connection.execute(spoken_of):
        if kind is not None:
            kinds.setdefault(pk, set()).add(kind)
    danger = frozenset(table("distress_danger"))
    return {
        pk: tuple(
            Trouble(words, kind in danger)
            for kind, words in table("distress").items()
            if kind in found
        )
        for pk, found in kinds.items()
    }
