"""What the bot does by itself: checks put off are made again, and what is sealed is thrown away
when its time is over."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace

import anyio
import anyio.to_thread
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from bot.handover import READ_TURNS
from bot.inbox import described
from bot.outbox import Outbox
from bot.storage import due_for_recheck, held
from dialogs.permits import Permits, place_of
from dialogs.reply import Message
from dialogs.wording import say

INTERVAL_S = 5.0

_log = structlog.get_logger()


class Rechecker:
    """Looks at the conversations that are due. Any number of processes may do so side by side: who
    holds a conversation finds what is to be done, and the next one finds it done."""

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
        return sum(self._look_at(*due) for due in due_for_recheck(self._engine, self._now()))

    def _look_at(self, channel: str, conversation: str) -> bool:
        now = self._now()
        with held(self._engine, channel, conversation, now) as kept:
            memory = kept.memory.fresh(now)
            place = place_of(channel, conversation)
            reply, memory = self._permits.look(place, memory, now)
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
            return True

    async def run_for_ever(self) -> None:
        """Look at what is due, time and again, in a thread beside the event loop."""
        while True:
            try:
                await anyio.to_thread.run_sync(self.run_due)
            except SQLAlchemyError as error:
                _log.warning("recheck_stalled", **described(error))
            await anyio.sleep(INTERVAL_S)
