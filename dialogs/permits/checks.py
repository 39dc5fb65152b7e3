"""The permit conversation: from a number, a name or a photograph to the registry's verdict.

What holds and what does not is decided by the registry's verifier alone. A message's turn is in
turn.py; here is what is looked at though nobody has written. What was given is personal: it
lives in memory only sealed, and the replies say `private`, so that nobody keeps the words.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from dialogs.memory import Memory, Recheck
from dialogs.permits.card import CardBox, Sealing
from dialogs.permits.consent import ConsentTurn
from dialogs.permits.reply import led_by, talk, verdict_reply
from dialogs.permits.turn import WAITS, PermitTurn, check_of
from dialogs.reply import Message, Reply, Status
from dialogs.wording import say
from knowledge.registry.outcome import Outcome, Verdict
from knowledge.registry.verifier import Verifier

# Channels of who sits at this machine, or may.
_HERE = frozenset(("web", "terminal"))
# A recheck that is late by so much is made by nobody: then it is made in the person's own turn.
_OVERDUE = dt.timedelta(seconds=30)


def place_of(channel: str, conversation: str) -> str:
    """The name under which a conversation asks the registry, and to which its memory is sealed."""
    return f"{channel}\0{conversation}"


@dataclass(frozen=True)
class Asked:
    """A recheck and what came of it; no verdict where its time was over."""

    waiting: Recheck
    verdict: Verdict | None


@dataclass(frozen=True)
class Permits:
    """What permit checks need: the registry's verifier, a seal for what is remembered, and where
    workers find their own page (None: at a registry elsewhere). `local`: links to the registry's
    pages open on this machine only, and are given only to who may sit at it."""

    verifier: Verifier
    sealing: Sealing
    mine: str | None = None
    local: bool = False

    def turn(self, message: Message, text: str, plain: str, now: dt.datetime) -> PermitTurn:
        """One turn. `text` is what was said, or what the tapped option says; `plain` the same
        normalised."""
        box = CardBox(self.sealing, place_of(message.channel, message.conversation))
        links = not self.local or message.channel in _HERE
        mine = self.mine if links else None
        return PermitTurn(self.verifier, box, message, text, plain, now, mine, links)

    def ask_again(self, place: str, memory: Memory, now: dt.datetime) -> Asked | None:
        """Make the check that was put off, if it is due. Slow: nobody waits for it."""
        waiting = memory.recheck
        if waiting is None or now < waiting.due_at:
            return None
        card = CardBox(self.sealing, place).to_recheck(waiting) if now < waiting.until else None
        if card is None:
            return Asked(waiting, None)
        check = replace(check_of(uuid.uuid4(), place, card), patient=True)
        return Asked(waiting, self.verifier.verify(check))

    def look(
        self, place: str, memory: Memory, now: dt.datetime, asked: Asked | None
    ) -> tuple[Reply | None, Memory]:
        """What is to be told though nobody has written: the check put off, as it was `asked`, or
        her answer."""
        told, memory = self._after_recheck(place, memory, now, asked)
        if told is not None:
            return told, memory
        return ConsentTurn(self.verifier, CardBox(self.sealing, place), now).look(memory)

    def overdue(self, place: str, memory: Memory, now: dt.datetime) -> tuple[Reply | None, Memory]:
        """Where nobody looks by himself: make the check put off now that the person is there."""
        if memory.recheck is None or now < memory.recheck.due_at + _OVERDUE:
            return None, memory
        return self._after_recheck(place, memory, now, self.ask_again(place, memory, now))

    def _after_recheck(
        self, place: str, memory: Memory, now: dt.datetime, asked: Asked | None
    ) -> tuple[Reply | None, Memory]:
        """What came of a recheck, told once: whoever comes later finds another one, or none."""
        if asked is None or asked.waiting != memory.recheck:
            return None, memory
        box, verdict = CardBox(self.sealing, place), asked.verdict
        card = box.to_recheck(asked.waiting)
        if verdict is None or card is None:
            given_up = talk(Status.NOT_COVERED, say("permit.recheck_given_up"))
            return given_up, replace(memory, recheck=None)
        if verdict.outcome in (Outcome.UNAVAILABLE, Outcome.TOO_MANY):
            return None, replace(memory, recheck=box.again(asked.waiting, now))
        waits = WAITS.get(verdict.outcome, "nothing")
        memory = replace(memory, recheck=None, permit=box.talk(card, waits, now))
        return led_by(verdict_reply(verdict), say("permit.recheck_done")), memory
