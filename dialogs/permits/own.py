"""One's own permit: a worker sees her record with its number and her PIN."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from dialogs.memory import Memory
from dialogs.permits.card import Card, CardBox
from dialogs.permits.consent import Answer
from dialogs.permits.reply import OWN, own_record, question, verdict_reply
from dialogs.wording import say
from knowledge.registry import permit_number
from knowledge.registry.outcome import Outcome, Verdict
from knowledge.registry.permit_number import BadNumber
from knowledge.registry.verifier import TooManyPins, Verifier
from knowledge.registry.wire import Unavailable


@dataclass(frozen=True)
class OwnTurn:
    """What a conversation does about somebody's own permit at a moment. `mine`: where workers find
    their own page (None: at a registry elsewhere)."""

    verifier: Verifier
    box: CardBox
    now: dt.datetime
    mine: str | None

    def asked(self, memory: Memory) -> Answer:
        """She asks to see her record: how, and for her permit's number."""
        reply = question(self._how(), missing=["permit_number"], intent=OWN)
        return reply, self._keep(Card(own=True), "number", memory)

    def _how(self) -> str:
        if self.mine is None:
            return say("permit.own_how")
        return say("permit.own_how_or_page", page=self.mine)

    def shown(self, card: Card, pin: str | None, memory: Memory) -> Answer:
        """Her record, by the number on `card` and her PIN; what of the two is missing is asked."""
        try:
            number = permit_number.read(card.number or "")
        except BadNumber as bad:
            verdict = Verdict(
                Outcome.BAD_NUMBER,
                self.now.timestamp(),
                number_fault=bad.fault,
                number_position=bad.position,
            )
            return verdict_reply(verdict), self._keep(Card(own=True), "number", memory)
        if pin is None:
            asked = question(say("permit.own_pin"), missing=["permit_pin"], intent=OWN)
            return asked, self._keep(card, "pin", memory)
        try:
            view = self.verifier.own_record(number, pin, self.box.place)
        except TooManyPins as error:
            verdict = Verdict(Outcome.TOO_MANY, self.now.timestamp(), resets_at=error.resets_at)
            return verdict_reply(verdict), replace(memory, permit=None)
        except Unavailable:
            reply = verdict_reply(Verdict(Outcome.UNAVAILABLE, self.now.timestamp()))
            return replace(reply, options=()), self._keep(card, "pin", memory)
        if view.confirmed:
            return own_record(view, self.mine), replace(memory, permit=None)
        return own_record(view, self.mine), self._keep(card, "pin", memory)

    def _keep(self, card: Card, waits_for: str, memory: Memory) -> Memory:
        return replace(memory, permit=self.box.talk(card, waits_for, self.now))
