"""Notes that staff leave each other on a conversation. The person never sees them; what is personal
in them is taken out, as in everything stored."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, DateTime, ForeignKey, String, Text, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.held import note_change
from bot.conversations.rows import utc
from bot.redact import redact
from knowledge.tables import Base

MOST = 500  # characters


class NoteRow(Base):
    """A note; `staff` is the account of who wrote it."""

    __tablename__ = "note"

    pk: Mapped[int] = mapped_column(primary_key=True)
    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"), index=True)
    staff: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)  # redacted
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Note:
    """A note as colleagues read it."""

    pk: int
    staff: str
    text: str
    at: dt.datetime


def add(
    connection: Connection, conversation_pk: int, staff: str, text: str, now: dt.datetime
) -> None:
    """Leave a note; those who watch the conversation see it at once."""
    connection.execute(
        insert(NoteRow).values(
            conversation_pk=conversation_pk, staff=staff, text=redact(text.strip()[:MOST]), at=now
        )
    )
    note_change(connection, conversation_pk, now)


def of_conversation(connection: Connection, conversation_pk: int) -> list[Note]:
    """The notes on a conversation, oldest first."""
    rows = connection.execute(
        select(NoteRow.pk, NoteRow.staff, NoteRow.text, NoteRow.at)
        .where(NoteRow.conversation_pk == conversation_pk)
        .order_by(NoteRow.pk)
    )
    return [Note(row.pk, row.staff, row.text, utc(row.at)) for row in rows]
