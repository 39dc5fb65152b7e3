"""A conversation held while its next turn is made.

A turn and what the next one needs (`Memory`) are written in one transaction, under a lock that lets
one message of a conversation through at a time, on however many machines.
"""

from __future__ import annotations

import datetime as dt
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from bot.conversations.kept import Turn, conversation_pk, turn_of
from bot.conversations.rows import ChangeRow, ConversationRow, RecheckRow, TurnRow
from bot.conversations.stored import (
    kept_text,
    memory_from_json,
    memory_to_json,
    redacted_reply,
    reply_from_json,
    reply_to_json,
)
from dialogs.distress import distress_in
from dialogs.memory import Memory
from dialogs.reply import Message, Reply
from nlu.normalise import normalise

TRIES = 5  # as often is what another process was faster with begun anew
Result = TypeVar("Result")


class Moved(Exception):
    """Another process changed the conversation meanwhile: nothing was written, begin again."""


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
        return None if stored is None else reply_from_json(stored)

    def turns(self) -> list[Turn]:
        """All that is kept of it, oldest first."""
        rows = self.connection.execute(
            select(*TurnRow.__table__.c)
            .where(TurnRow.conversation_pk == self.pk)
            .order_by(TurnRow.pk)
        )
        return [turn_of(row) for row in rows]

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
                "text": kept_text(message, reply),
                "status": kept.status.value,
                "intent": kept.intent,
                "confidence": kept.confidence,
                "reply": reply_to_json(kept),
                "release": kept.release,
                "region": memory.region,
                "distress": _distress(message),
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


def _distress(message: Message) -> str | None:
    """The kind of trouble that a person's message speaks of, whoever answers it."""
    found = distress_in(normalise(message.text)) if message.speaker == "user" else None
    return found.id if found else None


# A turn's statements are built once: building one takes longer than running it.
_THIS = ConversationRow.pk == bindparam("this")
_HOLD = (
    select(ConversationRow.pk, ConversationRow.memory, ConversationRow.version)
    .where(ConversationRow.channel == bindparam("channel"), ConversationRow.id == bindparam("id"))
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


def unmoved(work: Callable[[], Result]) -> Result:
    """What comes of `work`, begun anew each time another process is faster (`Moved`). Raises
    OperationalError when that has no end."""
    for _ in range(TRIES):
        try:
            return work()
        except Moved:
            continue
    raise OperationalError("the conversation is changed without end", None, Exception())
