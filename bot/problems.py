"""Errors as problem details (RFC 9457): what is wrong with a request, never what it held."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """A problem as RFC 9457 writes it; `errors` names the fields of a request that are wrong."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str


RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem (RFC 9457)",
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    },
}


def problem(
    status: int, detail: str, headers: dict[str, str] | None = None, **more: Any
) -> JSONResponse:
    """The response for a problem. `more` is added to the object."""
    body = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, **more)
    return JSONResponse(
        body.model_dump(), status_code=status, media_type=MEDIA_TYPE, headers=headers
    )


class Invalid(Exception):
    """Ends a request whose fields are well formed and mean nothing: field → what is wrong."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def invalid(**fields: str) -> Invalid:
    """The refusal that names `fields` with what is wrong with each."""
    return Invalid(fields)


def install(web: FastAPI) -> None:
    """Make every refusal of `web` a problem."""
    web.add_exception_handler(HTTPException, _refused)
    web.add_exception_handler(RequestValidationError, _invalid)
    web.add_exception_handler(Invalid, _meaningless)


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    return problem(error.status_code, error.detail, dict(error.headers or {}))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return problem(400, "the body is not JSON")
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and content_type != "application/json":
        return problem(415, "send JSON, with Content-Type: application/json")
    # The values themselves stay out: they may be somebody's words.
    errors = [
        {"field": ".".join(str(part) for part in item["loc"][1:]), "problem": item["msg"]}
        for item in found
    ]
    return _listed(errors)


async def _meaningless(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Invalid)  # noqa: S101 - what it is registered for
    return _listed([{"field": k, "problem": v} for k, v in error.fields.items()])


def _listed(errors: list[dict[str, str]]) -> JSONResponse:
    listed = "; ".join(f"{item['field'] or 'body'}: {item['problem']}" for item in errors)
    return problem(422, listed, errors=errors)
