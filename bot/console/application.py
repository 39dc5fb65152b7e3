"""Puts the console together: an application of its own, mounted at `/console`.

Its own, so that a refusal is a page in Chinese here and a problem of RFC 9457 elsewhere, and so
that its headers (forms may be sent, to this server only) loosen nothing elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.console import (
    account,
    assistant,
    audit_page,
    canned_page,
    conversations,
    conversations_held,
    conversations_one,
    delivery_page,
    figures_page,
    home,
    library,
    login,
    people,
    permits_page,
    review_labels,
    review_page,
    review_train,
)
from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import (
    CSRF_HEADER,
    LoginNeeded,
    PasswordChangeNeeded,
    Refused,
    Requires,
    login_path,
)
from bot.console.wording import table
from bot.logging import described
from bot.problems import problem

PageRouter = Callable[[ConsoleParts], APIRouter]

# Every page's module has a `router(parts)`; a new page is one more line here.
_PAGES: tuple[PageRouter, ...] = (
    home.router,
    assistant.router,
    permits_page.router,
    library.router,
    conversations.router,
    conversations_held.router,
    conversations_one.router,
    canned_page.router,
    delivery_page.router,
    review_page.router,
    review_labels.router,
    review_train.router,
    figures_page.router,
    login.router,
    account.router,
    people.router,
    audit_page.router,
)
# Where one can be without being logged in.
_OPEN = frozenset(("/login",))
_STATIC = Path(__file__).parent / "static"
_HEADERS = {
    # As strict as the web chat's, but for forms.
    "content-security-policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    ),
    # With "no-referrer" browsers hide the origin of a form as well, and it is checked.
    "referrer-policy": "same-origin",
}

_FOR_SCRIPTS = ("application/json", "text/event-stream")

_log = structlog.get_logger()


def create_console(parts: ConsoleParts, pages: tuple[PageRouter, ...] = _PAGES) -> FastAPI:
    """The console over the process's parts, to be mounted at `/console`.

    Raises ValueError for a route that asks for no visitor: it would be open to everybody.
    """
    console = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    routers = [build(parts) for build in pages]
    for router in routers:
        console.include_router(router)
    console.mount("/static", StaticFiles(directory=_STATIC), name="console-static")
    routes = tuple(route for router in routers for route in router.routes)
    console.state.parts = parts
    console.state.routes = routes
    console.state.pages = frozenset(
        needed for route in routes if (needed := needs(route)) is not None
    )
    console.add_exception_handler(LoginNeeded, _login_needed)
    console.add_exception_handler(PasswordChangeNeeded, _password_change_needed)
    console.add_exception_handler(HTTPException, _refused)
    console.add_exception_handler(RequestValidationError, _invalid)
    console.add_middleware(_Frame)
    return console


def needs(route: BaseRoute) -> str | None:
    """The page of roles.yaml that a route belongs to; None for one that is open to everybody."""
    if isinstance(route, APIRoute):
        for dependency in route.dependant.dependencies:
            if isinstance(dependency.call, Requires):
                return dependency.call.page
        if route.path in _OPEN:
            return None
    raise ValueError(f"{route}: a route of the console needs a visitor, see requires()")


class _Frame:
    """ASGI middleware: the console's headers, and a page instead of a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def framed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/console/static/"):
                    headers.setdefault("cache-control", "no-cache")  # asked for with its ETag
            await send(message)

        try:
            await self._app(scope, receive, framed)
        except Exception as error:
            if started:
                raise
            _log.error("console_failed", method=scope["method"], **described(error))
            status = 503 if isinstance(error, OperationalError | PoolTimeout) else 500
            request = Request(scope, receive)
            await _answer(request, status, str(status))(scope, receive, framed)


def _answer(request: Request, status: int, reason: str) -> Response:
    """What cannot be done, as a page for a person or a problem for a script."""
    titles, texts = table("status_title"), table("status_text")
    title = titles.get(str(status), titles["other"])
    text = texts.get(reason, texts["other"])
    if _is_script(request):
        return problem(status, text)
    return page(request, "refused.html", status, title=title, text=text)


def _is_script(request: Request) -> bool:
    accepted = request.headers.get("accept", "")
    return CSRF_HEADER in request.headers or any(kind in accepted for kind in _FOR_SCRIPTS)


async def _login_needed(request: Request, _error: Exception) -> Response:
    if _is_script(request):
        return problem(401, "log in first")
    return RedirectResponse(login_path(request), 303)


async def _password_change_needed(request: Request, _error: Exception) -> Response:
    if _is_script(request):
        return problem(403, "change the one-time password first")
    return RedirectResponse("/console/account", 303)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    reason = error.reason if isinstance(error, Refused) else str(error.status_code)
    return _answer(request, error.status_code, reason)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    return _answer(request, 422, "422")
