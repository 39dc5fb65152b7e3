"""Templates into pages: who is logged in, the navigation and the CSRF token are in every one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.console import accounts
from bot.console.roles import Page, pages, roles
from bot.console.security import Visitor
from bot.console.wording import say, table
from knowledge.standing import CHINA

_TEMPLATES = Path(__file__).parent / "templates"


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """The response with `template` (a file in templates/, extending base.html) and `values` in it.

    Templates also have `visitor` (None where nobody is logged in), `csrf`, `nav`, `here` (the
    path), `done` (the sentence for the code in ?done=), `called` (what the person of an account is
    called), `say` and `roles`.
    """
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    done = request.query_params.get("done", "")
    given = {
        "visitor": visitor,
        "csrf": visitor.csrf if visitor else "",
        "nav": _nav(request, visitor),
        "here": request.url.path,
        "done": table("done").get(done, ""),
        "called": _called(visitor),
        "error": "",
    }
    body = _environment().get_template(template).render(given | values)
    return HTMLResponse(body, status_code=status)


def moment(at: dt.datetime | None) -> str:
    """A moment as staff read it: by the clock of China."""
    return "" if at is None else f"{at.astimezone(CHINA):%Y-%m-%d %H:%M}"


def _called(visitor: Visitor | None) -> Callable[[str], str]:
    """What a member of staff is called; who has no account any more keeps the account's name."""

    @cache
    def labels() -> dict[str, str]:
        if visitor is None:
            return {}
        with visitor.parts.engine.connect() as connection:
            return {one.name: one.label for one in accounts.everybody(connection)}

    return lambda name: labels().get(name, name)


def _nav(request: Request, visitor: Visitor | None) -> list[Page]:
    if visitor is None or visitor.account.must_change:
        return []
    there: frozenset[str] = request.app.state.pages
    return [
        page
        for name, page in pages().items()
        if page.nav and name in there and visitor.may_open(name)
    ]


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["moment"] = moment
    made.globals.update(say=say, roles=roles())
    return made
