"""`/console/conversations/{pk}`: one conversation, read by whoever may, spoken in by who has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy import select

from bot.console import accounts, notes
from bot.console.audit import AuditRow
from bot.console.canned import BLANK
from bot.console.conversations_draft import bot_draft
from bot.console.conversations_stream import stream
from bot.console.conversations_view import (
    colleagues,
    is_theirs,
    show_conversation,
    show_draft,
)
from bot.console.parts import ConsoleParts
from bot.console.security import CSRF_HEADER, Visitor, requires
from bot.console.sessions import SessionRow
from bot.console.wording import say, table
from bot.conversations.held import Held
from bot.conversations.kept import Place, history, memory_of, place_at
from bot.handover.voice import talk
from bot.problems import problem
from bot.redact import redact
from dialogs.reply import Reply
from dialogs.text import as_text

MOST_WORDS = 3000  # characters

Staff = Annotated[Visitor, requires("conversations")]
Key = Annotated[int, Path(ge=1, le=2**31 - 1)]
Words = Annotated[str, Form(max_length=MOST_WORDS)]
Name = Annotated[str, Form(max_length=60)]


def router(parts: ConsoleParts) -> APIRouter:
    """The page of a conversation and what staff do in it."""
    routes = APIRouter(prefix="/conversations/{pk}")
    handovers = parts.app.handovers

    @routes.get("")
    def show(request: Request, visitor: Staff, pk: Key) -> Response:
        place = _place(parts, pk)
        _note_look(visitor, pk)
        return show_conversation(request, visitor, pk, place)

    @routes.get("/stream")
    async def watch(visitor: Staff, pk: Key) -> Response:
        return stream(visitor, pk)

    @routes.get("/draft")
    def draft(
        request: Request,
        visitor: Staff,
        pk: Key,
        turn: Annotated[int, Query(ge=1, le=2**31 - 1)] = 1,
    ) -> Response:
        place = _place(parts, pk)
        if not is_theirs(handovers.of_conversation(pk), visitor.account.name):
            raise HTTPException(404)
        return show_draft(request, visitor, place, turn)

    @routes.post("/take")
    def take(request: Request, visitor: Staff, pk: Key) -> Response:
        place, me = _place(parts, pk), visitor.account.name
        found = handovers.of_conversation(pk)
        if found is None or found.state == "closed":
            done = handovers.take_over(pk, me) is not None
        else:
            done = handovers.take(found.pk, me)
        if done:
            visitor.record("conversation_taken", f"conversation:{pk}")
        elif not is_theirs(handovers.of_conversation(pk), me):
            return _refused(request, visitor, pk, place, _who_has_it(visitor, pk))
        return RedirectResponse(_here(pk), 303)

    @routes.post("/say")
    def speak(
        request: Request,
        visitor: Staff,
        pk: Key,
        words: Words = "",
        key: Annotated[str, Form(pattern=r"^[A-Za-z0-9-]{0,64}$")] = "",
        draft: Annotated[int | None, Form(ge=1, le=2**31 - 1)] = None,
    ) -> Response:
        place, found = _place(parts, pk), handovers.of_conversation(pk)
        words = words.replace("\r\n", "\n").strip()
        code = refusal(words)
        if code is not None:
            return _refused(request, visitor, pk, place, say(f"error.{code}"), 422)
        if found is None or not is_theirs(found, visitor.account.name):
            return _refused(request, visitor, pk, place, _who_has_it(visitor, pk))
        reply, also = _meant(visitor, place, words, draft)
        if not handovers.say(found.pk, visitor.account.name, reply, key, also):
            return _refused(request, visitor, pk, place, _who_has_it(visitor, pk))
        return _done(request, pk)

    @routes.post("/close")
    def close(
        request: Request, visitor: Staff, pk: Key, code: Name = "", rating: Name = ""
    ) -> Response:
        place, found = _place(parts, pk), handovers.of_conversation(pk)
        if code not in table("close_code"):
            return _refused(request, visitor, pk, place, say("error.close_code"), 422)
        me = visitor.account.name
        if found is None or not handovers.close(found.pk, me, code, ask_rating=bool(rating)):
            return _refused(request, visitor, pk, place, _who_has_it(visitor, pk))
        visitor.record("conversation_closed", f"conversation:{pk}")
        return RedirectResponse("/console/conversations?done=conversation_closed", 303)

    @routes.post("/transfer")
    def transfer(request: Request, visitor: Staff, pk: Key, to: Name = "") -> Response:
        place, found = _place(parts, pk), handovers.of_conversation(pk)
        if to and to not in {colleague.name for colleague in colleagues(visitor)}:
            return _refused(request, visitor, pk, place, say("error.no_colleague"), 422)
        me = visitor.account.name
        if found is None or not handovers.transfer(found.pk, me, to or None):
            return _refused(request, visitor, pk, place, _who_has_it(visitor, pk))
        visitor.record("conversation_transferred", f"conversation:{pk}")
        return RedirectResponse("/console/conversations?done=conversation_transferred", 303)

    @routes.post("/note")
    def note(
        request: Request,
        visitor: Staff,
        pk: Key,
        text: Annotated[str, Form(max_length=notes.MOST)] = "",
    ) -> Response:
        place = _place(parts, pk)
        if not text.strip():
            return _refused(request, visitor, pk, place, say("error.note_empty"), 422)
        with parts.engine.begin() as connection:
            notes.add(connection, pk, visitor.account.name, text, parts.now())
            visitor.record("note_added", f"conversation:{pk}", connection)
        return _done(request, pk)

    @routes.post("/contact")
    def contact(request: Request, visitor: Staff, pk: Key) -> Response:
        place, found = _place(parts, pk), handovers.of_conversation(pk)
        if found is None or not is_theirs(found, visitor.account.name):
            return _refused(request, visitor, pk, place, _who_has_it(visitor, pk))
        visitor.record("contact_seen", f"conversation:{pk}")  # first: no look without its line
        number = handovers.contact(found.pk)
        return JSONResponse({"contact": number or say("no_contact")})

    return routes


def refusal(words: str) -> str | None:
    """Why staff cannot say this: a key of wording.yaml's `error`; None when they can."""
    if not words:
        return "words_empty"
    if BLANK in words:
        return "words_blank"
    # It would be taken out of what is stored, and on some channels of what the person reads.
    return "personal" if redact(words, offices=True) != words else None


@dataclass(frozen=True)
class _Used:
    """Keeps that a draft of the bot's was said, in the turn that says it."""

    parts: ConsoleParts
    staff: str
    question: str
    draft: Reply
    edited: bool

    def __call__(self, conversation: Held, turn: int) -> None:
        self.parts.app.drafts.used(
            conversation, self.question, self.draft, self.staff, turn, edited=self.edited
        )


def _meant(
    visitor: Visitor, place: Place, words: str, draft: int | None
) -> tuple[Reply, Callable[[Held, int], None]]:
    """What is said. When it began as the bot's draft for the turn `draft` it is that draft itself,
    clauses and all, if not a word was changed; either is kept."""
    parts = visitor.parts
    found = None
    if draft is not None:
        turns = history(parts.engine, *place)
        found = bot_draft(parts.app.conversation, memory_of(parts.engine, *place), turns, draft)
    if found is None or found.reply is None:
        return talk(words), _nothing
    edited = words != as_text(found.reply).strip()
    reply = talk(words) if edited else found.reply
    return reply, _Used(parts, visitor.account.name, found.question, found.reply, edited)


def _nothing(_conversation: Held, _turn: int) -> None:
    """No draft was used."""


def _place(parts: ConsoleParts, pk: int) -> Place:
    place = place_at(parts.engine, pk)
    if place is None:
        raise HTTPException(404)
    return place


def _note_look(visitor: Visitor, pk: int) -> None:
    """A line in the audit, once for each log-in and conversation."""
    about = f"conversation:{pk}"
    begun = select(SessionRow.created_at).where(SessionRow.pk == visitor.session).scalar_subquery()
    known = select(AuditRow.pk).where(
        AuditRow.who == visitor.account.name,
        AuditRow.action == "conversation_read",
        AuditRow.about == about,
        AuditRow.at >= begun,
    )
    with visitor.parts.engine.connect() as connection:
        if connection.execute(known.limit(1)).first():
            return
    visitor.record("conversation_read", about)


def _who_has_it(visitor: Visitor, pk: int) -> str:
    """Why this member of staff cannot do anything here, in words."""
    found = visitor.parts.app.handovers.of_conversation(pk)
    if found is None or found.state == "closed":
        return say("error.not_taken")
    name = found.staff or found.meant_for
    if name is None or name == visitor.account.name:
        return say("error.not_taken")
    with visitor.parts.engine.connect() as connection:
        account = accounts.named(connection, name)
    code = "taken_by" if found.staff else "meant_for"
    return say(f"error.{code}", label=account.label if account else name)


def _refused(
    request: Request, visitor: Visitor, pk: int, place: Place, text: str, status: int = 409
) -> Response:
    if CSRF_HEADER in request.headers:
        return problem(status, text)
    return show_conversation(request, visitor, pk, place, status, text)


def _done(request: Request, pk: int) -> Response:
    if CSRF_HEADER in request.headers:
        return Response(status_code=204)
    return RedirectResponse(_here(pk), 303)


def _here(pk: int) -> str:
    return f"/console/conversations/{pk}"
