"""Around everything: the size of a body, the security headers, and no traceback ever."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.logging import described
from bot.problems import problem
from knowledge.bodies import read_body, replayed

MAX_BODY = 64 * 1024  # bytes
MAX_PICTURE_BODY = 5 * 1024 * 1024  # of the routes that take photographs
# Telegram's, which may quote another: 4,096 signs each, written as escapes of up to 12 bytes.
MAX_UPDATE_BODY = 256 * 1024
_LARGER = {
    "/api/v1/messages": MAX_PICTURE_BODY,
    "/api/v1/verifications": MAX_PICTURE_BODY,
    "/console/permits/check": MAX_PICTURE_BODY,
    "/telegram": MAX_UPDATE_BODY,
}


def content_policy(frame_ancestors: str = "'none'") -> str:
    """No script or style but our own files, nothing from any other host, shown in nobody's frame
    but `frame_ancestors`."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {frame_ancestors}",
            "require-trusted-types-for 'script'",
        )
    )


_HEADERS = {
    "content-security-policy": content_policy(),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "permissions-policy": "geolocation=(), microphone=(), camera=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

_log = structlog.get_logger()


class Guard:
    """ASGI middleware. A body is read before the application sees it, so that one which is too
    large, or says it is smaller than it is, reaches no parser."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(scope["path"], send)
        most = _LARGER.get(scope["path"], MAX_BODY)
        try:
            body = await read_body(scope, receive, most)
        except ClientDisconnect:
            return  # nobody is there to answer
        if body is None:
            refusal = problem(413, f"a body may have {most} bytes at most")
            # What is left of the body is not read: the connection cannot be used again.
            refusal.headers["connection"] = "close"
            await refusal(scope, receive, answer)
            return
        try:
            await self._app(scope, replayed(body, receive), answer)
        except Exception as error:
            # The path stays out of the log: it may hold a conversation's id.
            _log.error("request_failed", method=scope["method"], **described(error))
            if answer.started:
                raise ConnectionError("a response broke off") from None
            await _trouble(error)(scope, receive, answer)


class _Answer:
    """`send`, with the security headers added to the response."""

    def __init__(self, path: str, send: Send) -> None:
        self._path = path
        self._send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            # Files are asked for again, with their ETag; answers are nobody else's to keep.
            kept = "no-cache" if self._path.startswith("/static/") else "no-store"
            headers.setdefault("cache-control", kept)
        await self._send(message)


def _trouble(error: Exception) -> ASGIApp:
    if isinstance(error, OperationalError | PoolTimeout):
        return problem(503, "the database does not answer; try again", {"retry-after": "5"})
    return problem(500, "our own trouble; try again later")
