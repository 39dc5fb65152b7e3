"""`/console/conversations/held`: answers that wait for a member of staff to look at them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from bot.console.conversations import clock
from bot.console.conversations_one import MOST_WORDS, refusal
from bot.console.conversations_view import CLAUSES
from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import Visitor, requires
from bot.console.wording import say, table
from bot.handover.drafts import Draft
from dialogs.text import as_text

Staff = Annotated[Visitor, requires("conversations")]
Key = Annotated[int, Path(ge=1, le=2**31 - 1)]


def router(parts: ConsoleParts) -> APIRouter:
    """The list, and sending one as it is or in one's own words."""
    routes = APIRouter(prefix="/conversations/held")
    drafts = parts.app.drafts

    @routes.get("")
    def show(request: Request, visitor: Staff) -> Response:
        return _page(request, visitor)

    @routes.post("/{pk}")
    def send(
        request: Request,
        visitor: Staff,
        pk: Key,
        words: Annotated[str, Form(max_length=MOST_WORDS)] = "",
    ) -> Response:
        draft = drafts.find(pk)
        if draft is None:
            raise HTTPException(404)
        words = words.replace("\r\n", "\n").strip()
        as_it_is = words == shown(draft)
        if not as_it_is and (code := refusal(words)) is not None:
            return _page(request, visitor, 422, say(f"error.{code}"), {pk: words})
        if not drafts.send(pk, visitor.account.name, None if as_it_is else words):
            return _page(request, visitor, 409, say("error.draft_decided"))
        visitor.record("draft_sent" if as_it_is else "draft_edited", f"draft:{pk}")
        return RedirectResponse("/console/conversations/held?done=draft_sent", 303)

    return routes


def shown(draft: Draft) -> str:
    """The draft as the text that staff edit."""
    return as_text(draft.reply).strip()


def _page(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    error: str = "",
    written: dict[int, str] | None = None,
) -> Response:
    parts = visitor.parts
    waiting = parts.app.drafts.waiting()
    return page(
        request,
        "conversations_held.html",
        status,
        drafts=waiting,
        texts={draft.pk: shown(draft) for draft in waiting} | (written or {}),
        held=len(waiting),
        channels=table("channel"),
        statuses=table("reply_status"),
        **CLAUSES,
        most=MOST_WORDS,
        now=parts.now(),
        clock=clock,
        error=error,
    )
