"""What staff decided about messages in the review, as it is kept: a label, a task for the library,
or nothing.

A decision is told by the message's words (`likeness.key_of`), not by who wrote them. It can be
changed until it is exported; who made it is kept. How one is made is in deciding.py, and by
taught.py it leaves when it is accepted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import (
    Connection,
    DateTime,
    Row,
    String,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.rows import utc
from knowledge.tables import Base

# intent: what the message asks. library: what the documents should hold and do not, or what an
# answer got wrong. dismissed: nothing is to be done.
LabelKind = Literal["intent", "library", "dismissed"]
LABEL_KINDS: tuple[LabelKind, ...] = get_args(LabelKind)
# Who is alone in the office confirms the next day what was decided today.
_SLEPT_ON = dt.timedelta(hours=12)


class LabelRow(Base):
    """A decision. `text` is the example, redacted; `word` is one that the message names `meaning`
    by (`occupation:nanny`) and that the vocabulary does not know. `doubt`: the intent that the
    engine held it for instead when it was decided (doubt.py)."""

    __tablename__ = "review_label"

    pk: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    text: Mapped[str] = mapped_column(Text)
    kind: Mapped[LabelKind] = mapped_column(String(10))
    intent: Mapped[str | None] = mapped_column(String(60))
    word: Mapped[str | None] = mapped_column(String(40))
    meaning: Mapped[str | None] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(String(20))
    staff: Mapped[str] = mapped_column(String(60))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    exported_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    done_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    done_by: Mapped[str | None] = mapped_column(String(60))
    doubt: Mapped[str | None] = mapped_column(String(60))
    confirmed_by: Mapped[str | None] = mapped_column(String(60))


class LabelError(Exception):
    """A decision that cannot be kept; `code` names the sentence that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Decision:
    """What is decided. `example`: the message in words of an editor's own; empty: as it is."""

    kind: LabelKind
    intent: str | None = None
    note: str = ""
    word: str = ""
    meaning: str = ""
    example: str = ""


@dataclass(frozen=True)
class Label:
    """A kept decision."""

    pk: int
    key: str
    text: str
    kind: LabelKind
    intent: str | None
    word: str | None
    meaning: str | None
    note: str
    region: str | None
    staff: str
    at: dt.datetime
    exported_at: dt.datetime | None
    done_at: dt.datetime | None
    done_by: str | None
    doubt: str | None
    confirmed_by: str | None

    @property
    def unconfirmed(self) -> bool:
        """Whether it waits for somebody else to confirm it."""
        return self.doubt is not None and self.confirmed_by is None

    def may_be_confirmed_by(self, staff: str, now: dt.datetime) -> bool:
        """Somebody else may at once; whoever decided it, when it has been slept on."""
        return self.unconfirmed and (self.staff != staff or now - self.at >= _SLEPT_ON)


def any_unconfirmed(connection: Connection, pks: Iterable[int]) -> bool:
    """Whether one of these decisions waits for somebody else to confirm it."""
    rows = select(*LabelRow.__table__.c).where(LabelRow.pk.in_(tuple(pks)))
    return any(_label(row).unconfirmed for row in connection.execute(rows))


def decided(connection: Connection) -> set[str]:
    """The keys of all messages that are decided about."""
    return set(connection.execute(select(LabelRow.key)).scalars())


def listed(
    connection: Connection,
    kinds: Iterable[LabelKind] = LABEL_KINDS,
    *,
    only_open: bool = False,
    before: int | None = None,
    limit: int = 100_000,
) -> list[Label]:
    """Decisions, the newest first; with `only_open` the tasks that are not done."""
    statement = select(*LabelRow.__table__.c).where(LabelRow.kind.in_(tuple(kinds)))
    if only_open:
        statement = statement.where(LabelRow.done_at.is_(None))
    if before is not None:
        statement = statement.where(LabelRow.pk < before)
    rows = connection.execute(statement.order_by(LabelRow.pk.desc()).limit(limit))
    return [_label(row) for row in rows]


def find(connection: Connection, pk: int) -> Label | None:
    """A decision by its number."""
    row = connection.execute(select(*LabelRow.__table__.c).where(LabelRow.pk == pk)).one_or_none()
    return None if row is None else _label(row)


def set_done(connection: Connection, pk: int, staff: str, now: dt.datetime | None) -> bool:
    """A task for the library is done, or (`now` is None) is not; False for no such task."""
    done = connection.execute(
        update(LabelRow)
        .where(LabelRow.pk == pk, LabelRow.kind == "library")
        .values(done_at=now, done_by=None if now is None else staff)
    )
    return done.rowcount == 1


def keep(
    connection: Connection,
    key: str,
    text: str,
    region: str | None,
    decision: Decision,
    staff: str,
    now: dt.datetime,
    doubt: str | None,
) -> int:
    """Keep a decision, in place of an earlier one about the same words; its number. Raises
    `LabelError`: label_exported."""
    values: dict[str, Any] = {
        "text": text,
        "kind": decision.kind,
        "intent": decision.intent,
        "word": decision.word or None,
        "meaning": decision.meaning or None,
        "note": decision.note,
        "region": region,
        "staff": staff,
        "at": now,
        "done_at": None,
        "done_by": None,
        "doubt": doubt,
        "confirmed_by": None,
    }
    pk = connection.execute(select(LabelRow.pk).where(LabelRow.key == key)).scalar()
    if pk is None:
        made: int = connection.execute(
            insert(LabelRow).values(key=key, **values).returning(LabelRow.pk)
        ).scalar_one()
        return made
    changed = connection.execute(
        update(LabelRow).where(LabelRow.pk == pk, LabelRow.exported_at.is_(None)).values(**values)
    )
    if changed.rowcount != 1:
        raise LabelError("label_exported")
    return pk


def _label(row: Row[*tuple[Any, ...]]) -> Label:
    values = row._asdict()
    for name in ("at", "exported_at", "done_at"):
        values[name] = utc(values[name]) if values[name] else None
    return Label(**values)
