"""`/console/permits`: a permit checked by staff, with the same rules as for everybody.

The same verifier, so the same quotas (the account is the asker), the same uniform answers and the
same record. What was given stays in the page only, sealed and for ten minutes, so that a check can
be repeated and the worker's consent asked for.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, HTTPException, Request, UploadFile
from fastapi.responses import Response

from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import Visitor, requires
from bot.console.wording import say
from dialogs.memory import Memory, PermitTalk
from dialogs.permits.card import Card, CardBox
from dialogs.permits.checks import Permits, place_of
from dialogs.permits.consent import ConsentTurn, spent
from dialogs.permits.reply import verdict_reply
from dialogs.reply import Reply
from dialogs.wording import say as in_plain_words
from knowledge.registry import permit_number, qr
from knowledge.registry.contract import Purpose
from knowledge.registry.outcome import Outcome, Verdict
from knowledge.registry.permit_number import BadNumber
from knowledge.registry.verifier import Check

Staff = Annotated[Visitor, requires("permits")]
Next = Literal["again", "ask_consent", "consented"]
_MOST_PHOTO = 5 * 1024 * 1024
_NOTHING_CHECKED = frozenset((Outcome.TOO_MANY, Outcome.BAD_NUMBER, Outcome.UNREADABLE_PHOTO))


@dataclass(frozen=True)
class _Found:
    """What a check or a step of consent came to, and what may be done next."""

    reply: Reply
    card: Card
    steps: tuple[Next, ...] = ()


def router(parts: ConsoleParts) -> APIRouter:
    """The form, the check, and what may be done after it."""
    routes = APIRouter(prefix="/permits")

    @routes.get("")
    def empty(request: Request, _visitor: Staff) -> Response:
        return page(request, "permits.html", found=None, held="", until="")

    @routes.post("/check")
    def check(
        request: Request,
        visitor: Staff,
        number: Annotated[str, Form(max_length=200)] = "",
        name: Annotated[str, Form(max_length=40)] = "",
        last4: Annotated[str, Form(max_length=10)] = "",
        photo: Annotated[UploadFile | None, File()] = None,
    ) -> Response:
        """Check a number with a name or the last four of an ID number, or a photograph."""
        permits = _connected(parts)
        picture = photo.file.read(_MOST_PHOTO + 1) if photo is not None else b""
        card = Card(number=_clean(number), name=_clean(name), last4=_clean(last4))
        verdict = permits.verifier.verify(_check(visitor, card, picture or None))
        if picture:
            card = _named_by(picture, card, verdict)
        return _shown(request, visitor, permits, _after(visitor, verdict, card))

    @routes.post("/next")
    def go_on(
        request: Request,
        visitor: Staff,
        step: Annotated[Next, Form()],
        held: Annotated[str, Form(max_length=20_000)] = "",
        until: Annotated[dt.datetime | None, Form()] = None,
    ) -> Response:
        """Check once more, ask for her consent, or look whether she has given it."""
        permits = _connected(parts)
        card = _held(parts, permits, visitor, held, until)
        if not card.known:
            error = say("error.permit_again")
            return page(request, "permits.html", 422, found=None, held="", until="", error=error)
        if step == "again":
            verdict = permits.verifier.verify(_check(visitor, card))
            return _shown(request, visitor, permits, _after(visitor, verdict, card))
        consent = ConsentTurn(permits.verifier, _box(permits, visitor), parts.now())
        if step == "ask_consent":
            visitor.record("permit_consent_asked", _about(card))
            reply, memory = consent.ask(card, Memory())
            card = consent.box.card(memory.permit) if memory.permit else card
            steps: tuple[Next, ...] = ("consented",) if card.consent else ("ask_consent",)
            return _shown(request, visitor, permits, _Found(reply, card, steps))
        if card.consent is None:
            raise HTTPException(422)
        told = consent.told(card, Memory())
        if isinstance(told, Check):
            verdict = permits.verifier.verify(told)
            return _shown(request, visitor, permits, _after(visitor, verdict, spent(card, told)))
        reply, memory = told
        # Once it is refused, or has run out, it may be asked for again.
        over = memory.permit is not None
        found = _Found(reply, card, ("ask_consent",) if over else ("consented",))
        return _shown(request, visitor, permits, found)

    def _shown(request: Request, visitor: Visitor, permits: Permits, found: _Found) -> Response:
        talk = _box(permits, visitor).talk(found.card, "nothing", parts.now())
        return page(
            request,
            "permits.html",
            found=found,
            held=talk.sealed if found.steps else "",
            until=talk.until.isoformat(),
            step_words={step: in_plain_words(f"permit_option.{step}") for step in found.steps},
        )

    return routes


def _connected(parts: ConsoleParts) -> Permits:
    permits = parts.app.conversation.permits
    if permits is None:
        raise HTTPException(404)
    return permits


def _check(visitor: Visitor, card: Card, photo: bytes | None = None) -> Check:
    asker = place_of("console", visitor.account.name)
    return Check(
        uuid.uuid4(),
        asker=asker,
        conversation=asker,
        number=None if card.qr else card.number,
        full_name=card.name,
        id_last4=card.last4,
        photo=photo,
        qr_text=card.qr,
        purpose=Purpose.PRE_HIRE,
    )


def _after(visitor: Visitor, verdict: Verdict, card: Card) -> _Found:
    """The verdict as it is shown; a check that was made is in the audit."""
    if not verdict.needs and verdict.outcome not in _NOTHING_CHECKED:
        visitor.record("permit_checked", _about(card, verdict))
    steps: tuple[Next, ...] = ()
    if card.known and not verdict.needs and verdict.outcome not in _NOTHING_CHECKED:
        ask = verdict.positive and verdict.components is None
        steps = ("again", "ask_consent") if ask else ("again",)
    return _Found(verdict_reply(verdict), card, steps)


def _about(card: Card, verdict: Verdict | None = None) -> str | None:
    """The permit for the audit: the last four of its number, as far as it is known."""
    if verdict is not None and verdict.permit is not None:
        return f"permit:…{verdict.permit.no_masked[-4:]}"
    if card.number:
        try:
            return f"permit:…{permit_number.read(card.number).value[-4:]}"
        except BadNumber:
            return None
    return None


def _named_by(picture: bytes, card: Card, verdict: Verdict) -> Card:
    """The card with the photographed code, where the permit may be looked at again."""
    if not verdict.positive and verdict.outcome is not Outcome.UNAVAILABLE:
        return Card(name=card.name, last4=card.last4)
    try:
        return Card(name=card.name, last4=card.last4, qr=qr.read_photo(picture))
    except qr.UnreadablePhoto:
        return Card(name=card.name, last4=card.last4)


def _box(permits: Permits, visitor: Visitor) -> CardBox:
    return CardBox(permits.sealing, place_of("console", visitor.account.name))


def _held(
    parts: ConsoleParts, permits: Permits, visitor: Visitor, held: str, until: dt.datetime | None
) -> Card:
    """What the page held, for as long as it may."""
    if until is None or until.tzinfo is None or until <= parts.now():
        return Card()
    return _box(permits, visitor).card(PermitTalk(held, "nothing", until))


def _clean(text: str) -> str | None:
    return text.strip().encode("utf-8", "replace").decode() or None
