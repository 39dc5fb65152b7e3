"""`/console/people`: accounts, for the administrator."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from bot.console import accounts, sessions
from bot.console.accounts import Account, AccountError
from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import Visitor, requires
from bot.console.wording import say

_HERE = "/console/people"

Administrator = Annotated[Visitor, requires("people")]
Key = Annotated[int, Path(ge=1, le=2**31 - 1)]
Field = Annotated[str, Form(max_length=200)]


def router(parts: ConsoleParts) -> APIRouter:
    """Everybody's list, and one page for each."""
    routes = APIRouter(prefix="/people")

    @routes.get("")
    def everybody(request: Request, visitor: Administrator) -> Response:
        return _everybody(request, visitor)

    @routes.post("")
    def add(
        request: Request,
        visitor: Administrator,
        name: Field = "",
        label: Field = "",
        role: Field = "",
    ) -> Response:
        try:
            with parts.engine.begin() as connection:
                pk, made = accounts.add(connection, name, label, role, None, parts.now())
                account = _found(connection, pk)
                visitor.record("account_added", f"account:{account.name}", connection)
        except AccountError as error:
            given = {"name": name, "label": label, "role": role}
            return _everybody(request, visitor, 422, say(f"error.{error.code}"), given)
        return page(request, "one_time.html", account=account, password=made)

    @routes.get("/{pk}")
    def person(request: Request, visitor: Administrator, pk: Key) -> Response:
        return _person(request, visitor, pk)

    @routes.post("/{pk}/role")
    def change_role(
        request: Request, visitor: Administrator, pk: Key, role: Field = ""
    ) -> Response:
        try:
            with parts.engine.begin() as connection:
                account = _other(connection, visitor, pk)
                accounts.set_role(connection, account, role)
                visitor.record("role_changed", f"account:{account.name}", connection)
        except AccountError as error:
            return _person(request, visitor, pk, 422, say(f"error.{error.code}"))
        return RedirectResponse(f"{_HERE}/{pk}?done=role_changed", 303)

    @routes.post("/{pk}/disable")
    def disable(request: Request, visitor: Administrator, pk: Key) -> Response:
        try:
            with parts.engine.begin() as connection:
                account = _other(connection, visitor, pk)
                accounts.disable(connection, account, parts.now())
                sessions.end_all(connection, pk)
                visitor.record("account_disabled", f"account:{account.name}", connection)
        except AccountError as error:
            return _person(request, visitor, pk, 422, say(f"error.{error.code}"))
        return RedirectResponse(f"{_HERE}/{pk}?done=disabled", 303)

    @routes.post("/{pk}/enable")
    def enable(visitor: Administrator, pk: Key) -> Response:
        with parts.engine.begin() as connection:
            account = _found(connection, pk)
            accounts.enable(connection, account)
            visitor.record("account_enabled", f"account:{account.name}", connection)
        return RedirectResponse(f"{_HERE}/{pk}?done=enabled", 303)

    @routes.post("/{pk}/password")
    def reset_password(request: Request, visitor: Administrator, pk: Key) -> Response:
        with parts.engine.begin() as connection:
            account = _found(connection, pk)
            made = accounts.reset_password(connection, account, parts.now())
            sessions.end_all(connection, pk, but=visitor.session)
            visitor.record("password_reset", f"account:{account.name}", connection)
        return page(request, "one_time.html", account=account, password=made)

    @routes.post("/{pk}/sessions/{session}/end")
    def end_session(visitor: Administrator, pk: Key, session: Key) -> Response:
        with parts.engine.begin() as connection:
            account = _found(connection, pk)
            if sessions.end(connection, pk, session):
                visitor.record("session_ended", f"account:{account.name}", connection)
        return RedirectResponse(f"{_HERE}/{pk}?done=session_ended", 303)

    return routes


def _found(connection: Connection, pk: int) -> Account:
    account = accounts.find(connection, pk)
    if account is None:
        raise HTTPException(404)
    return account


def _other(connection: Connection, visitor: Visitor, pk: int) -> Account:
    """The account, which must not be the visitor's own: nobody is to lock himself out."""
    account = _found(connection, pk)
    if account.pk == visitor.account.pk:
        raise AccountError("yourself")
    return account


def _everybody(
    request: Request,
    visitor: Visitor,
    status: int = 200,
    error: str = "",
    given: dict[str, str] | None = None,
) -> Response:
    parts = visitor.parts
    with parts.engine.connect() as connection:
        people = accounts.everybody(connection)
        open_sessions = sessions.counts(connection, parts.now(), parts.lifetime)
    return page(
        request,
        "people.html",
        status,
        people=people,
        open_sessions=open_sessions,
        given=given or {"name": "", "label": "", "role": ""},
        error=error,
    )


def _person(
    request: Request, visitor: Visitor, pk: int, status: int = 200, error: str = ""
) -> Response:
    parts = visitor.parts
    with parts.engine.connect() as connection:
        account = _found(connection, pk)
        open_sessions = sessions.of_account(connection, pk, parts.now(), parts.lifetime)
    return page(
        request, "person.html", status, account=account, sessions=open_sessions, error=error
    )
