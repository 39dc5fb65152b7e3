"""The tables of conversations: a row each conversation, a row each turn, and when to look again."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from sqlalchemy import DateTime, Float, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base

Speaker = Literal["user", "bot", "staff"]


class ConversationRow(Base):
    """A conversation; `id` is the channel's own name for it."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("channel", "id", name="uq_conversation_channel_id"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(40))
    id: Mapped[str] = mapped_column(String(200))
    memory: Mapped[str] = mapped_column(Text)  # dialogs.memory.Memory as JSON, redacted
    updated_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)
    version: Mapped[int] = mapped_column(server_default="0")  # goes up with every change


class TurnRow(Base):
    """One message and its reply. `speaker` began the turn: what the bot or a member of staff says
    unasked has no message, only a reply; `staff` is the account of who said it.

    A message id is unique in its conversation, and so in its channel where the platform gives the
    ids. Where the sender makes them up (web, REST), one that somebody else has used must not bring
    up somebody else's answer.
    """

    __tablename__ = "turn"
    __table_args__ = (
        UniqueConstraint("conversation_pk", "message_id", name="uq_turn_conversation_message"),
        # All that the console's figures need: reading the long replies would take seconds.
        Index(
            "ix_turn_figures",
            *("asked_at", "speaker", "status", "intent", "region"),
            *("conversation_pk", "answered_at"),
        ),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"))
    message_id: Mapped[str] = mapped_column(String(200))
    speaker: Mapped[Speaker] = mapped_column(String(10), server_default="user")
    staff: Mapped[str | None] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(Text)  # redacted
    status: Mapped[str] = mapped_column(String(20), index=True)
    intent: Mapped[str] = mapped_column(String(60))
    confidence: Mapped[float] = mapped_column(Float)
    reply: Mapped[str] = mapped_column(Text)  # dialogs.reply.Reply as JSON, redacted
    release: Mapped[str | None] = mapped_column(String(40))
    region: Mapped[str | None] = mapped_column(String(20))  # where the person is, if they said so
    distress: Mapped[str | None] = mapped_column(String(20))  # a kind of dialogs/distress.yaml
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)
    answered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


class RecheckRow(Base):
    """When a conversation is to be looked at though nobody has written: a permit check put off is
    due, or what is sealed of a permit has had its time. What it is about, only its memory knows."""

    __tablename__ = "recheck"

    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"), primary_key=True)
    due_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


class ChangeRow(Base):
    """That something happened in a conversation, for those who watch it (live.py)."""

    __tablename__ = "change"

    pk: Mapped[int] = mapped_column(primary_key=True)
    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


def utc(moment: dt.datetime) -> dt.datetime:
    """A stored time with its zone: SQLite gives it back without; all are written in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
