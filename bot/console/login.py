"""Logging in and out."""

from __future__ import annotations

import math
import secrets
import threading
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from bot.console import accounts, passwords, sessions
from bot.console.agents import browser_of
from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import (
    ACCOUNT_PAGE,
    COOKIE,
    Refused,
    Visitor,
    address_of,
    check_form,
    requires,
    safe_return,
)
from bot.console.wording import say

# Before there is a session, the log-in form's token is bound to a cookie of its own.
FORM_COOKIE = "anxin_login"
_PATH = "/console"
_BUSY_AFTER_S = 3.0

Field = Annotated[str, Form(max_length=200)]  # far beyond any name or password


async def _form_is_ours(request: Request) -> bool:
    try:
        await check_form(request, sessions.csrf_of(request.cookies.get(FORM_COOKIE, "")))
    except Refused:
        return False
    return FORM_COOKIE in request.cookies


def router(parts: ConsoleParts) -> APIRouter:
    """`/console/login` and `/console/logout`."""
    routes = APIRouter()
    # Two at a time: between looking whether one may try and counting that it failed, no crowd of
    # further tries fits; and passwords are dear to check.
    doors = threading.BoundedSemaphore(2)

    @routes.get("/login")
    def show(request: Request, back: Annotated[str, Query(alias="next")] = "") -> Response:
        return _form(request, parts, back)

    @routes.post("/login")
    def enter(
        request: Request,
        ours: Annotated[bool, Depends(_form_is_ours)],
        name: Field = "",
        password: Field = "",
        back: Annotated[str, Form(alias="next", max_length=2000)] = "",
    ) -> Response:
        if not ours:
            return _form(request, parts, back, 403, name, say("error.stale"))
        if not doors.acquire(timeout=_BUSY_AFTER_S):
            return _throttled(request, parts, back, name, 60)
        try:
            return _try(request, parts, name, password, back)
        finally:
            doors.release()

    @routes.post("/logout")
    def leave(visitor: Annotated[Visitor, requires(ACCOUNT_PAGE)]) -> Response:
        with parts.engine.begin() as connection:
            sessions.end(connection, visitor.account.pk, visitor.session)
            visitor.record("logout", connection=connection)
        response = RedirectResponse("/console/login?done=logged_out", 303)
        response.delete_cookie(COOKIE, path=_PATH)
        return response

    return routes


def start_session(
    request: Request, parts: ConsoleParts, account_pk: int, response: Response
) -> None:
    """Open a new session for the account, in place of whatever the browser had."""
    now = parts.now()
    with parts.engine.begin() as connection:
        sessions.forget_old(connection, now, parts.lifetime)
        old = sessions.find(connection, request.cookies.get(COOKIE, ""), now, parts.lifetime)
        if old is not None:
            sessions.end(connection, old[1].pk, old[0].pk)
        agent = browser_of(request.headers.get("user-agent", ""))
        token = sessions.begin(connection, account_pk, address_of(request), agent, now)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(parts.lifetime.whole.total_seconds()),
        path=_PATH,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def _try(request: Request, parts: ConsoleParts, name: str, password: str, back: str) -> Response:
    now, address, typed = parts.now(), address_of(request), accounts.as_name(name)
    wait_s = parts.throttle.wait_s(typed, address)
    if wait_s:
        return _throttled(request, parts, back, name, wait_s)
    with parts.engine.connect() as connection:
        account = accounts.named(connection, typed)
        stored = accounts.password_of(connection, typed, now)
    # What was typed as a name may be a password: only the names of accounts are written down.
    who = account.name if account else ""
    if not passwords.matches(stored, password) or account is None or stored is None:
        parts.throttle.failed(typed, address)
        closed = parts.throttle.wait_s(typed, address)
        actions = ("login_failed", "login_throttled") if closed else ("login_failed",)
        with parts.engine.begin() as connection:
            for action in actions:
                parts.app.audit.record(connection, now, who, action, f"address:{address}")
        return _form(request, parts, back, 403, name, say("error.login"))
    parts.throttle.succeeded(typed, address)
    with parts.engine.begin() as connection:
        if passwords.outdated(stored):
            accounts.keep_hash(connection, account, password)
        parts.app.audit.record(connection, now, who, "login", f"address:{address}")
    target = "/console/account" if account.must_change else safe_return(back)
    response = RedirectResponse(target, 303)
    start_session(request, parts, account.pk, response)
    response.delete_cookie(FORM_COOKIE, path=f"{_PATH}/login")
    return response


def _throttled(
    request: Request, parts: ConsoleParts, back: str, name: str, wait_s: int
) -> Response:
    told = say("error.throttled", minutes=math.ceil(wait_s / 60))
    response = _form(request, parts, back, 429, name, told)
    response.headers["retry-after"] = str(wait_s)
    return response


def _form(
    request: Request,
    parts: ConsoleParts,
    back: str,
    status: int = 200,
    name: str = "",
    error: str = "",
) -> Response:
    with parts.engine.connect() as connection:
        first = not accounts.any_account(connection)
    token = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    response = page(
        request,
        "login.html",
        status,
        form_csrf=sessions.csrf_of(token),
        back=safe_return(back),
        name=name,
        first=first,
        error=error,
    )
    response.set_cookie(
        FORM_COOKIE,
        token,
        path=f"{_PATH}/login",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
    return response
