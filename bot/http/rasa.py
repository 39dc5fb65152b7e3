"""Rasa's REST channel and parser, so that widgets and clients written for Rasa work.

As in Rasa 3: docs/static/spec/rasa.yml (BotMessage, ParseResult) and rasa/core/channels/rest.py.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from bot.app import App
from bot.http.access import Access
from bot.inbox import Inbox
from bot.problems import invalid
from dialogs.reply import Message
from dialogs.text import as_text
from nlu.understanding import Score

CHANNEL = "rest"


class RasaMessage(BaseModel):
    """What a Rasa client posts. Other keys (metadata, input_channel) are let pass, as Rasa does."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sender": "web-7f3a", "message": "广州月嫂培训免费吗"}]}
    )

    sender: Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")] | None = None
    message: str


class RasaButton(BaseModel):
    """A choice; the client sends `payload` when it is pressed."""

    title: str
    payload: str


class RasaReply(BaseModel):
    """One message back."""

    recipient_id: str
    text: str
    buttons: list[RasaButton] | None = None


class RasaText(BaseModel):
    """A text to be understood. Other keys (token, message_id) are let pass, as Rasa does."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "广州月嫂培训免费吗"}]})

    text: str


class RasaIntent(BaseModel):
    """An intent and the confidence in it, from 0 to 1."""

    name: str
    confidence: float


class RasaEntity(BaseModel):
    """Something named: `entity` is its kind, `value` its canonical id, `text[start:end]` its words.
    `negated` is our own: 没交社保."""

    entity: str
    start: int
    end: int
    value: str | float
    negated: bool


class RasaParse(BaseModel):
    """What was understood of a text taken as one question. `text` is the text in the normal form
    that was read, and that `start` and `end` count in."""

    text: str
    intent: RasaIntent
    entities: list[RasaEntity]
    intent_ranking: list[RasaIntent]


def router(app: App, access: Access) -> APIRouter:
    """`/webhooks/rest` and `/model/parse`. Rasa's messages have no id, so each counts as new."""
    inbox, understander = app.inbox, app.understander
    routes = APIRouter(tags=["rasa"])
    counted = [Depends(access.asking)]

    @routes.get("/webhooks/rest/")
    async def alive() -> dict[str, str]:
        """The channel is there."""
        return {"status": "ok"}

    @routes.post(
        "/webhooks/rest/webhook",
        dependencies=counted,
        response_model=list[RasaReply],
        response_model_exclude_none=True,
    )
    def receive(
        posted: RasaMessage,
        stream: Annotated[str, Query(description="true: one JSON object a line")] = "false",
    ) -> Response | list[RasaReply]:
        """A message in; the replies to it out, none while staff have the conversation."""
        # Without a sender Rasa puts everybody into one conversation; here each gets its own.
        sender = posted.sender or uuid.uuid4().hex
        replies = _replies(inbox, sender, posted.message)
        if stream.lower() == "true":
            return StreamingResponse(_lines(replies), media_type="text/event-stream")
        return replies

    if understander is not None:

        @routes.post("/model/parse", dependencies=counted)
        def parse(posted: RasaText) -> RasaParse:
            """The intent and entities of a text. Nothing of it is kept."""
            if len(posted.text) > app.settings.max_message_chars:
                raise invalid(text=f"longer than {app.settings.max_message_chars} characters")
            found = understander.understand_whole(_printable(posted.text))
            return RasaParse(
                text=found.text,
                intent=_intent(found.ranking[0]),
                entities=[
                    RasaEntity(
                        entity=one.kind,
                        start=one.start,
                        end=one.end,
                        value=one.value,
                        negated=one.negated,
                    )
                    for one in found.entities
                ],
                intent_ranking=[_intent(score) for score in found.ranking],
            )

    return routes


def _replies(inbox: Inbox, sender: str, text: str) -> list[RasaReply]:
    reply = inbox.handle(Message(text, conversation=sender, channel=CHANNEL))
    if not reply.blocks:
        return []
    buttons = [RasaButton(title=o.label, payload=o.send) for o in reply.options]
    said = as_text(replace(reply, options=()))  # the options are the buttons
    return [RasaReply(recipient_id=sender, text=said, buttons=buttons or None)]


def _lines(replies: list[RasaReply]) -> Iterator[str]:
    for reply in replies:
        yield json.dumps(reply.model_dump(exclude_none=True), ensure_ascii=False) + "\n"


def _intent(score: Score) -> RasaIntent:
    return RasaIntent(name=score.intent, confidence=round(score.confidence, 6))


def _printable(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
