"""`/console/conversations`: who waits, who has whom, who wants to be called back, and the past."""

from __future__ import annotations

import datetime as dt
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from bot.console import accounts
from bot.console.conversations_found import A_PAGE, Wanted, channels, past, pulse, queue
from bot.console.conversations_stream import stream
from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import Visitor, requires
from bot.console.wording import say, table
from knowledge.standing import CHINA, china_day

_USUAL_DAYS = 7

Staff = Annotated[Visitor, requires("conversations")]
Text = Annotated[str, Query(max_length=40)]


def router(parts: ConsoleParts) -> APIRouter:
    """The lists. A single conversation is in conversations_one.py."""
    routes = APIRouter(prefix="/conversations")

    @routes.get("")
    def show(request: Request, visitor: Staff) -> Response:
        now_open = queue(parts.app, visitor.account.name)
        with parts.engine.connect() as connection:
            labels = labels_of(accounts.everybody(connection))
        return page(
            request,
            "conversations.html",
            queue=now_open,
            held=pulse(parts.engine, visitor.account.name).held,
            labels=labels,
            channels=table("channel"),
            now=parts.now(),
            clock=clock,
        )

    @routes.get("/stream")
    async def watch(visitor: Staff) -> Response:
        return stream(visitor)

    @routes.get("/waiting")
    def waiting(visitor: Staff) -> Response:
        parts.app.handovers.present(visitor.account.name)
        now = pulse(parts.engine, visitor.account.name)
        return JSONResponse({"waiting": now.waiting, "held": now.held})

    @routes.get("/past")
    def search(
        request: Request,
        visitor: Staff,
        channel: Text = "",
        status: Text = "",
        since: Text = "",
        until: Text = "",
        before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    ) -> Response:
        today = china_day(parts.now())
        asked = {
            "channel": channel,
            "status": status,
            "since": since or f"{today - dt.timedelta(days=_USUAL_DAYS)}",
            "until": until or f"{today}",
        }
        wanted = _wanted(asked)
        with parts.engine.connect() as connection:
            found = past(connection, wanted, A_PAGE + 1, before) if wanted else []
            known = channels(connection)
        older = (
            asked | {"before": str(found[A_PAGE - 1].last_turn)} if len(found) > A_PAGE else None
        )
        return page(
            request,
            "conversations_past.html",
            200 if wanted else 422,
            found=found[:A_PAGE],
            asked=asked,
            channels={name: table("channel").get(name, name) for name in known},
            statuses=table("reply_status"),
            states=table("handover_state"),
            older=f"?{urlencode(older)}" if older else "",
            held=pulse(parts.engine, visitor.account.name).held,
            error="" if wanted else say("error.period"),
        )

    return routes


def labels_of(everybody: list[accounts.Account]) -> dict[str, str]:
    """What each account's person is called."""
    return {account.name: account.label for account in everybody}


def clock(since: dt.datetime, until: dt.datetime) -> str:
    """A length of time as a stopwatch shows it (static/live.js goes on counting)."""
    seconds = max(0, int((until - since).total_seconds()))
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def _wanted(asked: dict[str, str]) -> Wanted | None:
    """What is looked for; None for a period that is none."""
    try:
        since, until = (_midnight(asked[name]) for name in ("since", "until"))
    except ValueError:
        return None
    if since > until:
        return None
    # The last day counts.
    return Wanted(since, until + dt.timedelta(days=1), asked["channel"], asked["status"])


def _midnight(text: str) -> dt.datetime:
    day = dt.date.fromisoformat(text.strip())
    if not 2000 <= day.year <= 2200:
        raise ValueError("no day of ours")
    return dt.datetime.combine(day, dt.time(), CHINA).astimezone(dt.UTC)
