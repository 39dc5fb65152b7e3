"""What goes back in a request: one text of 2,048 bytes, for everything there is to tell.

What waited for the person (the rest of a long answer, a late one, words of staff) comes first; what
does not fit is put into the outbox. A repeat of the message gets the very same text.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection, Engine, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversations.rows import ConversationRow, TurnRow, utc
from bot.delivery.outbox import Outbox
from bot.delivery.parcels import OutboxRow
from bot.sealing import Seal
from bot.wechat.content import say
from bot.wechat.inbound import Received
from bot.wechat.late import LateTurns
from bot.wechat.tables import CHANNEL, AnswerRow, writing
from bot.wechat.text import MOST_BYTES, doubtful, parts_of, size
from dialogs.reply import Reply

# How long a message that the courier is handing to WeChat at this moment is waited for: it comes
# first. What takes longer is told here, for it may never have come.
_SENDING_S, _POLL_S = 2.0, 0.05


# Run for every message, and so built once.
_GIVEN = select(AnswerRow.sealed).where(AnswerRow.key == bindparam("this"))
_WAITING = select(OutboxRow.created_at).where(  # since when each thing waits for a person
    OutboxRow.channel == CHANNEL,
    OutboxRow.recipient == bindparam("person"),
    OutboxRow.state.in_(("waiting", "held")),
)


@dataclass(frozen=True)
class _Queued:
    """What is to be told, from part number `part` on; `maybe`: that part may have come already."""

    key: str  # in the outbox
    reply: Reply
    part: int = 0
    maybe: bool = False


class _Sending(Exception):
    """The courier is sending the person something that comes first."""


@dataclass(frozen=True)
class Passive:
    """The texts that go back in requests."""

    engine: Engine
    outbox: Outbox
    seal: Seal
    now: Callable[[], dt.datetime]
    verified: bool

    def said(self, message: Received, reply: Reply | None) -> str | None:
        """The text for a message with this reply to it; None: there is nothing to say."""
        given = self._given(message.key)
        if given is not None:
            return given or None
        own = [_Queued(f"{CHANNEL}:{message.key}", reply)] if reply is not None else []
        deadline = time.monotonic() + _SENDING_S
        while self._waits(message):
            try:
                return self._with_others(message, own, time.monotonic() < deadline) or None
            except _Sending:
                time.sleep(_POLL_S)
        text, left = _filled([], own)
        if left:
            with writing(self.engine) as connection:
                text = self._put_left(connection, message, text, left)
            self.outbox.wake()
        return text or None

    def put_late(self, late: LateTurns, key: str, openid: str, reply: Reply | None) -> None:
        """The answer to a late message, into the outbox, once."""
        with writing(self.engine) as connection:
            if late.finish(connection, key) and reply is not None:
                self.outbox.put(
                    connection, CHANNEL, openid, reply, f"{CHANNEL}:{key}", state=self._state
                )
        self.outbox.wake()

    @property
    def _state(self) -> Literal["waiting", "held"]:
        return "waiting" if self.verified else "held"

    def _with_others(self, message: Received, own: list[_Queued], wait: bool) -> str:
        """The text with what waited. Raises `_Sending` if some of it is to be waited for."""
        with writing(self.engine) as connection:
            # Who makes the row has the say; a repeat at the same time waits for it here.
            upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            connection.execute(
                upsert(AnswerRow)
                .values(key=message.key, sealed="", at=self.now())
                .on_conflict_do_nothing()
            )
            sealed = connection.execute(
                select(AnswerRow.sealed).where(AnswerRow.key == message.key)
            ).scalar_one()
            if sealed:
                return self.seal.unseal(sealed, _place(message.key)) or ""
            parcels = self.outbox.collect(CHANNEL, message.sender, connection, sending=not wait)
            if wait and connection.execute(_WAITING, {"person": message.sender}).all():
                raise _Sending
            # What was taken and does not fit goes back under another key.
            others = [
                _Queued(
                    f"{one.key.split('+')[0]}+{message.key}",
                    one.reply,
                    one.parts_sent,
                    one.maybe_sent,
                )
                for one in parcels
            ]
            text, left = _filled(others, own)
            text = self._put_left(connection, message, text, left)
            connection.execute(
                update(AnswerRow)
                .where(AnswerRow.key == message.key)
                .values(sealed=self.seal.seal(text, _place(message.key)))
            )
        self.outbox.wake()
        return text

    def _given(self, key: str) -> str | None:
        with self.engine.connect() as connection:
            sealed = connection.execute(_GIVEN, {"this": key}).scalar()
        return self.seal.unseal(sealed, _place(key)) if sealed else None

    def _put_left(
        self, connection: Connection, message: Received, text: str, left: list[_Queued]
    ) -> str:
        for one in left:
            self.outbox.put(
                connection,
                CHANNEL,
                message.sender,
                one.reply,
                one.key,
                one.part,
                self._state,
                maybe_sent=one.maybe,
            )
        return f"{text}\n{say('pending.more')}" if left and not self.verified else text

    def _waits(self, message: Received) -> bool:
        """Whether anything waits for the person that came before the message was answered: what
        came later is not for a repeat of it."""
        with self.engine.connect() as connection:
            since = connection.scalars(_WAITING, {"person": message.sender}).all()
            if not since:
                return False
            answered = connection.execute(
                select(TurnRow.answered_at)
                .join(ConversationRow, ConversationRow.pk == TurnRow.conversation_pk)
                .where(
                    ConversationRow.channel == CHANNEL,
                    ConversationRow.id == message.sender,
                    TurnRow.message_id == message.key,
                )
            ).scalar()
        return answered is None or any(utc(one) <= utc(answered) for one in since)


def _filled(others: list[_Queued], own: list[_Queued]) -> tuple[str, list[_Queued]]:
    """As much as one text holds, and what is left of it. What waited comes first and is announced,
    and only the last reply's options are numbered: a number would mean those."""
    queue, told = [*others, *own], list[str]()
    room = MOST_BYTES - size(say("pending.more")) - 1
    for index, one in enumerate(queue):
        last = index == len(queue) - 1
        for number, part in enumerate(parts_of(one.reply)[one.part :], one.part):
            first = number == one.part
            shown = doubtful(part) if first and one.maybe else part
            lines = [shown.whole if last else shown.text or shown.whole]
            if others and own and first and index in (0, len(others)):
                lines.insert(0, say("pending.now" if index else "pending.earlier"))
            if told and size("\n".join((*told, *lines))) > room:
                left = replace(one, part=number, maybe=one.maybe and first)
                return "\n".join(told), [left, *queue[index + 1 :]]
            told += lines
    return "\n".join(told), []


def _place(key: str) -> str:
    return f"wechat-answer:{key}"
