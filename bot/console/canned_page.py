"""`/console/canned`: the canned answers, for those who look after what staff say."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from bot.console import canned
from bot.console.canned import Canned, CannedError
from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import Visitor, requires
from bot.console.wording import say

_HERE = "/console/canned"

Keeper = Annotated[Visitor, requires("canned")]
Key = Annotated[int, Path(ge=1, le=2**31 - 1)]
Field = Annotated[str, Form(max_length=2 * canned.MOST_TEXT)]


def router(parts: ConsoleParts) -> APIRouter:
    """The list, and adding, changing, ordering, retiring."""
    routes = APIRouter(prefix="/canned")

    @routes.get("")
    def show(request: Request, visitor: Keeper) -> Response:
        return _page(request, visitor)

    @routes.post("")
    def add(request: Request, visitor: Keeper, title: Field = "", text: Field = "") -> Response:
        try:
            with parts.engine.begin() as connection:
                pk = canned.add(connection, title, text)
                visitor.record("canned_changed", f"canned:{pk}", connection)
        except CannedError as error:
            return _page(request, visitor, error, {0: (title, text)})
        return RedirectResponse(f"{_HERE}?done=canned_added", 303)

    @routes.post("/{pk}")
    def change(
        request: Request, visitor: Keeper, pk: Key, title: Field = "", text: Field = ""
    ) -> Response:
        try:
            with parts.engine.begin() as connection:
                _found(connection, pk)
                canned.change(connection, pk, title, text)
                visitor.record("canned_changed", f"canned:{pk}", connection)
        except CannedError as error:
            return _page(request, visitor, error, {pk: (title, text)})
        return RedirectResponse(f"{_HERE}?done=canned_changed", 303)

    @routes.post("/{pk}/move")
    def move(
        visitor: Keeper, pk: Key, where: Annotated[Literal["up", "down"], Form()] = "up"
    ) -> Response:
        with parts.engine.begin() as connection:
            _found(connection, pk)
            canned.move(connection, pk, up=where == "up")
            visitor.record("canned_changed", f"canned:{pk}", connection)
        return RedirectResponse(f"{_HERE}?done=canned_moved", 303)

    @routes.post("/{pk}/retire")
    def retire(visitor: Keeper, pk: Key) -> Response:
        with parts.engine.begin() as connection:
            in_use = _found(connection, pk).retired_at is None
            canned.retire(connection, pk, parts.now() if in_use else None)
            visitor.record("canned_changed", f"canned:{pk}", connection)
        done = "canned_retired" if in_use else "canned_restored"
        return RedirectResponse(f"{_HERE}?done={done}", 303)

    return routes


def _found(connection: Connection, pk: int) -> Canned:
    found = canned.find(connection, pk)
    if found is None:
        raise HTTPException(404)
    return found


def _page(
    request: Request,
    visitor: Visitor,
    error: CannedError | None = None,
    given: dict[int, tuple[str, str]] | None = None,
) -> Response:
    with visitor.parts.engine.begin() as connection:
        canned.seed(connection)
        in_use = canned.listed(connection)
        retired = canned.listed(connection, retired=True)
    return page(
        request,
        "canned.html",
        422 if error else 200,
        canned=in_use,
        retired=retired,
        given=given or {},
        most_title=canned.MOST_TITLE,
        most_text=canned.MOST_TEXT,
        error=say(f"error.{error.code}") if error else "",
    )
