"""`/console/`: on to the first page that this person may open."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from bot.console.parts import ConsoleParts
from bot.console.roles import pages
from bot.console.security import ACCOUNT_PAGE, Visitor, requires


def router(_parts: ConsoleParts) -> APIRouter:
    """The console's front door."""
    routes = APIRouter()

    @routes.get("/")
    def home(
        request: Request, visitor: Annotated[Visitor, requires(ACCOUNT_PAGE)]
    ) -> RedirectResponse:
        there: frozenset[str] = request.app.state.pages
        first = next(name for name in pages() if name in there and visitor.may_open(name))
        return RedirectResponse(pages()[first].path, 303)

    return routes
