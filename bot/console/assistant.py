"""`/console/assistant`: an operator types while the caller talks, and the answer stands there.

Nothing is kept on the server: question, area, day and facts come with each request, and the call
so far is sealed into the page (assistant_call.py). The same page answers with and without script.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from bot.console.assistant_answer import Answer, Wish, answered
from bot.console.assistant_call import REGION, Call, opened, sealed
from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import Visitor, requires
from bot.console.wording import say, table
from bot.review.heard import note_missing
from dialogs.wording import say as in_plain_words
from knowledge.standing import Standing, china_day

Operator = Annotated[Visitor, requires("assistant")]
_LONGEST_FIELD = 200
_MOST_FIELDS = 200


async def _sent(request: Request) -> FormData:
    return await request.form(max_files=0, max_fields=_MOST_FIELDS)


Sent = Annotated[FormData, Depends(_sent)]


def router(parts: ConsoleParts) -> APIRouter:
    """The page, empty and with an answer."""
    routes = APIRouter(prefix="/assistant")
    words = parts.app.conversation.words

    @routes.get("")
    def new_call(request: Request, visitor: Operator) -> Response:
        return _page(request, visitor, Call(), None)

    @routes.post("")
    def ask(request: Request, visitor: Operator, sent: Sent) -> Response:
        call = opened(_text(sent, "call"), parts.app.seal, visitor.account.name)
        # A question asked before or an option chosen goes before what stands in the field.
        question = _text(sent, "pick") or _text(sent, "q")
        meant = _text(sent, "meant")
        call = call.given(question, meant if meant in words.topics else "", _fields(sent))
        as_of, error = _day(_text(sent, "as_of"))
        if not question:
            return _page(request, visitor, call, None, error=error)
        picked = bool(_text(sent, "pick") or meant)
        wish = Wish(as_of, picked or bool(_text(sent, "accept")), bool(_text(sent, "compare")))
        answer = answered(parts.app, call, wish)
        noted = bool(_text(sent, "note"))
        if noted:
            note_missing(
                parts.engine, question, answer.region or None, visitor.account.name, parts.now()
            )
        return _page(request, visitor, answer.call, answer, wish, error=error, noted=noted)

    def _page(
        request: Request,
        visitor: Visitor,
        call: Call,
        answer: Answer | None,
        wish: Wish | None = None,
        *,
        error: str = "",
        noted: bool = False,
    ) -> Response:
        region = answer.region if answer else call.told.get(REGION, "")
        codes = dict.fromkeys((*parts.app.library.regions(), region))
        return page(
            request,
            "assistant.html",
            error=error,
            call=call,
            state=sealed(call, parts.app.seal, visitor.account.name),
            answer=answer,
            wish=wish or Wish(),
            region=region,
            regions={code: words.regions[code].label for code in codes if code in words.regions},
            today=china_day(parts.now()),
            most=parts.app.conversation.max_chars,
            noted=noted,
            standing_words=_standings(),
            statuses=table("assistant_status"),
            truths=table("assistant_truth"),
        )

    return routes


def _text(sent: FormData, name: str) -> str:
    found = sent.get(name, "")
    return found.strip() if isinstance(found, str) else ""


def _fields(sent: FormData) -> dict[str, str]:
    """The facts as the form tells them; what is no fact's field is not looked at."""
    fields = {}
    for name in sent:
        if name.startswith("f."):
            fields[name.removeprefix("f.")] = _text(sent, name)[:_LONGEST_FIELD]
    return fields


def _day(text: str) -> tuple[dt.date | None, str]:
    """The day asked for (None: today), and what is wrong with it."""
    if not text:
        return None, ""
    try:
        return dt.date.fromisoformat(text), ""
    except ValueError:
        return None, say("error.day")


def _standings() -> dict[str, str]:
    return {one.value: in_plain_words(f"standing.short.{one.value}") for one in Standing}
