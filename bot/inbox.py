"""Every message of every channel comes in here: answered once, in order, kept with its reply."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import replace

import structlog
from sqlalchemy import Engine

from bot.conversations.held import Held, held, unmoved
from bot.conversations.kept import Turn
from bot.conversations.ratings import RATING_REQUEST, rate_turn, rating_asked
from bot.conversations.retention import forget
from bot.delivery.outbox import Outbox
from bot.handover.desk import Handovers
from bot.handover.drafts import Drafts
from bot.logging import described
from bot.redact import redact
from dialogs.handoff import contact_in
from dialogs.memory import Memory
from dialogs.reading import says
from dialogs.reply import Block, Message, Reply, Statement, Status
from dialogs.telephone import telephone_in
from dialogs.wording import say
from knowledge.standing import CHINA
from nlu.normalise import normalise

Converse = Callable[[Message, Memory, dt.date | None], tuple[Reply, Memory]]

# In so few characters there is a telephone number and nothing that was asked besides.
_NUMBER_ALONE = 40
# A turn holds one connection while the library reads over up to two more: of the engine's pool of
# 15, four turns take 12 at most, so turns never wait for each other's connections for ever.
_AT_ONCE = 4

_log = structlog.get_logger()


class Inbox:
    """Takes messages and gives replies. Safe to share between threads, and between processes that
    use one database. Without `handovers` nobody is there to hand a conversation over to."""

    def __init__(
        self,
        engine: Engine,
        converse: Converse,
        now: Callable[[], dt.datetime],
        handovers: Handovers | None = None,
        drafts: Drafts | None = None,
        outbox: Outbox | None = None,
    ) -> None:
        self._engine = engine
        self._converse = converse
        self._now = now
        self._handovers = handovers
        self._drafts = drafts
        self._outbox = outbox
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        # Told of every new message, its reply and how many seconds it took.
        self.on_turn: Callable[[Message, Reply, float], None] = lambda _m, _r, _s: None

    def handle(self, message: Message, as_of: dt.date | None = None) -> Reply:
        """The reply to `message`; to one that came before, the reply it got then. A reply without
        blocks says nothing: a member of staff has the conversation.

        A message without an id is new every time. Messages of one conversation are answered one
        after the other. When the dialogue breaks, the reply says so (status failed) and the
        conversation goes on as if the message had not been sent. Raises only when the database
        does, and then nothing is stored.
        """
        message = _storable(message)
        with self._slots:
            return unmoved(lambda: self._take(message, as_of))

    def _take(self, message: Message, as_of: dt.date | None) -> Reply:
        asked_at, began = message.sent_at or self._now(), time.perf_counter()
        with held(self._engine, message.channel, message.conversation, asked_at) as conversation:
            known = conversation.reply_to(message.id)
            if known is not None:
                return known
            reply, memory = self._answer(message, conversation, as_of)
            conversation.add_turn(message, reply, memory, asked_at, self._now())
            if self._outbox is not None:
                self._outbox.release(conversation.connection, message.channel, message.conversation)
        self.on_turn(message, reply, time.perf_counter() - began)
        return reply

    def _answer(
        self, message: Message, conversation: Held, as_of: dt.date | None
    ) -> tuple[Reply, Memory]:
        """The reply of whoever has the conversation."""
        memory, desk = conversation.memory, self._handovers
        handover = desk.open_of(conversation) if desk else None
        if desk is None:
            return self._of_bot(message, conversation, as_of)
        contact = contact_in(normalise(message.text)) if handover is not None else None
        if handover is not None and handover.state == "staff":
            if contact is not None:
                desk.keep_contact(conversation, handover, contact)
            return _silence(message), memory
        if handover is None and (thanks := self._rated(message, conversation)) is not None:
            return thanks, memory
        if handover is not None and _stops_waiting(normalise(message.text), memory):
            desk.stop_waiting(conversation, handover)
            return _talk(Status.ANSWERED, say("handoff.not_waiting")), memory
        # A number that the bot has asked for it takes itself.
        asked = memory.contact_until is not None and self._now() <= memory.contact_until
        if handover is not None and contact is not None and not asked:
            desk.keep_contact(conversation, handover, contact)
            if len(contact) <= _NUMBER_ALONE:
                noted = (_note(say("handoff.contact_noted")),)
                return Reply(Status.HANDED_OFF, noted, intent="handoff", private=True), memory
        reply, memory = self._of_bot(message, conversation, as_of)
        if reply.action == "forget":
            conversation.begin_writing()
            forget(conversation.connection, conversation.pk)
        elif reply.action == "export":
            reply = _exported(reply, conversation.turns())
        elif reply.action == "contact":
            desk.ask(conversation, reply.contact)
        elif handover is not None and handover.state == "waiting":
            # Asked for once more, the waiting is all there is to say.
            said = () if reply.action == "handoff" else reply.blocks
            note = _note(desk.still_waits(conversation, handover))
            reply = replace(reply, blocks=(*said, note))
        elif reply.action == "handoff":
            desk.ask(conversation)
        elif self._drafts is not None and self._drafts.wants(reply, message.channel):
            reply = self._drafts.hold(conversation, message, reply)
        return reply, memory

    def _rated(self, message: Message, conversation: Held) -> Reply | None:
        """The reply to an answer to “was this of use?”, which is kept; None for anything else."""
        yes, no = say("handoff.rate_yes"), say("handoff.rate_no")
        useful = {yes: True, "1": True, no: False, "2": False}.get(normalise(message.text))
        asked = rating_asked(conversation) if useful is not None else None
        if useful is None or asked is None:
            return None
        conversation.begin_writing()
        rate_turn(conversation.connection, asked, useful=useful, reason="", now=self._now())
        thanks = (_note(say("handoff.rated")),)
        return Reply(Status.HANDED_OFF, thanks, intent=RATING_REQUEST)

    def _of_bot(
        self, message: Message, conversation: Held, as_of: dt.date | None
    ) -> tuple[Reply, Memory]:
        try:
            return self._converse(message, conversation.memory, as_of)
        except Exception as error:
            _log.error(
                "turn_failed",
                channel=message.channel,
                conversation=conversation.pk,
                **described(error),
            )
            return _talk(Status.FAILED, say("input.failed")), conversation.memory


def _silence(message: Message) -> Reply:
    """Nothing, while staff have the conversation. They read the words without personal numbers; a
    number that is hard to take out keeps all of them out."""
    hidden = telephone_in(normalise(redact(message.text))) is not None
    return Reply(Status.HANDED_OFF, (), intent="handoff" if hidden else "staff", private=hidden)


def _exported(reply: Reply, turns: list[Turn]) -> Reply:
    """Everything that is kept of a conversation, in words."""
    kept = [turn for turn in turns if turn.text or turn.reply.blocks]
    if not kept:
        return reply
    lines = [Statement(say("mine.export", count=len(kept)))]
    for turn in kept:
        day = say("mine.day", date=turn.asked_at.astimezone(CHINA))
        answer = "".join(statement.text for _kind, statement in turn.reply.statements())
        lines.append(Statement(say("mine.turn", day=day, text=turn.text, answer=answer)))
    return replace(reply, blocks=(Block("talk", tuple(lines)),))


def _stops_waiting(text: str, memory: Memory) -> bool:
    """Whether somebody who waits wants to no longer. 不用了 may be the answer to a question."""
    asked = memory.pending is not None or memory.contact_until is not None
    return says("stops_waiting", text) or (not asked and says("declines", text))


def _talk(status: Status, text: str) -> Reply:
    return Reply(status, (_note(text),), confidence=0.0)


def _note(text: str) -> Block:
    return Block("talk", (Statement(text),))


def _storable(message: Message) -> Message:
    """The message with an id, and without characters that no database or answer can hold."""
    text = message.text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    return replace(message, text=text, id=message.id or uuid.uuid4().hex)
