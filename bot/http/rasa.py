"""Rasa's REST channel, so that widgets and clients written for Rasa work."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from bot.inbox import Inbox
from dialogs.reply import Message
from dialogs.text import as_text

CHANNEL = "rest"


class RasaMessage(BaseModel):
    """What a Rasa client posts. Other keys (metadata, input_channel) are let pass, as Rasa does."""

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


def router(inbox: Inbox) -> APIRouter:
    """`POST /webhooks/rest/webhook`. Rasa's messages have no id, so each counts as a new one."""
    routes = APIRouter(tags=["rasa"])

    @routes.post("/webhooks/rest/webhook", response_model_exclude_none=True)
    def receive(posted: RasaMessage) -> list[RasaReply]:
        """A message in; the replies to it out."""
        # Without a sender Rasa puts everybody into one conversation; here each gets its own.
        sender = posted.sender or uuid.uuid4().hex
        reply = inbox.handle(Message(posted.message, conversation=sender, channel=CHANNEL))
        buttons = [RasaButton(title=o.label, payload=o.send) for o in reply.options]
        text = as_text(replace(reply, options=()))  # the options are the buttons
        return [RasaReply(recipient_id=sender, text=text, buttons=buttons or None)]

    return routes
