"""Conversations as they are kept: one row a conversation, one row a turn.

A turn holds the redacted message and the reply as it was given; a conversation holds what the next
turn needs (`Memory`). Both are written in one transaction, under a lock that lets one message of a
conversation through at a time, on however many machines.
"""

from __future__ import annotations

import datetime as dt
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import (
    Connection,
    DateTime,
    Engine,
    Float,
    ForeignKey,
    Index,
    Row,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

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
    version: Mapped[int] = mapped_column(server_default="0")  # goes up with every change


Speaker = Literal["user", "bot", "staff"]


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
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)
    answered_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


class RecheckRow(Base):
    """When a conversation is to be looked at though nobody has written: a permit check put off is
    due, or what is sealed of a permit has had its time. What it is about, only its memory knows."""

    __tablename__ = "recheck"

    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"), primary_key=True)
    due_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


class ChangeRow(Base):
    """That something happened in a conversation, for those who watch it (bot/live.py)."""

    __tablename__ = "change"

    pk: Mapped[int] = mapped_column(primary_key=True)
    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


class Moved(Exception):
    """Another process changed the conversation meanwhile: nothing was written, begin again."""


@dataclass(frozen=True)
class Turn:
    """A stored turn; the text is redacted."""

    message_id: str
    text: str
    reply: Reply
    asked_at: dt.datetime
    speaker: Speaker = "user"
    staff: str | None = None
    pk: int = 0


@dataclass
class Held:
    """A conversation that nobody else changes until the transaction it lives in ends."""

    connection: Connection
    pk: int
    memory: Memory
    version: int
    _writing: bool = field(default=False, repr=False)

    def begin_writing(self) -> None:
        """From here on the database is locked for writing where it has one lock (SQLite). Called by
        whatever writes; until then a slow reply holds nobody else up. Raises `Moved`."""
        if self._writing:
            return
        if self.connection.dialect.name == "sqlite":
            self.connection.exec_driver_sql("BEGIN IMMEDIATE")
        moved_on = self.connection.execute(_MOVE_ON, {"this": self.pk, "read": self.version})
        if moved_on.rowcount != 1:
            raise Moved
        self._writing = True

    def reply_to(self, message_id: str) -> Reply | None:
        """The reply given to this message before; None for a new message."""
        asked = {"this": self.pk, "message": message_id}
        stored = self.connection.execute(_REPLY_TO, asked).scalar()
        return None if stored is None else _REPLY.validate_json(stored)

    def turns(self) -> list[Turn]:
        """All that is kept of it, oldest first."""
        rows = self.connection.execute(
            select(*TurnRow.__table__.c)
            .where(TurnRow.conversation_pk == self.pk)
            .order_by(TurnRow.pk)
        )
        return [_turn(row) for row in rows]

    def add_turn(
        self,
        message: Message,
        reply: Reply,
        memory: Memory,
        asked_at: dt.datetime,
        answered_at: dt.datetime,
    ) -> int:
        """Keep a message, its reply and what is to be remembered, all redacted; the turn's key."""
        self.begin_writing()
        # What staff say may name an office's telephone; the office is nobody's secret.
        kept = redacted_reply(reply, offices=message.speaker == "staff")
        turn: int = self.connection.execute(
            _ADD_TURN,
            {
                "conversation_pk": self.pk,
                "message_id": message.id,
                "speaker": message.speaker,
                "staff": message.staff,
                # A name has no shape that could be found: such words are left out whole.
                "text": say("permit.kept_out") if reply.private else redact(message.text),
                "status": kept.status.value,
                "intent": kept.intent,
                "confidence": kept.confidence,
                "reply": _REPLY.dump_json(kept).decode(),
                "release": kept.release,
                "region": memory.region,
                "asked_at": asked_at,
                "answered_at": answered_at,
            },
        ).scalar_one()
        self.remember(memory, answered_at)
        return turn

    def remember(self, memory: Memory, now: dt.datetime) -> None:
        """Keep `memory`, redacted, and when the conversation is to be looked at again."""
        self.begin_writing()
        note_change(self.connection, self.pk, now)
        kept = {"this": self.pk, "memory": memory_to_json(memory), "updated_at": now}
        self.connection.execute(_REMEMBER, kept)
        self.connection.execute(_NOT_DUE, {"this": self.pk})
        due = [memory.permit.until] if memory.permit else []
        due += [memory.recheck.due_at] if memory.recheck else []
        due += [memory.consent.due_at] if memory.consent else []
        if due:
            self.connection.execute(
                insert(RecheckRow).values(conversation_pk=self.pk, due_at=min(due))
            )


def note_change(connection: Connection, conversation_pk: int, now: dt.datetime) -> None:
    """Tell those who watch the conversation, once this transaction is through."""
    connection.execute(_CHANGED, {"conversation_pk": conversation_pk, "at": now})


# A turn's statements are built once: building one takes longer than running it.
_HERE = (
    ConversationRow.channel == bindparam("channel"),
    ConversationRow.id == bindparam("id"),
)
_THIS = ConversationRow.pk == bindparam("this")
_PK = select(ConversationRow.pk).where(*_HERE)
_HOLD = (
    select(ConversationRow.pk, ConversationRow.memory, ConversationRow.version)
    .where(*_HERE)
    .with_for_update()
)
_MOVE_ON = (
    update(ConversationRow)
    .where(_THIS, ConversationRow.version == bindparam("read"))
    .values(version=ConversationRow.version + 1)
)
_REMEMBER = update(ConversationRow).where(_THIS)
_REPLY_TO = select(TurnRow.reply).where(
    TurnRow.conversation_pk == bindparam("this"), TurnRow.message_id == bindparam("message")
)
_ADD_TURN = insert(TurnRow).returning(TurnRow.pk)
_CHANGED = insert(ChangeRow)
_NOT_DUE = delete(RecheckRow).where(RecheckRow.conversation_pk == bindparam("this"))


_locks: weakref.WeakValueDictionary[tuple[str, str, str], threading.Lock] = (
    weakref.WeakValueDictionary()
)
_locks_lock = threading.Lock()


def _lock_of(engine: Engine, channel: str, conversation: str) -> threading.Lock:
    key = (str(engine.url), channel, conversation)
    with _locks_lock:
        lock = _locks.get(key)
        if lock is None:
            lock = _locks[key] = threading.Lock()
        return lock


@contextmanager
def held(engine: Engine, channel: str, conversation: str, now: dt.datetime) -> Iterator[Held]:
    """Hold a conversation, made if there is none, for the length of one transaction.

    In a process a lock lets one holder through at a time. Between processes PostgreSQL locks the
    conversation's row; SQLite, whose one lock would stop every other conversation while a registry
    is slow, is locked only to write, and what was read before must then still hold (`Moved`).
    """
    with _lock_of(engine, channel, conversation):
        _make_sure_of(engine, channel, conversation, now)
        with engine.begin() as connection:
            row = connection.execute(_HOLD, {"channel": channel, "id": conversation}).one()
            yield Held(connection, row.pk, memory_from_json(row.memory), row.version)


def _make_sure_of(engine: Engine, channel: str, conversation: str, now: dt.datetime) -> None:
    if conversation_pk(engine, channel, conversation) is not None:
        return
    upsert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    with engine.begin() as connection:
        connection.execute(
            upsert(ConversationRow)
            .values(
                channel=channel, id=conversation, memory=memory_to_json(Memory()), updated_at=now
            )
            .on_conflict_do_nothing()
        )


def take_due_rechecks(
    engine: Engine, now: dt.datetime, lease: dt.timedelta, limit: int
) -> list[tuple[str, str]]:
    """Channel and id of conversations that are to be looked at by `now`, longest due first. They
    are the caller's for the time of the `lease`: then others look, if it came to nothing."""
    due = (
        select(RecheckRow.conversation_pk, ConversationRow.channel, ConversationRow.id)
        .join(ConversationRow, RecheckRow.conversation_pk == ConversationRow.pk)
        .where(RecheckRow.due_at <= now)
        .order_by(RecheckRow.due_at)
        .limit(limit)
    )
    with engine.connect() as connection:
        rows = connection.execute(due).all()
    return [
        (row.channel, row.id)
        for row in rows
        if _put_off(engine, row.conversation_pk, now, now + lease)
    ]


def _put_off(engine: Engine, conversation_pk: int, now: dt.datetime, until: dt.datetime) -> bool:
    with engine.begin() as connection:
        done = connection.execute(
            update(RecheckRow)
            .where(RecheckRow.conversation_pk == conversation_pk, RecheckRow.due_at <= now)
            .values(due_at=until)
        )
        return done.rowcount == 1


def memory_of(engine: Engine, channel: str, conversation: str) -> Memory:
    """What a conversation remembers now; an empty memory for an unknown one."""
    with engine.connect() as connection:
        stored = connection.execute(
            select(ConversationRow.memory).where(
                ConversationRow.channel == channel, ConversationRow.id == conversation
            )
        ).scalar()
    return Memory() if stored is None else memory_from_json(stored)


def history(
    engine: Engine, channel: str, conversation: str, limit: int = 200, after: int = 0
) -> list[Turn]:
    """The newest `limit` turns of a conversation, oldest first, of those behind the turn `after`
    (its pk); none for an unknown one."""
    newest = (
        select(TurnRow)
        .join(ConversationRow, ConversationRow.pk == TurnRow.conversation_pk)
        .where(
            ConversationRow.channel == channel,
            ConversationRow.id == conversation,
            TurnRow.pk > after,
        )
        .order_by(TurnRow.pk.desc())
        .limit(limit)
    )
    with Session(engine) as session:
        return [_turn(row) for row in reversed(session.scalars(newest).all())]


def conversation_pk(engine: Engine, channel: str, conversation: str) -> int | None:
    """The row of a conversation by its channel's name for it; None for an unknown one."""
    with engine.connect() as connection:
        return connection.execute(_PK, {"channel": channel, "id": conversation}).scalar()


def conversation_version(engine: Engine, channel: str, conversation: str) -> int | None:
    """A number that goes up with every change of a conversation; None for an unknown one."""
    with engine.connect() as connection:
        return connection.execute(
            select(ConversationRow.version).where(
                ConversationRow.channel == channel, ConversationRow.id == conversation
            )
        ).scalar()


def _turn(row: TurnRow | Row[*tuple[Any, ...]]) -> Turn:
    reply = _REPLY.validate_json(row.reply)
    return Turn(row.message_id, row.text, reply, utc(row.asked_at), row.speaker, row.staff, row.pk)


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


def redacted_reply(reply: Reply, *, offices: bool = False) -> Reply:
    """The reply without anything personal it may echo. Citations are the sources' own words.
    `offices`: landline numbers stay."""
    return replace(
        reply,
        contact=None,
        blocks=tuple(
            replace(
                block,
                statements=tuple(
                    Statement(redact(statement.text, offices=offices), statement.clauses)
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


def utc(moment: dt.datetime) -> dt.datetime:
    """A stored time with its zone: SQLite gives it back without; all are written in UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
