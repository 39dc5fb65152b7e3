"""Hand-overs as they are kept: one row each, read with the conversation they are about."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import DateTime, ForeignKey, Index, Row, Select, String, Text, select, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.rows import ConversationRow, utc
from knowledge.tables import Base

State = Literal["waiting", "staff", "contact", "closed"]
OPEN: tuple[State, ...] = ("waiting", "staff", "contact")
Reason = Literal["asked", "contact", "staff"]
_OPEN = text("state IN ('waiting', 'staff', 'contact')")


class HandoverRow(Base):
    """One hand-over. `contact` wants to be called back; `meant_for` is the colleague it was
    transferred to; `seen_at` is when the member of staff was last there; `told_closed_at` when the
    person was told that working hours are over."""

    __tablename__ = "handover"
    __table_args__ = (
        Index(
            "uq_handover_open",
            "conversation_pk",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"))
    state: Mapped[State] = mapped_column(String(10), index=True)
    reason: Mapped[Reason] = mapped_column(String(20))
    staff: Mapped[str | None] = mapped_column(String(60))
    meant_for: Mapped[str | None] = mapped_column(String(60))
    contact: Mapped[str | None] = mapped_column(Text)  # sealed
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    taken_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    code: Mapped[str | None] = mapped_column(String(20))
    told_closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Handover:
    """A hand-over and the conversation it is about."""

    pk: int
    conversation_pk: int
    channel: str
    conversation: str
    state: State
    reason: Reason
    staff: str | None
    meant_for: str | None
    has_contact: bool
    asked_at: dt.datetime
    taken_at: dt.datetime | None
    closed_at: dt.datetime | None
    code: str | None


def handovers() -> Select[*tuple[Any, ...]]:
    """All hand-overs, as `as_handover` reads them."""
    return select(
        HandoverRow.pk,
        HandoverRow.conversation_pk,
        ConversationRow.channel,
        ConversationRow.id.label("conversation"),
        HandoverRow.state,
        HandoverRow.reason,
        HandoverRow.staff,
        HandoverRow.meant_for,
        HandoverRow.contact,
        HandoverRow.asked_at,
        HandoverRow.taken_at,
        HandoverRow.closed_at,
        HandoverRow.code,
    ).join(ConversationRow, ConversationRow.pk == HandoverRow.conversation_pk)


def as_handover(row: Row[*tuple[Any, ...]]) -> Handover:
    """A row of `handovers` as it is handed out: what was left to be called back at stays sealed."""
    return Handover(
        row.pk,
        row.conversation_pk,
        row.channel,
        row.conversation,
        row.state,
        row.reason,
        row.staff,
        row.meant_for,
        row.contact is not None,
        utc(row.asked_at),
        row.taken_at and utc(row.taken_at),
        row.closed_at and utc(row.closed_at),
        row.code,
    )
