"""What is kept of a conversation, to be read: its turns, its memory, which row it is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, select
from sqlalchemy.orm import Session

from bot.conversations.rows import ConversationRow, Speaker, TurnRow, utc
from bot.conversations.stored import memory_from_json, reply_from_json
from dialogs.memory import Memory
from dialogs.reply import Reply

# Asked in every turn, and so built once.
_PK = select(ConversationRow.pk).where(
    ConversationRow.channel == bindparam("channel"), ConversationRow.id == bindparam("id")
)

Place = tuple[str, str]  # a conversation's channel, and its id there


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


def memory_of(engine: Engine, channel: str, conversation: str) -> Memory:
    """What a conversation remembers now; an empty memory for an unknown one."""
    with engine.connect() as connection:
        stored = connection.execute(
            select(ConversationRow.memory).where(
                ConversationRow.channel == channel, ConversationRow.id == conversation
            )
        ).scalar()
    return Memory() if stored is None else memory_from_json(stored)


def turn_pk(connection: Connection, channel: str, conversation: str, message_id: str) -> int | None:
    """The turn that a message of a conversation began; None where there is none."""
    return connection.execute(
        select(TurnRow.pk)
        .join(ConversationRow, ConversationRow.pk == TurnRow.conversation_pk)
        .where(
            ConversationRow.channel == channel,
            ConversationRow.id == conversation,
            TurnRow.message_id == message_id,
        )
    ).scalar()


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
        return [turn_of(row) for row in reversed(session.scalars(newest).all())]


def conversation_pk(engine: Engine, channel: str, conversation: str) -> int | None:
    """The row of a conversation by its channel's name for it; None for an unknown one."""
    with engine.connect() as connection:
        return connection.execute(_PK, {"channel": channel, "id": conversation}).scalar()


def place_at(engine: Engine, conversation_pk: int) -> Place | None:
    """Where the conversation of a row is; None for an unknown one."""
    with engine.connect() as connection:
        row = connection.execute(
            select(ConversationRow.channel, ConversationRow.id).where(
                ConversationRow.pk == conversation_pk
            )
        ).one_or_none()
    return None if row is None else (row.channel, row.id)


def conversation_version(engine: Engine, channel: str, conversation: str) -> int | None:
    """A number that goes up with every change of a conversation; None for an unknown one."""
    with engine.connect() as connection:
        return connection.execute(
            select(ConversationRow.version).where(
                ConversationRow.channel == channel, ConversationRow.id == conversation
            )
        ).scalar()


def turn_of(row: TurnRow | Row[*tuple[Any, ...]]) -> Turn:
    """A row of turns as it is handed out."""
    reply = reply_from_json(row.reply)
    return Turn(row.message_id, row.text, reply, utc(row.asked_at), row.speaker, row.staff, row.pk)
