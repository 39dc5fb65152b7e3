"""`/api/v1`: messages, conversations and clauses, and what other programs ask for."""

from __future__ import annotations

import secrets
import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from bot.app import App
from bot.http import conversations, determinations, library, verifications
from bot.http.access import Access
from bot.http.conversations import CHANNEL, ConversationId
from bot.http.guard import MAX_BODY
from bot.http.wire import (
    Answer,
    ClauseText,
    Day,
    Picture,
    answer,
    clause_text,
)
from bot.inbox import Inbox
from dialogs.reply import Message
from knowledge.standing import china_day


class Question(BaseModel):
    """A message. `conversation` is an unguessable token of the client's own making, which opens
    the conversation again (`session`, as answers call it, is taken too); left out, a new one is
    begun. Sending an `id` a second time brings the first reply again. `images` are pictures in
    base64 (JPEG, PNG or WebP), for a photograph of a permit's QR; `text` may then be empty."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "广州月嫂培训免费吗"}]}
    )

    conversation: Annotated[
        ConversationId | None, Field(validation_alias=AliasChoices("conversation", "session"))
    ] = None
    id: Annotated[str, Field(pattern=r"^[!-~]{1,100}$")] | None = None
    text: Annotated[str, Field(max_length=MAX_BODY)]  # as far as a body without pictures goes
    as_of: Day | None = None
    images: Annotated[list[Picture], Field(max_length=3)] = []


def router(app: App, inbox: Inbox, access: Access) -> APIRouter:
    """The API's routes. They are plain functions: FastAPI runs them in its thread pool."""
    routes = APIRouter()

    @routes.post("/messages", tags=["chat"], dependencies=[Depends(access.asking)])
    def send_message(question: Question) -> Answer:
        """Ask, and get the answer."""
        session = question.conversation or secrets.token_urlsafe(24)
        message_id = question.id or uuid.uuid4().hex
        message = Message(
            question.text,
            conversation=session,
            id=message_id,
            channel=CHANNEL,
            images=tuple(question.images),
        )
        return answer(message_id, session, inbox.handle(message, question.as_of))

    @routes.get("/clauses/{clause:path}", tags=["chat"], dependencies=[Depends(access.reading)])
    def read_clause(
        clause: Annotated[str, Path(max_length=200, examples=["changzhi/三/15"])],
        as_of: Annotated[Day | None, Query(examples=["2021-05-01"])] = None,
    ) -> ClauseText:
        """A clause by its permanent id, such as `changzhi/三/15`."""
        found = app.library.clause(clause) if clause.isprintable() else None
        if found is None:
            raise HTTPException(404, "no such clause in the current library")
        return clause_text(*found, as_of or china_day(app.conversation.now()))

    for part in (conversations, library, determinations, verifications):
        routes.include_router(part.router(app, access))
    return routes
