"""The bot on Telegram, whole: the dialogue on a database file, python-telegram-bot's application,
the webhook's route, the courier; and across from it the simulated Bot API on a real port."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from bot import problems
from bot.app import App, connected
from bot.delivery.courier import Courier
from bot.http.guard import Guard
from bot.telegram.channel import TelegramChannel, open_channel
from bot.telegram.webhook import PATH
from tests.bot.serving import NOW
from tests.simulators.telegram_api import SECRET_HEADER
from tests.simulators.telegram_chats import TOKEN, Chats, Sent, Update

SECRET = "a-secret_of-the-tests"
MEI = 7  # a person, and her private chat


@dataclass
class Clock:
    at: dt.datetime = NOW

    def __call__(self) -> dt.datetime:
        return self.at


def telegram_app(app: App, clock: Clock, api: str, **more: Any) -> App:
    """`app` with Telegram's settings and a clock that can be moved."""
    settings = app.settings.model_copy(
        update={
            "telegram_token": SecretStr(TOKEN),
            "telegram_secret": SecretStr(SECRET),
            "telegram_api_base": api,
            **more,
        }
    )
    conversation = replace(app.conversation, now=clock)
    return connected(settings, app.engine, conversation, app.seal)


@dataclass
class Process:
    """A process of the bot, driven step by step. Leaving it without `carry` is a crash."""

    app: App
    chats: Chats
    channel: TelegramChannel
    courier: Courier
    web: httpx.AsyncClient
    statuses: list[int] = field(default_factory=list)

    async def post(self, update: Update, secret: str | None = SECRET) -> httpx.Response:
        """Post an update as Telegram does."""
        headers = {} if secret is None else {SECRET_HEADER: secret}
        return await self.web.post(PATH, json=update, headers=headers)

    async def carry(self) -> None:
        """Deliver all that is due."""
        while await self.courier.run_due():
            pass

    async def takes(self, update: Update) -> list[Sent]:
        """Let the bot take an update and deliver its answer: what the person sees anew."""
        chat = _chat_of(update)
        before = len(self.chats.seen(chat))
        response = await self.post(update)
        assert response.status_code == 200, response.text
        await self.carry()
        return self.chats.seen(chat)[before:]

    async def hears(self, text: str) -> Sent:
        """Say something as Mei; the one message that comes back."""
        (answer,) = await self.takes(self.chats.text(MEI, text))
        return answer


def web_app(channel: TelegramChannel) -> FastAPI:
    """The HTTP side with nothing but the webhook."""
    web = FastAPI()
    web.include_router(channel.router())
    problems.install(web)
    web.add_middleware(Guard)
    return web


@asynccontextmanager
async def process(app: App, chats: Chats, *, connect: bool = True) -> AsyncIterator[Process]:
    """A process, connected to Telegram."""
    channel = open_channel(app)
    assert channel is not None
    try:
        if connect:
            await channel.connect()
        transport = httpx.ASGITransport(web_app(channel))
        async with httpx.AsyncClient(transport=transport, base_url="http://bot") as client:
            yield Process(app, chats, channel, Courier(app.outbox, [channel.sender]), client)
    finally:
        await channel.close()


def _chat_of(update: Update) -> int:
    inside = update.get("message") or update.get("edited_message") or {}
    if "callback_query" in update:
        inside = update["callback_query"]["message"]
    chat: int = inside["chat"]["id"]
    return chat
