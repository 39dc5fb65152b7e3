"""The way out to WeChat: the bot's side and the platform's, over a database."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx
from sqlalchemy import Engine

from bot.delivery.parcels import Delivery, Parcel
from bot.sealing import Seal
from bot.wechat import quota
from bot.wechat.api import WeChatApi, stable_token
from bot.wechat.sender import WeChatSender
from bot.wechat.tables import writing
from bot.wechat.tokens import Tokens
from dialogs.reply import Reply
from tests.bot.wechat.harness import ALICE, API
from tests.simulators.wechat_platform import Account, Api

SEND = "/cgi-bin/message/custom/send"
TOKEN = "/cgi-bin/stable_token"
START = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)


@dataclass
class Line:
    """The bot's side and the platform's, with one clock that the test turns."""

    engine: Engine
    account: Account = field(default_factory=Account)
    at: dt.datetime = START
    announced: list[int] = field(default_factory=list)
    taken_over: bool = False

    def __post_init__(self) -> None:
        self.platform = Api(self.account, lambda: self.at.timestamp())
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.platform.app()))
        self.api = self.process()
        self.sender = WeChatSender(self.engine, self.api, self.now)

    def now(self) -> dt.datetime:
        return self.at

    def process(self, http: httpx.AsyncClient | None = None) -> WeChatApi:
        """The API as one more process over the same database has it."""
        client = http or self.http

        async def fetch(force: bool) -> tuple[str, int]:
            return await stable_token(client, API, self.account.app_id, self.account.secret, force)

        tokens = Tokens(self.engine, Seal(b"k" * 32), self.account.app_id, self.now, fetch)
        return WeChatApi(client, API, tokens)

    def wrote(self, openid: str = ALICE, **more: str) -> None:
        """Somebody writes (or, with `Event`, does something): both sides count it."""
        fields = {"FromUserName": openid, "MsgType": "event" if "Event" in more else "text", **more}
        self.platform.opened(fields)
        with writing(self.engine) as connection:
            acting = "Event" in more or "bizmsgmenuid" in more
            quota.opened(connection, openid, "acting" if acting else "writing", self.at)

    def send(self, reply: Reply, parts_sent: int = 0, *, maybe_sent: bool = False) -> Delivery:
        parcel = Parcel("k", "wechat", ALICE, reply, parts_sent, maybe_sent=maybe_sent)
        return self.run(lambda: self.sender.send(parcel, self.announce))

    async def announce(self, part: int) -> bool:
        self.announced.append(part)
        return not self.taken_over

    def run(self, work: Callable[[], Awaitable[Delivery]]) -> Delivery:
        return asyncio.run(_awaited(work))

    @property
    def told(self) -> list[str]:
        return [one.text for one in self.platform.delivered]


async def _awaited(work: Callable[[], Awaitable[Delivery]]) -> Delivery:
    return await work()
