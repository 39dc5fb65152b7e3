"""How the registry says no: RFC 9457 problem documents, never a traceback, never the input."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from knowledge.bodies import read_body, replayed
from knowledge.registry.contract_service import ErrorCode, Problem

MOST_BODY = 64 * 1024
log = structlog.get_logger(__name__)
_TITLES = {
    ErrorCode.BAD_FORMAT: (400, "the request is not in the contract's form"),
    ErrorCode.UNAUTHENTICATED: (401, "no valid credentials"),
    ErrorCode.SCOPE: (403, "the credentials do not cover this"),
    ErrorCode.NOT_FOUND: (404, "no such resource"),
    ErrorCode.METHOD: (405, "this method is not offered here"),
    ErrorCode.IDEMPOTENCY_CONFLICT: (409, "this request id was used with another body"),
    ErrorCode.TOO_LARGE: (413, "the body is too large"),
    ErrorCode.CHECK_DIGIT: (422, "the number's check symbol does not fit"),
    ErrorCode.QUOTA: (429, "too many requests"),
    ErrorCode.INTERNAL: (500, "the registry failed"),
    ErrorCode.MAINTENANCE: (503, "the registry is being serviced"),
}
_BY_STATUS = {status: code for code, (status, _title) in _TITLES.items()}


class Refusal(Exception):
    """Ends a request with a problem document."""

    def __init__(self, code: ErrorCode, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


def problem(code: ErrorCode, retry_after: int | None, request_id: str | None) -> Problem:
    """The problem document of `code`; `retry_after` in seconds."""
    status, title = _TITLES[code]
    return Problem(
        title=title, status=status, code=code, retry_after=retry_after, request_id=request_id
    )


def problems(*codes: ErrorCode) -> dict[int | str, dict[str, Any]]:
    """What an operation may answer beside its result, for the OpenAPI description."""
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    # 422 is declared everywhere, or FastAPI declares a form of its own that is never sent.
    always = (
        ErrorCode.BAD_FORMAT,
        ErrorCode.TOO_LARGE,
        ErrorCode.CHECK_DIGIT,
        ErrorCode.INTERNAL,
        ErrorCode.MAINTENANCE,
    )
    return {
        _TITLES[code][0]: {"description": _TITLES[code][1], "content": content}
        for code in (*always, *codes)
    }


def handle_problems(app: FastAPI) -> None:
    """Give every error of `app` the one form, and every request its bounds."""

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refusal)  # noqa: S101  registered for it alone
        return _respond(request, error.code, error.retry_after)

    async def invalid(request: Request, _error: Exception) -> JSONResponse:
        return _respond(request, ErrorCode.BAD_FORMAT)

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        code = _BY_STATUS.get(status, ErrorCode.BAD_FORMAT if status < 500 else ErrorCode.INTERNAL)
        return _respond(request, code, headers=dict(headers or {}))

    async def database_gone(request: Request, error: Exception) -> JSONResponse:
        log.error("registry_database", kind=type(error).__name__)
        return _respond(request, ErrorCode.MAINTENANCE, retry_after=5)

    async def failed(request: Request, error: Exception) -> JSONResponse:
        # The message may hold what was sent; the kind says enough to find the place.
        log.error("registry_failed", kind=type(error).__name__)
        return _respond(request, ErrorCode.INTERNAL)

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(OperationalError, database_gone)
    app.add_exception_handler(Exception, failed)
    app.add_middleware(Bounds)


class Bounds:
    """Caps the body, echoes the request id and forbids caching, for every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = headers.get(b"x-request-id", b"")[:64] or str(uuid4()).encode()

        async def send_bounded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id),
                    (b"cache-control", b"no-store"),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        try:
            body = await read_body(scope, receive, MOST_BODY)
        except ClientDisconnect:
            return  # nobody is there to answer
        if body is None:
            request = Request(scope)
            # What is left of the body is not read: the connection cannot be used again.
            refusal = _respond(request, ErrorCode.TOO_LARGE, headers={"connection": "close"})
            await refusal(scope, receive, send_bounded)
            return
        await self._app(scope, replayed(body, receive), send_bounded)


def _respond(
    request: Request,
    code: ErrorCode,
    retry_after: int | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    request_id = request.headers.get("x-request-id", "")[:64] or None
    document = problem(code, retry_after, request_id)
    extra = dict(headers or {})
    if retry_after is not None:
        extra["retry-after"] = str(retry_after)
    if code is ErrorCode.UNAUTHENTICATED:
        extra["www-authenticate"] = "Bearer"
    return JSONResponse(
        document.model_dump(mode="json", exclude_none=True),
        status_code=document.status,
        headers=extra,
        media_type="application/problem+json",
    )
