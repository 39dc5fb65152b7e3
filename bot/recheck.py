"""What the bot does by itself: checks put off are made again, and what is sealed is thrown away
when its time is over."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import anyio
import anyio.to_thread
import structlog
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import SQLAlchemyError

from bot.conversations.held import TRIES, Moved, held
from bot.conversations.kept import memory_of
from bot.conversations.rows import ConversationRow, RecheckRow
from bot.delivery.outbox import Outbox
from bot.handover.voice import READ_TURNS
from bot.logging import described
from dialogs.permits.checks import Asked, Permits, place_of
from dialogs.reply import Message
from dialogs.wording import say

INTERVAL_S = 2.0
# A registry may be slow, and a look must not wait for the others; their lease is as long as the
# slowest that a thread has to do.
_AT_ONCE = 4
_LEASE = dt.timedelta(seconds=40)

_log = structlog.get_logger()


class Rechecker:
    """Looks at the conversations that are due. Any number of processes may do so side by side: who
    holds a conversation finds what is to be done, and the next one finds it done. The registry is
    asked while nobody holds it, so that the person can go on meanwhile."""

    def __init__(
        self,
        engine: Engine,
        permits: Permits,
        now: Callable[[], dt.datetime],
        outbox: Outbox | None = None,
    ) -> None:
        self._engine = engine
        self._outbox = outbox
        self._permits = permits
        self._now = now

    def run_due(self) -> int:
        """Look at all that are due; how many turns came of it."""
        due = _take_due(self._engine, self._now(), _LEASE, 2 * _AT_ONCE)
        if not due:
            return 0
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return sum(pool.map(lambda one: self._look_at(*one), due))

    def _look_at(self, channel: str, conversation: str) -> bool:
        place = place_of(channel, conversation)
        memory = memory_of(self._engine, channel, conversation)
        asked = self._permits.ask_again(place, memory, self._now())
        for _ in range(TRIES):
            try:
                return self._tell(channel, conversation, asked)
            except Moved:
                continue
        return False

    def _tell(self, channel: str, conversation: str, asked: Asked | None) -> bool:
        now = self._now()
        with held(self._engine, channel, conversation, now) as kept:
            memory = kept.memory.fresh(now)
            place = place_of(channel, conversation)
            reply, memory = self._permits.look(place, memory, now, asked)
            if reply is None:
                kept.remember(memory, now)
                return False
            sent = self._outbox is not None and channel in self._outbox.channels
            told = sent or channel in READ_TURNS
            memory = replace(
                memory,
                options=reply.options if told else memory.options,
                news=memory.news if told else (*memory.news, *reply.blocks),
            )
            turn = Message(
                say("permit.recheck_turn"),
                conversation,
                f"recheck-{uuid.uuid4().hex}",
                channel,
                speaker="bot",
            )
            kept.add_turn(turn, reply, memory, now, now)
            if self._outbox is not None and sent:
                self._outbox.put(kept.connection, channel, conversation, reply, turn.id)
        if self._outbox is not None:
            self._outbox.wake()
        return True

    async def run_for_ever(self) -> None:
        """Look at what is due, time and again, in a thread beside the event loop."""
        while True:
            try:
                await anyio.to_thread.run_sync(self.run_due)
            except SQLAlchemyError as error:
                _log.warning("recheck_stalled", **described(error))
            await anyio.sleep(INTERVAL_S)


def _take_due(
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
