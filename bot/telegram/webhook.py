"""`POST /telegram`: Telegram's updates. Refused without the secret, and confirmed once stored."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json
from telegram import Update

from bot.telegram.client import Telegram

PATH = "/telegram"
_HEADER = "x-telegram-bot-api-secret-token"
_Id = Annotated[int, Field(ge=-(2**63), lt=2**63)]

_log = structlog.get_logger()


# What is read of an update must have its type; the rest is python-telegram-bot's business.
class _Chat(BaseModel, strict=True):
    id: _Id
    type: str


class _User(BaseModel, strict=True):
    id: _Id


class _File(BaseModel, strict=True):
    file_id: str
    file_size: int | None = None
    mime_type: str | None = None


class _Contact(BaseModel, strict=True):
    phone_number: str
    user_id: _Id | None = None


class _Entity(BaseModel, strict=True):
    type: str
    offset: int
    length: int


class _Message(BaseModel, strict=True):
    message_id: _Id
    date: Annotated[int, Field(ge=0, lt=2**33)]
    chat: _Chat
    from_: _User | None = Field(None, alias="from")
    text: str | None = None
    caption: str | None = None
    entities: list[_Entity] = []
    photo: list[_File] = []
    document: _File | None = None
    contact: _Contact | None = None


class _Tap(BaseModel, strict=True):
    id: str
    from_: _User = Field(alias="from")
    message: _Message | None = None
    data: str | None = None


class _Update(BaseModel, strict=True):
    update_id: Annotated[int, Field(ge=0, lt=2**63)]
    message: _Message | None = None
    callback_query: _Tap | None = None


def router(telegram: Telegram, secret: str, connected: Callable[[], bool]) -> APIRouter:
    """The route. It answers 503 until `connected`, and Telegram comes again."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(PATH)
    async def receive(request: Request) -> Response:
        given = request.headers.get(_HEADER, "")
        if not hmac.compare_digest(given.encode(), secret.encode()):
            raise HTTPException(403, "the secret token is missing or wrong")
        update = _read(await request.body(), telegram)
        if not connected():
            raise HTTPException(503, "not connected to Telegram yet", {"retry-after": "5"})
        await telegram.process_update(update)
        return Response()

    return routes


def _read(body: bytes, telegram: Telegram) -> Update:
    """The update in `body`. HTTPException 400 for anything else."""
    try:
        document = from_json(body)
        _Update.model_validate(document)
        return Update.de_json(document, telegram.bot)
    except ValidationError as error:
        wrong = {".".join(map(str, item["loc"])) or "body" for item in error.errors()}
        raise HTTPException(400, f"not an update: see {', '.join(sorted(wrong))}") from None
    except Exception as error:
        # Whatever the library stumbles over, it is the body's fault.
        _log.warning("telegram_update_unreadable", error=type(error).__name__)
        raise HTTPException(400, "not an update that can be read") from None
