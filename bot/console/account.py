"""`/console/account`: one's own password and log-ins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from bot.console import accounts, passwords, sessions
from bot.console.login import start_session
from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import ACCOUNT_PAGE, Visitor, requires
from bot.console.wording import say

_HERE = "/console/account"

Self = Annotated[Visitor, requires(ACCOUNT_PAGE)]
Secret = Annotated[str, Form(max_length=200)]


def router(parts: ConsoleParts) -> APIRouter:
    """The page and what is done on it."""
    routes = APIRouter(prefix="/account")

    @routes.get("")
    def show(request: Request, visitor: Self) -> Response:
        return _page(request, visitor)

    @routes.post("/password")
    def change_password(
        request: Request, visitor: Self, current: Secret = "", new: Secret = "", again: Secret = ""
    ) -> Response:
        code = _refusal(visitor, current, new, again)
        if code is not None:
            return _page(request, visitor, 422, say(f"error.{code}"))
        with parts.engine.begin() as connection:
            accounts.set_password(connection, visitor.account, new)
            # Whoever knew the old password is out; this browser gets a new session.
            sessions.end_all(connection, visitor.account.pk)
            visitor.record("password_changed", connection=connection)
        response = RedirectResponse(f"{_HERE}?done=password_changed", 303)
        start_session(request, parts, visitor.account.pk, response)
        return response

    @routes.post("/sessions/{session}/end")
    def end_session(session: int, visitor: Self) -> Response:
        with parts.engine.begin() as connection:
            if sessions.end(connection, visitor.account.pk, session):
                visitor.record(
                    "session_ended", f"account:{visitor.account.name}", connection=connection
                )
        return RedirectResponse(f"{_HERE}?done=session_ended", 303)

    @routes.post("/sessions/end-others")
    def end_others(visitor: Self) -> Response:
        with parts.engine.begin() as connection:
            sessions.end_all(connection, visitor.account.pk, but=visitor.session)
            visitor.record(
                "session_ended", f"account:{visitor.account.name}", connection=connection
            )
        return RedirectResponse(f"{_HERE}?done=sessions_ended", 303)

    return routes


def _refusal(visitor: Visitor, current: str, new: str, again: str) -> str | None:
    """Why the password is not changed: a key of wording.yaml's `error`."""
    parts, name = visitor.parts, visitor.account.name
    # As at the door: a browser left open is no place to guess a password either.
    throttled_as = f"change:{name}"
    if parts.throttle.wait_s(throttled_as, ""):
        return "password_wrong"
    with parts.engine.connect() as connection:
        stored = accounts.password_of(connection, name, parts.now())
    if not passwords.matches(stored, current):
        parts.throttle.failed(throttled_as, "")
        return "password_wrong"
    if new != again:
        return "password_twice"
    if new == current:
        return "password_same"
    return passwords.weakness(new, name)


def _page(request: Request, visitor: Visitor, status: int = 200, error: str = "") -> Response:
    parts = visitor.parts
    with parts.engine.connect() as connection:
        open_sessions = sessions.of_account(
            connection, visitor.account.pk, parts.now(), parts.lifetime
        )
    return page(
        request,
        "account.html",
        status,
        sessions=open_sessions,
        shortest=passwords.SHORTEST,
        error=error,
    )
