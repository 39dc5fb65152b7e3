"""One turn about a permit: what has been given, what is still missing, what may be done next."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid
from dataclasses import dataclass, replace

from dialogs.memory import Memory
from dialogs.permits.card import Card, CardBox
from dialogs.permits.consent import Answer, ConsentTurn, spent
from dialogs.permits.own import OwnTurn
from dialogs.permits.reading import (
    Given,
    advice_in,
    beginning,
    given_in,
    is_whole,
    permit_says,
    symbols_in,
)
from dialogs.permits.reply import (
    INTENT,
    OWN,
    led_by,
    next_step,
    promising,
    question,
    talk,
    verdict_reply,
)
from dialogs.reply import Message, Reply, Status
from dialogs.wording import say
from knowledge.registry import permit_number, qr
from knowledge.registry.outcome import Outcome, Verdict
from knowledge.registry.permit_number import BadNumber
from knowledge.registry.verifier import Check, SameIdOtherCheck, Verifier

_CHECKS = uuid.UUID("6b0a4a3e-6a0f-5a55-9a53-6f1f6a1b7c21")
# What is waited for after an outcome; after all others nothing.
WAITS = {
    Outcome.PERSON_NOT_CHECKED: "factor",
    Outcome.NOT_CONFIRMED: "factor",
    Outcome.BAD_NUMBER: "number",
    Outcome.BAD_QR: "number",
    Outcome.UNREADABLE_PHOTO: "number",
}
_ADVICE = {
    "suspended": Outcome.SUSPENDED,
    "revoked": Outcome.REVOKED,
    "expired": Outcome.EXPIRED,
}
_SHORT = 14  # characters of a question that can only be about the permit just looked at


@dataclass(frozen=True)
class PermitTurn:
    """A turn that is, or may be, about a permit."""

    verifier: Verifier
    box: CardBox
    message: Message
    text: str
    plain: str
    now: dt.datetime
    mine: str | None = None
    links: bool = True

    def answer(self, memory: Memory) -> Answer | None:
        """The turn where the message is about a permit by what it holds, or by what was asked
        before; None for every other message."""
        if self.message.images:
            return _private(self._photo(memory))
        given = given_in(self.text)
        if given.numbers:
            return _private(self._numbers(given, memory))
        if memory.recheck is not None and permit_says("stop_later", self.plain):
            ended = replace(memory, permit=None, recheck=None)
            return talk(Status.ANSWERED, say("permit.cancelled")), ended
        if memory.permit is not None:
            if permit_says("cancel", self.plain):
                ended = replace(memory, permit=None, recheck=None, consent=None)
                return talk(Status.ANSWERED, say("permit.cancelled")), ended
            return self._step(memory) or self._waited_for(given, memory)
        if given.half and (given.half_alone or permit_says("half_cue", self.plain)):
            return _private(self._half(given.half, Card(name=given.name), memory))
        return None

    def asked(self, intent: str, memory: Memory) -> Answer:
        """The turn of a message that asks for a check (or for one's own permit) in words alone."""
        if intent == OWN:
            return self._own().asked(memory)
        advice = self._advice()
        if advice is not None:
            return advice, memory
        name = given_in(self.text).name
        reply, memory = self._numberless(Card(name=name), memory)
        return replace(reply, private=name is not None), memory

    # --- what was given ------------------------------------------------------------------------

    def _numbers(self, given: Given, memory: Memory) -> Answer:
        if len(given.numbers) > 1:
            reply = question(say("permit.one_at_a_time"), missing=["permit_number"])
            return reply, self._keep(Card(), "number", memory)
        before = self.box.card(memory.permit)
        waits = memory.permit.waits_for if memory.permit else "nothing"
        number = given.numbers[0]
        if permit_says("own", self.plain) or (before.own and waits in ("number", "pin")):
            return self._own().shown(Card(number=number, own=True), given.pin, memory)
        factor = given if given.factor else before if waits == "number" else given
        card = Card(number=number, name=factor.name, last4=factor.last4)
        if beginning(number) and not is_whole(number):
            return self._half(number, card, memory)
        reply, memory = self._checked(card, memory, details=permit_says("details", self.plain))
        return self._noted(reply, given), memory

    def _numberless(self, card: Card, memory: Memory) -> Answer:
        """A name finds nobody: the number is asked for, in the registry's words."""
        check = check_of(self._id(), self.box.place, replace(card, number=None))
        return verdict_reply(self._verify(check)), self._keep(card, "number", memory)

    def _half(self, half: str, card: Card, memory: Memory) -> Answer:
        text = say("permit.half", count=symbols_in(half), whole=permit_number.LENGTH)
        reply = question(text, missing=["permit_number"])
        return reply, self._keep(replace(card, number=half), "number", memory)

    def _waited_for(self, given: Given, memory: Memory) -> Answer | None:
        """The turn of a message that gives what was asked for."""
        assert memory.permit is not None  # noqa: S101 - only called while one is there
        waits, card = memory.permit.waits_for, self.box.card(memory.permit)
        if waits == "factor" and given.factor:
            card = replace(card, name=given.name, last4=given.last4)
            reply, memory = self._checked(card, memory)
            return _private((self._noted(reply, given), memory))
        if waits == "factor" and permit_says("unknown", self.plain):
            return question(say("permit.no_factor"), missing=["permit_factor"]), memory
        if waits == "pin" and given.pin:
            return _private(self._own().shown(card, given.pin, memory))
        if waits == "number" and permit_says("no_number", self.plain):
            return question(say("permit.no_number"), missing=["permit_number"]), memory
        if waits == "number" and not given.phone and not given.id_number:
            if given.half:
                return _private(self._half(given.half, card, memory))
            if card.number and given.rest:
                return _private(self._joined(card, given, memory))
            if given.name:
                return _private(self._numberless(replace(card, name=given.name), memory))
        if given.phone or given.id_number:
            note = "permit.no_id" if given.id_number else "permit.no_phone"
            wanted = say(f"permit.wanted_{waits}")
            return _private((question(say(note), wanted, missing=[f"permit_{waits}"]), memory))
        return None

    def _joined(self, card: Card, given: Given, memory: Memory) -> Answer:
        """The rest of a number whose beginning came before."""
        number = f"{card.number} {given.rest}"
        # Four digits are the rest of the number here, not the last four of an ID number.
        card = replace(card, number=number, name=given.name or card.name)
        if card.own:
            return self._own().shown(card, None, memory)
        if beginning(number) and not is_whole(number):
            return self._half(number, card, memory)
        return self._checked(card, memory)

    def _photo(self, memory: Memory) -> Answer:
        given = given_in(self.text)
        if len(self.message.images) > 1:
            verdict = Verdict(Outcome.UNREADABLE_PHOTO, self.now.timestamp())
            return verdict_reply(verdict), self._keep(Card(), "number", memory)
        photo = self.message.images[0]
        card = Card(name=given.name, last4=given.last4)
        check = replace(check_of(self._id(), self.box.place, card), photo=photo)
        verdict = self._verify(check)
        if verdict.positive or verdict.outcome in (Outcome.UNAVAILABLE, Outcome.NOT_CONFIRMED):
            with contextlib.suppress(qr.UnreadablePhoto):
                card = replace(card, qr=qr.read_photo(photo))
        return self._told(verdict, card, memory)

    # --- the check -----------------------------------------------------------------------------

    def _checked(
        self, card: Card, memory: Memory, *, details: bool = False, consent: str | None = None
    ) -> Answer:
        check = check_of(self._id(), self.box.place, card)
        check = replace(check, wants_details=details or consent is not None, consent_token=consent)
        return self._told(self._verify(check), card, memory)

    def _told(self, verdict: Verdict, card: Card, memory: Memory) -> Answer:
        """The verdict; a registry that did not answer is asked again by itself."""
        reply, after = verdict_reply(verdict), self._after(verdict, card, memory)
        waiting = self.box.to_recheck(memory.recheck) if memory.recheck else None
        if verdict.outcome is not Outcome.UNAVAILABLE:
            done = waiting is not None and _same(waiting, card)
            return reply, replace(after, recheck=None) if done else after
        if not card.known or (waiting is not None and not _same(waiting, card)):
            return reply, after  # what is promised of another permit is kept
        return promising(reply), replace(after, recheck=self.box.recheck(card, self.now))

    def _verify(self, check: Check) -> Verdict:
        try:
            return self.verifier.verify(check)
        except SameIdOtherCheck:  # a channel that gives one id to two messages
            return self.verifier.verify(replace(check, request_id=uuid.uuid4()))

    def _id(self) -> uuid.UUID:
        """One id for one message, however often it is delivered."""
        if not self.message.id:
            return uuid.uuid4()
        return uuid.uuid5(_CHECKS, f"{self.box.place}\0{self.message.id}")

    def _after(self, verdict: Verdict, card: Card, memory: Memory) -> Memory:
        waits = verdict.needs[0] if verdict.needs else WAITS.get(verdict.outcome, "nothing")
        if verdict.outcome is Outcome.BAD_NUMBER:
            card = replace(card, number=None)
        return self._keep(card, waits, memory)

    def _keep(self, card: Card, waits_for: str, memory: Memory) -> Memory:
        return replace(memory, permit=self.box.talk(card, waits_for, self.now))

    def _noted(self, reply: Reply, given: Given) -> Reply:
        return led_by(reply, say("permit.no_id")) if given.id_number else reply

    # --- next steps ----------------------------------------------------------------------------

    def _step(self, memory: Memory) -> Answer | None:
        """The turn of one of the offered next steps, tapped or said."""
        assert memory.permit is not None  # noqa: S101 - only called while one is there
        card, waits = self.box.card(memory.permit), memory.permit.waits_for
        if permit_says("another", self.plain):
            asked = question(say("permit.another"), missing=["permit_number"])
            return asked, self._keep(Card(own=card.own), "number", memory)
        if waits == "consent" and permit_says("consented", self.plain):
            return self._consented(card, memory)
        if waits == "nothing" and permit_says("consented", self.plain):
            return talk(Status.ANSWERED, say("permit.consent_none")), memory
        if not card.known:
            return None
        if permit_says("again", self.plain):
            return self._checked(card, memory)
        if permit_says("ask_consent", self.plain):
            if not self.links:
                return talk(Status.NOT_COVERED, say("permit.consent_no_link")), memory
            return self._consent().ask(card, memory)
        if permit_says("later", self.plain):
            reply = talk(Status.ANSWERED, say("permit.recheck_promised"))
            memory = replace(memory, recheck=self.box.recheck(card, self.now))
            return replace(reply, action="recheck"), memory
        if permit_says("details", self.plain):
            return self._checked(card, memory, details=True)
        if len(self.plain) > _SHORT:
            return None
        if (advice := self._advice()) is not None:
            return advice, memory
        if permit_says("whose", self.plain):
            return talk(Status.REFUSED, say("permit.whose")), memory
        if permit_says("judged", self.plain):
            reply, memory = self._checked(card, memory)
            return led_by(reply, say("permit.once_more")), memory
        return None

    def _advice(self) -> Reply | None:
        """General advice on a permit's state, or on complaining."""
        kind = advice_in(self.plain)
        if kind is None:
            return None
        if kind in _ADVICE:
            return talk(Status.ANSWERED, next_step(_ADVICE[kind], self.now))
        return talk(Status.ANSWERED, say("permit.complain"))

    # --- her consent ---------------------------------------------------------------------------

    def _consented(self, card: Card, memory: Memory) -> Answer:
        told = self._consent().told(card, memory)
        if isinstance(told, tuple):
            return told
        verdict = self._verify(replace(told, request_id=self._id()))
        return self._told(verdict, spent(card, told), replace(memory, consent=None))

    def _consent(self) -> ConsentTurn:
        return ConsentTurn(self.verifier, self.box, self.now)

    def _own(self) -> OwnTurn:
        return OwnTurn(self.verifier, self.box, self.now, self.mine)


def check_of(request_id: uuid.UUID, place: str, card: Card) -> Check:
    """The check of what a card holds, asked for by the conversation at `place`."""
    return Check(
        request_id,
        asker=place,
        conversation=place,
        number=card.number if card.qr is None else None,
        full_name=card.name,
        id_last4=card.last4,
        qr_text=card.qr,
    )


def _same(one: Card, other: Card) -> bool:
    """Whether both are of one permit, however its number is written."""
    if one.qr or other.qr:
        return one.qr == other.qr
    try:
        return permit_number.read(one.number or "") == permit_number.read(other.number or "")
    except BadNumber:
        return False


def _private(answer: Answer) -> Answer:
    reply, memory = answer
    return replace(reply, private=True, intent=reply.intent or INTENT), memory
