"""Mistakes that staff found in a clause, or in what the library made of it: tasks for editors."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, DateTime, Engine, String, Text, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.rows import utc
from bot.redact import redact
from knowledge.tables import Base

State = Literal["open", "done", "rejected"]
STATES: tuple[State, ...] = ("open", "done", "rejected")
_DECIDED = ("done", "rejected")
_SHOWN = 200


class ClauseReportRow(Base):
    """A report. The text is redacted; `clause` is the permanent id, `release` what was read."""

    __tablename__ = "clause_report"

    pk: Mapped[int] = mapped_column(primary_key=True)
    clause: Mapped[str] = mapped_column(String(200))
    release: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[State] = mapped_column(String(10), index=True)
    reported_by: Mapped[str] = mapped_column(String(40))
    reported_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    why: Mapped[str] = mapped_column(Text, default="")


@dataclass(frozen=True)
class Report:
    """A report as it is listed."""

    pk: int
    clause: str
    release: str
    text: str
    state: State
    reported_by: str
    reported_at: dt.datetime
    decided_by: str | None
    decided_at: dt.datetime | None
    why: str


class ReportError(Exception):
    """What was asked for cannot be done; `code` is a key of wording.yaml's `error`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def add(
    connection: Connection, clause: str, release: str, text: str, by: str, now: dt.datetime
) -> None:
    """Keep a report, redacted. Raises ReportError for one that says nothing."""
    if not text.strip():
        raise ReportError("report_empty")
    connection.execute(
        insert(ClauseReportRow).values(
            clause=clause,
            release=release,
            text=redact(text.strip()),
            state="open",
            reported_by=by,
            reported_at=now,
            why="",
        )
    )


def decide(connection: Connection, pk: int, state: str, why: str, by: str, now: dt.datetime) -> str:
    """Close an open report as done or, with a reason, rejected; the clause it is about. Raises
    ReportError."""
    if state not in _DECIDED:
        raise ReportError("report_state")
    if state == "rejected" and not why.strip():
        raise ReportError("report_why")
    clause = connection.execute(
        update(ClauseReportRow)
        .where(ClauseReportRow.pk == pk, ClauseReportRow.state == "open")
        .values(state=state, why=redact(why.strip()), decided_by=by, decided_at=now)
        .returning(ClauseReportRow.clause)
    ).scalar_one_or_none()
    if clause is None:
        raise ReportError("report_gone")
    return clause


def listed(engine: Engine, state: str) -> list[Report]:
    """The newest reports of a state."""
    query = (
        select(*ClauseReportRow.__table__.c)
        .where(ClauseReportRow.state == state)
        .order_by(ClauseReportRow.pk.desc())
        .limit(_SHOWN)
    )
    with engine.connect() as connection:
        rows = connection.execute(query).all()
    return [
        Report(
            row.pk,
            row.clause,
            row.release,
            row.text,
            row.state,
            row.reported_by,
            utc(row.reported_at),
            row.decided_by,
            row.decided_at and utc(row.decided_at),
            row.why,
        )
        for row in rows
    ]


def count_open(engine: Engine) -> int:
    """How many reports wait for an editor."""
    with engine.connect() as connection:
        return connection.execute(
            select(func.count()).where(ClauseReportRow.state == "open")
        ).scalar_one()
