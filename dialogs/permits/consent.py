"""A worker's consent in the conversation of who asks for it: asked for, waited for, made use of.

The registry is looked at by itself while the request stands, so that nobody has to come back and
say that she has agreed; who does say so is answered at once.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from dialogs.memory import Memory, PermitTalk
from dialogs.permits.card import Card, CardBox
from dialogs.permits.reply import led_by, option, question, talk, verdict_reply
from dialogs.reply import Reply, Status
from dialogs.wording import say
from knowledge.registry import permit_number, qr
from knowledge.registry.contract import Purpose
from knowledge.registry.contract_worker import (
    ConsentRequest,
    ConsentState,
    ConsentView,
    DetailScope,
)
from knowledge.registry.outcome import Outcome
from knowledge.registry.permit_number import BadNumber
from knowledge.registry.signing import BadToken
from knowledge.registry.verifier import Check, Verifier
from knowledge.registry.wire import Unavailable

Answer = tuple[Reply, Memory]


@dataclass(frozen=True)
class ConsentTurn:
    """What a conversation does about consent at a moment."""

    verifier: Verifier
    box: CardBox
    now: dt.datetime

    def ask(self, card: Card, memory: Memory) -> Answer:
        """Ask for her consent: the reply holds the link that is for her."""
        try:
            created = self.verifier.client.ask_consent(
                ConsentRequest(
                    permit_no=self._number(card),
                    asker_ref=self.verifier.asker_ref(self.box.place),
                    asker_label=say("permit.asker_label"),
                    purpose=Purpose.PRE_HIRE,
                    scopes=list(DetailScope),
                )
            )
        except (Unavailable, BadNumber, BadToken):
            return self._failed("ask_consent"), memory
        minutes = created.expires_in // 60
        reply = question(
            say("permit.consent", link=created.deeplink, minutes=minutes),
            say("permit.consent_told"),
            missing=["permit_consent"],
        )
        card = replace(card, consent=str(created.consent_id))
        memory = replace(
            memory,
            permit=self.box.talk(card, "consent", self.now),
            consent=self.box.consent(card, self.now),
        )
        return self._waiting(reply), memory

    def told(self, card: Card, memory: Memory) -> Answer | Check:
        """Somebody says that she has agreed: her answer, or (granted) the check to make."""
        view, check = self._state(card)
        if view is None:
            return self._failed("consented"), memory
        if check is not None:
            return check
        if view.state is ConsentState.PENDING:
            reply = question(say("permit_consent.PENDING"), missing=["permit_consent"])
            return self._waiting(reply), memory
        ended = self.box.talk(replace(card, consent=None), "nothing", self.now)
        return self._refused(view.state), replace(memory, permit=ended, consent=None)

    def look(self, memory: Memory) -> tuple[Reply | None, Memory]:
        """Her answer, where one has come since and it is time to look. Told once."""
        waiting = memory.consent
        if waiting is None or self.now < waiting.due_at:
            return None, memory
        over = replace(memory, consent=None)
        card = self.box.to_recheck(waiting)
        if card is None:
            return None, over
        view, check = self._state(card)
        if view is None or view.state is ConsentState.PENDING:
            if self.now >= waiting.until:
                return self._refused(ConsentState.EXPIRED), over
            return None, replace(memory, consent=self.box.still_waiting(waiting, self.now))
        if check is None:
            card = replace(card, consent=None)
            return self._refused(view.state), replace(over, permit=self._resumed(card, memory))
        verdict = self.verifier.verify(check)
        if verdict.outcome in (Outcome.UNAVAILABLE, Outcome.TOO_MANY) and self.now < waiting.until:
            return None, replace(memory, consent=self.box.still_waiting(waiting, self.now))
        card = spent(card, check)
        reply = led_by(verdict_reply(verdict), say("permit.consent_given"))
        return reply, replace(over, permit=self._resumed(card, memory))

    def _state(self, card: Card) -> tuple[ConsentView | None, Check | None]:
        """Where her answer stands (None: nobody knows now) and, granted, the check it opens."""
        try:
            view = self.verifier.client.consent(uuid.UUID(card.consent))
            if view.state is not ConsentState.GRANTED or view.consent_token is None:
                return view, None
            number = self._number(card)
        except (Unavailable, BadNumber, BadToken):
            return None, None
        check = Check(
            uuid.uuid4(),
            asker=self.box.place,
            conversation=self.box.place,
            number=number,
            full_name=card.name,
            id_last4=card.last4,
            consent_token=view.consent_token,
            wants_details=True,
        )
        return view, check

    def _number(self, card: Card) -> str:
        """The permit's number, from what was typed or from its genuine QR."""
        if card.qr is None:
            return permit_number.read(card.number or "").value
        keys = self.verifier.client.keys()
        # Alone or at the end of an address; whether it is genuine its signature says.
        token = card.qr.rsplit("/", 1)[-1]
        return qr.check(token, keys, self.now.timestamp()).number.value

    def _resumed(self, card: Card, memory: Memory) -> PermitTalk | None:
        """The permit talked about: this one again, unless another is being asked for by now."""
        talked = memory.permit
        if talked is not None and talked.waits_for not in ("consent", "nothing"):
            return talked
        return self.box.talk(card, "nothing", self.now)

    @staticmethod
    def _waiting(reply: Reply) -> Reply:
        return replace(reply, options=(option("consented"), option("cancel")), action="recheck")

    @staticmethod
    def _failed(again: str) -> Reply:
        failed = talk(Status.FAILED, say("permit.consent_failed"))
        return replace(failed, options=(option(again),))

    @staticmethod
    def _refused(state: ConsentState) -> Reply:
        reply = talk(Status.ANSWERED, say(f"permit_consent.{state.value}"))
        return replace(reply, options=(option("ask_consent"),))


def spent(card: Card, check: Check) -> Card:
    """The card after her consent was used: named by its number from now on."""
    return replace(card, number=check.number, qr=None, consent=None)
