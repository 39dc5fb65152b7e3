"""Conversations as they are kept: one row a conversation, one row a turn.

A turn holds the redacted message and the reply as it was given; a conversation holds what the next
turn needs (`Memory`). Both are written in one transaction, under a lock that lets one message of a
conversation through at a time, on however many machines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import (
    Connection,
    DateTime,
    Engine,
    Float,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from bot.redact import redact, redact_json
from dialogs.memory import Memory
from dialogs.reply import Message, Reply, Statement
from dialogs.wording import say
from knowledge.tables import Base

_MEMORY = TypeAdapter(Memory)
_REPLY = TypeAdapter(Reply)
_log = structlog.get_logger()


class ConversationRow(Base):
    """A conversation; `id` is the channel's own name for it."""

    __tablename__ = "conversation"
    __table_args__ = (UniqueConstraint("channel", "id", name="uq_conversation_channel_id"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(40))
    id: Mapped[str] = mapped_column(String(200))
    memory: Mapped[str] = mapped_column(Text)  # dialogs.memory.Memory as JSON, redacted
    updated_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


class TurnRow(Base):
    """One message and its reply.

    A message id is unique in its conversation, and so in its channel where the platform gives the
    ids. Where the sender makes them up (web, REST), one that somebody else has used must not bring
    up somebody else's answer.
    """

    __tablename__ = "turn"
    __table_args__ = (
        UniqueConstraint("conversation_pk", "message_id", name="uq_turn_conversation_message"),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"))
    message_id: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)  # redacted
    status: Mapped[str] = mapped_column(String(20), index=True)
    intent: Mapped[str] = mapped_column(String(60))
    confidence: Mapped[float] = mapped_column(Float)
    reply: Mapped[str] = mapped_column(Text)  # dialogs.reply.Reply as JSON, redacted
    release: Mapped[str | None] = mapped_column(String(40))
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)
    answered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


class RecheckRow(Base):
    """When a conversation is to be looked at though nobody has written: a permit check put off is
    due, or what is sealed of a permit has had its time. What it is about, only its memory knows."""

    __tablename__ = "recheck"

    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"), primary_key=True)
    due_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


@dataclass(frozen=True)
class Turn:
    """A stored turn; the text is redacted."""

    message_id: str
    text: str
    reply: Reply
    asked_at: dt.datetime


@dataclass(frozen=True)
class Held:
    """A conversation that nobody else can touch until the transaction it lives in ends."""

    connection: Connection
    pk: int
    memory: Memory

    def reply_to(self, message_id: str) -> Reply | None:
        """The reply given to this message before; None for a new message."""
        stored = self.connection.execute(
            select(TurnRow.reply).where(
                TurnRow.conversation_pk == self.pk, TurnRow.message_id == message_id
            )
        ).scalar()
        return None if stored is None else _REPLY.validate_json(stored)

    def add_turn(
        self,
        message: Message,
        reply: Reply,
        memory: Memory,
        asked_at: dt.datetime,
        answered_at: dt.datetime,
    ) -> None:
        """Keep a message, its reply and what is to be remembered, all redacted."""
        kept = redacted_reply(reply)
        self.connection.execute(
            insert(TurnRow).values(
                conversation_pk=self.pk,
                message_id=message.id,
                # A name has no shape that could be found: such words are left out whole.
                text=say("permit.kept_out") if reply.private else redact(message.text),
                status=kept.status.value,
                intent=kept.intent,
                confidence=kept.confidence,
                reply=_REPLY.dump_json(kept).decode(),
                release=kept.release,
                asked_at=asked_at,
                answered_at=answered_at,
            )
        )
        self.remember(memory, answered_at)

    def remember(self, memory: Memory, now: dt.datetime) -> None:
        """Keep `memory`, redacted, and when the conversation is to be looked at again."""
        self.connection.execute(
            update(ConversationRow)
            .where(ConversationRow.pk == self.pk)
            .values(memory=memory_to_json(memory), updated_at=now)
        )
        self.connection.execute(delete(RecheckRow).where(RecheckRow.conversation_pk == self.pk))
        due = [memory.permit.until] if memory.permit else []
        due += [memory.recheck.due_at] if memory.recheck else []
        if due:
            self.connection.execute(
                insert(RecheckRow).values(conversation_pk=self.pk, due_at=min(due))
            )


@contextmanager
def held(engine: Engine, channel: str, conversation: str, now: dt.datetime) -> Iterator[Held]:
    """Hold a conversation, made if there is none, for the length of one transaction.

    PostgreSQL locks the conversation's row. SQLite has one lock for all writers, which is taken at
    once: a transaction that began by reading could not be sure of it later.
    """
    upsert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.execute(
            upsert(ConversationRow)
            .values(
                channel=channel, id=conversation, memory=memory_to_json(Memory()), updated_at=now
            )
            .on_conflict_do_nothing()
        )
        row = connection.execute(
            select(ConversationRow.pk, ConversationRow.memory)
            .where(ConversationRow.channel == channel, ConversationRow.id == conversation)
            .with_for_update()
        ).one()
        yield Held(connection, row.pk, memory_from_json(row.memory))


def due_for_recheck(engine: Engine, now: dt.datetime, limit: int = 20) -> list[tuple[str, str]]:
    """Channel and id of the conversations that are to be looked at by `now`, longest due first."""
    due = (
        select(ConversationRow.channel, ConversationRow.id)
        .join(RecheckRow, RecheckRow.conversation_pk == ConversationRow.pk)
        .where(RecheckRow.due_at <= now)
        .order_by(RecheckRow.due_at)
        .limit(limit)
    )
    with engine.connect() as connection:
        return [(row.channel, row.id) for row in connection.execute(due)]


def history(engine: Engine, channel: str, conversation: str, limit: int = 200) -> list[Turn]:
    """The newest `limit` turns of a conversation, oldest first; none for an unknown one."""
    newest = (
        select(TurnRow.message_id, TurnRow.text, TurnRow.reply, TurnRow.asked_at)
        .join(ConversationRow, ConversationRow.pk == TurnRow.conversation_pk)
        .where(ConversationRow.channel == channel, ConversationRow.id == conversation)
        .order_by(TurnRow.pk.desc())
        .limit(limit)
    )
    with engine.connect() as connection:
        rows = connection.execute(newest).all()
    return [
        Turn(row.message_id, row.text, _REPLY.validate_json(row.reply), _utc(row.asked_at))
        for row in reversed(rows)
    ]


def memory_to_json(memory: Memory) -> str:
    """A memory as it is stored: JSON, every text in it redacted."""
    return redact_json(_MEMORY.dump_json(memory).decode())


def memory_from_json(stored: str) -> Memory:
    """The stored memory. One that this version cannot read is given up, not the conversation."""
    try:
        return _MEMORY.validate_json(stored)
    except ValidationError as error:
        kinds = sorted({f"{item['loc'][0]}: {item['type']}" for item in error.errors()})
        _log.warning("memory_unreadable", problems=kinds)
        return Memory()


def redacted_reply(reply: Reply) -> Reply:
    """The reply without anything personal it may echo. Citations are the sources' own words."""
    return replace(
        reply,
        blocks=tuple(
            replace(
                block,
                statements=tuple(
                    Statement(redact(statement.text), statement.clauses)
                    for statement in block.statements
                ),
            )
            for block in reply.blocks
        ),
        options=tuple(
            replace(option, label=redact(option.label), send=redact(option.send))
            for option in reply.options
        ),
        trace=tuple(redact(line) for line in reply.trace),
    )


def _utc(moment: dt.datetime) -> dt.datetime:
    # SQLite gives a time back without its zone; all are written in UTC.
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
