"""Retrainings as they are kept: how far each is, how it ended, and with which labels.

The newest that was promoted is the truth about what the engine is taught; retrain.py follows it.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, DateTime, Index, Row, String, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.rows import utc
from knowledge.tables import Base
from nlu.trial import Change, Figures, Slip, Tried

# running: somebody's is under way. promoted: it serves. refused: it was worse. failed: it broke, or
# the process that ran it is gone. idle: there was nothing new to train on.
State = Literal["running", "promoted", "refused", "failed", "idle"]
_RUNNING = text("state = 'running'")


class RetrainingRow(Base):
    """A retraining. `file`: the labels it was made with; `figures`: nlu.trial.Figures as JSON."""

    __tablename__ = "retraining"
    __table_args__ = (
        # One at a time, on however many machines.
        Index(
            "uq_retraining_running",
            "state",
            unique=True,
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    staff: Mapped[str] = mapped_column(String(60))
    state: Mapped[State] = mapped_column(String(10))
    progress: Mapped[str] = mapped_column(Text)  # a step of nlu.trial, or why it failed: a code
    labels: Mapped[int]
    began_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    figures: Mapped[str | None] = mapped_column(Text)
    file: Mapped[str | None] = mapped_column(Text)


@dataclass(frozen=True)
class Retraining:
    """A retraining: how far it is, or how it ended, with the figures of old and new model."""

    pk: int
    staff: str
    state: State
    progress: str
    labels: int
    began_at: dt.datetime
    finished_at: dt.datetime | None
    figures: Figures | None


def newest(connection: Connection, limit: int = 10) -> list[Retraining]:
    """The last retrainings, newest first."""
    last = select(*RetrainingRow.__table__.c).order_by(RetrainingRow.pk.desc()).limit(limit)
    return [_retraining(row) for row in connection.execute(last)]


def find(connection: Connection, pk: int) -> Retraining | None:
    """A retraining by its number."""
    wanted = select(*RetrainingRow.__table__.c).where(RetrainingRow.pk == pk)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else _retraining(row)


def newest_promoted(connection: Connection) -> Row[int, str | None] | None:
    """Number and labels' file of what serves; None before the first."""
    return connection.execute(
        select(RetrainingRow.pk, RetrainingRow.file)
        .where(RetrainingRow.state == "promoted")
        .order_by(RetrainingRow.pk.desc())
        .limit(1)
    ).one_or_none()


def promoted_file(connection: Connection) -> str:
    """The labels' file of what serves; empty before the first."""
    newest = newest_promoted(connection)
    return (newest.file or "") if newest else ""


def _retraining(row: Row[*tuple[Any, ...]]) -> Retraining:
    return Retraining(
        row.pk,
        row.staff,
        row.state,
        row.progress,
        row.labels,
        utc(row.began_at),
        utc(row.finished_at) if row.finished_at else None,
        figures_of(json.loads(row.figures)) if row.figures else None,
    )


def figures_of(told: dict[str, Any]) -> Figures:
    """Figures as a trial tells them, or as they were kept."""
    return Figures(
        old=Tried(**told["old"]),
        new=Tried(**told["new"]),
        given_away=told["given_away"],
        examples=told["examples"],
        slips=tuple(Slip(**slip) for slip in told["slips"]),
        **{
            # Trials before one was written down have none.
            name: Change(**told.get(name, {}))
            for name in ("in_scope", "far", "whole", "taken_from")
        },
    )


def pairs(file: str) -> set[tuple[str, str]]:
    """Intent and example of a labels' file."""
    found: set[tuple[str, str]] = set()
    intent = ""
    for line in file.splitlines():
        if line.startswith("- intent: "):
            intent = line.removeprefix("- intent: ")
        elif line.startswith("    - "):
            found.add((intent, line.removeprefix("    - ")))
    return found
