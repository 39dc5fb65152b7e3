"""The record of what staff saw and did: who, what, to which thing, when. Nothing personal.

Lines are only ever added, and chained (knowledge/registry/chain.py): that somebody has changed or
taken away one in the database can be seen. A thing is named by its kind and its key in the database
(`conversation:17`, `permit:…8801`), never by what a person wrote.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    Index,
    String,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.console.accounts import utc
from bot.console.wording import table
from bot.redact import redact
from bot.sealing import Seal
from bot.settings import Settings
from knowledge.registry.chain import Chain
from knowledge.tables import Base

_ABOUT_MOST = 160  # characters


class AuditRow(Base):
    """One line. `who` is an account's name, empty where nobody was logged in. Lines of before there
    was a chain have no `seq`."""

    __tablename__ = "audit"
    __table_args__ = (Index("uq_audit_seq", "seq", unique=True),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)
    who: Mapped[str] = mapped_column(String(40), index=True)
    action: Mapped[str] = mapped_column(String(40), index=True)
    about: Mapped[str | None] = mapped_column(String(_ABOUT_MOST), index=True)
    seq: Mapped[int | None]
    link: Mapped[str | None] = mapped_column(String(64))


class AuditHeadRow(Base):
    """How many lines are chained, and the last one's link: one row, made by the migration."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    link: Mapped[str] = mapped_column(String(64))


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


class Audit:
    """Adds lines, and tells whether all are as they were written. Safe to share by threads and
    processes. `anchor` is the file outside the database that holds the head."""

    def __init__(self, seal: Seal, anchor: Path) -> None:
        self._chain = Chain(seal.key_for("console audit"), anchor, "console-audit")

    def record(
        self,
        connection: Connection,
        at: dt.datetime,
        who: str,
        action: str,
        about: str | None = None,
    ) -> None:
        """Add a line. `action`, and what stands before the colon in `about`, are codes of
        wording.yaml. From here to the transaction's end nobody else adds one: do it last.

        Raises ValueError for an unknown code: a line that nobody can read is a fault of the
        program.
        """
        about = _checked(action, about)
        # The update takes the head's lock before anything is read, on either database.
        seq, before = connection.execute(
            update(AuditHeadRow)
            .values(seq=AuditHeadRow.seq + 1)
            .returning(AuditHeadRow.seq, AuditHeadRow.link)
        ).one()
        link = self._chain.link(seq, _content(at, who, action, about), before)
        line = {"at": at, "who": who, "action": action, "about": about}
        connection.execute(insert(AuditRow).values(seq=seq, link=link, **line))
        connection.execute(update(AuditHeadRow).values(link=link))

    def anchor(self, engine: Engine) -> None:
        """Put down outside the database how far the chain has come. Raises `OSError`."""
        with engine.connect() as connection:
            head = connection.execute(_HEAD).one()
        if head.seq:
            self._chain.anchor(head.seq, head.link)

    def problems(self, engine: Engine) -> list[str]:
        """What is wrong with the record, in plain English; empty when it is whole."""
        chained = select(*_LINES.selected_columns, AuditRow.seq, AuditRow.link)
        with engine.connect() as connection:
            head = connection.execute(_HEAD).one()
            rows = connection.execute(
                chained.where(AuditRow.seq <= head.seq).order_by(AuditRow.seq)
            ).all()
            first = select(func.min(AuditRow.pk)).where(AuditRow.seq.is_not(None))
            loose = connection.execute(
                select(func.count()).where(
                    AuditRow.seq.is_(None), AuditRow.pk > first.scalar_subquery()
                )
            ).scalar_one()
        written = [
            (row.seq, _content(utc(row.at), row.who, row.action, row.about), row.link or "")
            for row in rows
        ]
        wrong = self._chain.problems(written, (head.seq, head.link))
        return [*wrong, f"{loose} entries are outside the chain"] if loose else wrong


def open_audit(settings: Settings) -> Audit:
    """The audit for a command, which has no application."""
    return Audit(Seal.at(settings.seal_key_file), settings.console_audit_anchor)


def _checked(action: str, about: str | None) -> str | None:
    """What a line is about, as it is kept."""
    if action not in table("action"):
        raise ValueError(f"no such action: {action}")
    if about is None:
        return None
    kind, colon, key = about.partition(":")
    if not colon or kind not in table("about"):
        raise ValueError(f"no such kind of thing: {kind}")
    # A key is no place for a person's numbers; should one slip in, it is taken out.
    return f"{kind}:{redact(key)}"[:_ABOUT_MOST]


def _content(at: dt.datetime, who: str, action: str, about: str | None) -> dict[str, str | None]:
    """A line as the chain sees it."""
    moment = at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return {"at": moment, "who": who, "action": action, "about": about}


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
_HEAD = select(AuditHeadRow.seq, AuditHeadRow.link)


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
