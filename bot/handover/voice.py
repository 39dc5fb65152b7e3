"""What the bot or staff say in a conversation though no message asked for it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

from sqlalchemy import Engine

from bot.conversations.held import Held, held, unmoved
from bot.conversations.kept import Place
from bot.conversations.rows import Speaker
from bot.delivery.outbox import Outbox
from dialogs import talking
from dialogs.reply import Message, Reply, Status

# Channels whose clients read a conversation's turns by themselves; others are sent them.
READ_TURNS = frozenset(("web",))


class Voice:
    """Speaks unasked in any conversation. Safe to share between threads and processes."""

    def __init__(self, engine: Engine, outbox: Outbox, now: Callable[[], dt.datetime]) -> None:
        self._engine = engine
        self._outbox = outbox
        self._now = now

    def reaches(self, channel: str) -> bool:
        """Whether what is said unasked comes to the person (a REST client hears only when it
        asks)."""
        return channel in READ_TURNS or channel in self._outbox.channels

    def speak(
        self,
        conversation: Held,
        place: Place,
        reply: Reply,
        staff: str | None = None,
        key: str = "",
    ) -> int:
        """Add a turn that nobody's message began, and send it where the channel must be sent to;
        the turn's number."""
        channel, person = place
        now = self._now()
        speaker: Speaker = "bot" if staff is None else "staff"
        name = f"{speaker}-{key or uuid.uuid4().hex}"
        message = Message("", person, name, channel, speaker=speaker, staff=staff)
        turn = conversation.add_turn(message, reply, conversation.memory, now, now)
        if channel in self._outbox.channels:
            # Ids may be the sender's own; the outbox knows no conversation but by its key.
            name = f"{conversation.pk}-{name}"
            self._outbox.put(conversation.connection, channel, person, reply, name)
        return turn

    def within(self, place: Place, work: Callable[[Held, Place], bool]) -> bool:
        """Do `work` in the conversation at `place`, alone and in one transaction. It says whether
        anything came of it; if so, what it put in the outbox is sent at once."""

        def attempt() -> bool:
            with held(self._engine, *place, self._now()) as conversation:
                conversation.begin_writing()
                return work(conversation, place)

        done = unmoved(attempt)
        if done:
            self._outbox.wake()
        return done


def talk(words: str) -> Reply:
    """Words said in a conversation that staff have a hand in, as a reply."""
    return talking.talk(Status.HANDED_OFF, words, intent="staff")
