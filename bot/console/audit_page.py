"""`/console/audit`: the record of what was seen and done, searched and exported."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from bot.console import accounts, audit
from bot.console.audit import Line, Search
from bot.console.parts import ConsoleParts
from bot.console.rendering import moment, page
from bot.console.roles import pages
from bot.console.security import Visitor, requires
from bot.console.wording import say, table
from knowledge.standing import CHINA

_A_PAGE = 50  # lines

Auditor = Annotated[Visitor, requires("audit")]
Text = Annotated[str, Query(max_length=200)]


def router(parts: ConsoleParts) -> APIRouter:
    """The search and its export."""
    routes = APIRouter(prefix="/audit")

    @routes.get("")
    def show(
        request: Request,
        _visitor: Auditor,
        who: Text = "",
        action: Text = "",
        about: Text = "",
        since: Text = "",
        until: Text = "",
        before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
        check: Text = "",
    ) -> Response:
        asked = {"who": who, "action": action, "about": about, "since": since, "until": until}
        wanted = _search(asked)
        lines: list[Line] = []
        with parts.engine.connect() as connection:
            names = audit.names(connection)
            if wanted is not None:
                lines = audit.search(connection, wanted, _A_PAGE + 1, before)
        more = len(lines) > _A_PAGE
        lines = lines[:_A_PAGE]
        filled = {key: value for key, value in asked.items() if value}
        return page(
            request,
            "audit.html",
            200 if wanted else 422,
            lines=lines,
            asked=asked,
            names=names,
            actions=table("action"),
            about=about_in_words,
            export=f"/console/audit/export?{urlencode(filled)}",
            check=f"?{urlencode(filled | {'check': '1'})}",
            wrong=parts.app.audit.problems(parts.engine) if check else None,
            older=f"?{urlencode(filled | {'before': lines[-1].pk})}" if more else "",
            error="" if wanted else say("error.period"),
        )

    @routes.get("/export")
    def export(
        request: Request,
        visitor: Auditor,
        who: Text = "",
        action: Text = "",
        about: Text = "",
        since: Text = "",
        until: Text = "",
    ) -> Response:
        asked = {"who": who, "action": action, "about": about, "since": since, "until": until}
        wanted = _search(asked)
        if wanted is None:
            return page(
                request,
                "refused.html",
                422,
                title=table("status_title")["422"],
                text=say("error.period"),
            )
        visitor.record("audit_exported", f"period:{since or '…'}/{until or '…'}")
        return StreamingResponse(
            _csv(parts, wanted),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": 'attachment; filename="audit.csv"'},
        )

    return routes


def about_in_words(about: str | None) -> str:
    """`conversation:17` as “会话 17”."""
    if about is None:
        return ""
    kind, _, key = about.partition(":")
    if kind == "page" and key in pages():
        key = pages()[key].title
    return f"{table('about').get(kind, kind)} {key}"


def _search(asked: dict[str, str]) -> Search | None:
    """What is looked for; None for a period that is none."""
    try:
        since = _midnight(asked["since"])
        until = _midnight(asked["until"])
    except ValueError:
        return None
    if since and until and since > until:
        return None
    return Search(
        who=accounts.as_name(asked["who"]),
        action=asked["action"],
        about=asked["about"].strip(),
        since=since,
        until=until + dt.timedelta(days=1) if until else None,  # the last day counts
    )


def _midnight(text: str) -> dt.datetime | None:
    """When the day begins in China. Raises ValueError for what is no day."""
    if not text.strip():
        return None
    day = dt.date.fromisoformat(text.strip())
    if not 2000 <= day.year <= 2200:
        raise ValueError("no day of ours")
    return dt.datetime.combine(day, dt.time(), CHINA).astimezone(dt.UTC)


def _csv(parts: ConsoleParts, wanted: Search) -> Iterator[str]:
    yield "\ufeff"  # or Excel takes it for another encoding
    yield _row(table("audit_column").values())
    with parts.engine.connect() as connection:
        actions = table("action")
        for line in audit.everything(connection, wanted):
            words = actions.get(line.action, line.action)
            yield _row((moment(line.at), line.who, words, about_in_words(line.about)))


def _row(cells: Iterable[str]) -> str:
    written = io.StringIO()
    csv.writer(written).writerow([_harmless(cell) for cell in cells])
    return written.getvalue()


def _harmless(cell: str) -> str:
    # A table program would run what begins like this.
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
