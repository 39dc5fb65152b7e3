"""Every message of every channel comes in here: answered once, in order, kept with its reply."""

from __future__ import annotations

import datetime as dt
import threading
import traceback
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import structlog
from sqlalchemy import Engine

from bot.storage import held
from dialogs.memory import Memory
from dialogs.reply import Block, Message, Reply, Statement, Status
from dialogs.wording import say

Converse = Callable[[Message, Memory, dt.date | None], tuple[Reply, Memory]]

# A turn holds one connection while the library reads over up to two more: of the engine's pool of
# 15, four turns take 12 at most, so turns never wait for each other's connections for ever.
_AT_ONCE = 4

_log = structlog.get_logger()


class Inbox:
    """Takes messages and gives replies. Safe to share between threads, and between processes that
    use one database."""

    def __init__(self, engine: Engine, converse: Converse, now: Callable[[], dt.datetime]) -> None:
        self._engine = engine
        self._converse = converse
        self._now = now
        self._slots = threading.BoundedSemaphore(_AT_ONCE)

    def handle(self, message: Message, as_of: dt.date | None = None) -> Reply:
        """The reply to `message`; to one that came before, the reply it got then.

        A message without an id is new every time. Messages of one conversation are answered one
        after the other. When the dialogue breaks, the reply says so (status failed) and the
        conversation goes on as if the message had not been sent. Raises only when the database
        does, and then nothing is stored.
        """
        message = _storable(message)
        asked_at = message.sent_at or self._now()
        with (
            self._slots,
            held(self._engine, message.channel, message.conversation, asked_at) as conversation,
        ):
            known = conversation.reply_to(message.id)
            if known is not None:
                return known
            reply, memory = self._answer(message, conversation.memory, as_of, conversation.pk)
            conversation.add_turn(message, reply, memory, asked_at, self._now())
        return reply

    def _answer(
        self, message: Message, memory: Memory, as_of: dt.date | None, conversation_pk: int
    ) -> tuple[Reply, Memory]:
        try:
            return self._converse(message, memory, as_of)
        except Exception as error:
            _log.error(
                "turn_failed",
                channel=message.channel,
                conversation=conversation_pk,
                **described(error),
            )
            sorry = Block("talk", (Statement(say("input.failed")),))
            return Reply(Status.FAILED, (sorry,), confidence=0.0), memory


def described(error: BaseException) -> dict[str, object]:
    """An error for the log: its kind and where it arose. Its text may hold what a person wrote."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return {
        "error": type(error).__name__,
        "at": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }


def _storable(message: Message) -> Message:
    """The message with an id, and without characters that no database or answer can hold."""
    text = message.text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return replace(message, text=text, id=message.id or uuid.uuid4().hex)
