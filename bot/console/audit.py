"""The record of what staff saw and did: who, what, to which thing, when. Nothing personal.

Lines are only ever added. A thing is named by its kind and its key in the database
(`conversation:17`, `permit:…8801`), never by what a person wrote.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, DateTime, String, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from bot.console.accounts import utc
from bot.console.wording import table
from bot.redact import redact
from knowledge.tables import Base

_ABOUT_MOST = 160  # characters


class AuditRow(Base):
    """One line. `who` is an account's name, empty where nobody was logged in."""

    __tablename__ = "audit"

    pk: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)
    who: Mapped[str] = mapped_column(String(40), index=True)
    action: Mapped[str] = mapped_column(String(40), index=True)
    about: Mapped[str | None] = mapped_column(String(_ABOUT_MOST), index=True)


@dataclass(frozen=True)
class Line:
    """A line of the audit."""

    pk: int
    at: dt.datetime
    who: str
    action: str
    about: str | None


@dataclass(frozen=True)
class Search:
    """What to look for; what is left out is not looked at. `since` counts, `until` no longer."""

    who: str = ""
    action: str = ""
    about: str = ""  # the whole, or its beginning
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def record(
    connection: Connection, at: dt.datetime, who: str, action: str, about: str | None = None
) -> None:
    """Add a line. `action`, and what stands before the colon in `about`, are codes of wording.yaml.

    Raises ValueError for an unknown code: a line that nobody can read is a fault of the program.
    """
    if action not in table("action"):
        raise ValueError(f"no such action: {action}")
    if about is not None:
        kind, colon, key = about.partition(":")
        if not colon or kind not in table("about"):
            raise ValueError(f"no such kind of thing: {kind}")
        # A key is no place for a person's numbers; should one slip in, it is taken out.
        about = f"{kind}:{redact(key)}"[:_ABOUT_MOST]
    connection.execute(insert(AuditRow).values(at=at, who=who, action=action, about=about))


def search(
    connection: Connection, wanted: Search, limit: int, before: int | None = None
) -> list[Line]:
    """The newest `limit` lines that are meant, from the line `before` (left out) backwards."""
    conditions = _conditions(wanted)
    if before is not None:
        conditions.append(AuditRow.pk < before)
    rows = connection.execute(_LINES.where(*conditions).order_by(AuditRow.pk.desc()).limit(limit))
    return [Line(row.pk, utc(row.at), row.who, row.action, row.about) for row in rows]


def everything(connection: Connection, wanted: Search) -> Iterator[Line]:
    """All lines that are meant, oldest first, read as they are needed."""
    rows = connection.execution_options(yield_per=500).execute(
        _LINES.where(*_conditions(wanted)).order_by(AuditRow.pk)
    )
    for row in rows:
        yield Line(row.pk, utc(row.at), row.who, row.action, row.about)


def names(connection: Connection) -> list[str]:
    """Everybody who stands in the audit, by name."""
    found = select(AuditRow.who).where(AuditRow.who != "").distinct().order_by(AuditRow.who)
    return list(connection.execute(found).scalars())


_LINES = select(AuditRow.pk, AuditRow.at, AuditRow.who, AuditRow.action, AuditRow.about)


def _conditions(wanted: Search) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.who:
        found.append(AuditRow.who == wanted.who)
    if wanted.action:
        found.append(AuditRow.action == wanted.action)
    if wanted.about:
        found.append(AuditRow.about.startswith(wanted.about, autoescape=True))
    if wanted.since is not None:
        found.append(AuditRow.at >= wanted.since)
    if wanted.until is not None:
        found.append(AuditRow.at < wanted.until)
    return found
