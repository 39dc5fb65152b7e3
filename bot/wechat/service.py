"""Puts the WeChat channel together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import anyio
import httpx
from fastapi import APIRouter
from sqlalchemy import Engine

from bot.app import App
from bot.conversations.kept import conversation_pk
from bot.sealing import Seal
from bot.settings import Settings
from bot.wechat.answering import Answering
from bot.wechat.api import WeChatApi, stable_token
from bot.wechat.crypto import Cipher
from bot.wechat.gate import Gate
from bot.wechat.late import LateTurns
from bot.wechat.passive import Passive
from bot.wechat.pictures import Pictures
from bot.wechat.sender import WeChatSender
from bot.wechat.tables import CHANNEL
from bot.wechat.tokens import Tokens
from bot.wechat.webhook import Timing, Webhook

# A turn that takes longer is taken up by another process: it finds the answer, or makes it.
LEASE = dt.timedelta(seconds=30)


@dataclass(frozen=True)
class WeChat:
    """The channel of one account: its routes, its way out, and what runs beside them."""

    webhook: Webhook
    sender: WeChatSender
    api: WeChatApi | None
    http: httpx.AsyncClient

    def router(self) -> APIRouter:
        """`/wechat`, to be mounted."""
        return self.webhook.routes()

    async def run_for_ever(self) -> None:
        """Finish what was left unfinished, until cancelled; then the connections are closed."""
        try:
            await self.webhook.run_for_ever()
        finally:
            with anyio.CancelScope(shield=True):
                await self.http.aclose()


def open_wechat(
    app: App,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    timing: Timing | None = None,
    lease: dt.timedelta = LEASE,
) -> WeChat | None:
    """The channel that the settings describe; None without a token. The rest is for tests."""
    settings = app.settings
    if not settings.wechat_token.get_secret_value():
        return None
    seal, now = Seal.at(settings.seal_key_file), app.conversation.now
    http = httpx.AsyncClient(transport=transport)
    api = api_of(settings, app.engine, seal, now, http)
    verified = settings.wechat_verified

    def staff_has(openid: str) -> bool:
        pk = conversation_pk(app.engine, CHANNEL, openid)
        handover = app.handovers.of_conversation(pk) if pk is not None else None
        return handover is not None and handover.state == "staff"

    answering = Answering(
        engine=app.engine,
        inbox=app.inbox,
        passive=Passive(app.engine, app.outbox, seal, now, verified),
        late=LateTurns(app.engine, seal, now, lease),
        pictures=Pictures(http, settings.wechat_api_base, api),
        now=now,
        verified=verified,
        staff_has=staff_has,
    )
    webhook = Webhook(
        gate_of(settings, now), answering, timing or Timing(budget=settings.wechat_budget_s)
    )
    return WeChat(webhook, WeChatSender(app.engine, api if verified else None, now), api, http)


def gate_of(settings: Settings, now: Callable[[], dt.datetime]) -> Gate:
    """The webhook's door."""
    keys = (settings.wechat_aes_key, settings.wechat_previous_aes_key)
    ciphers = tuple(
        Cipher.of(key.get_secret_value(), settings.wechat_app_id)
        for key in keys
        if key.get_secret_value()
    )
    return Gate(
        token=settings.wechat_token.get_secret_value(),
        ciphers=ciphers,
        plain=settings.wechat_allow_plain or not ciphers,
        freshness_s=settings.wechat_freshness_s,
        clock=lambda: now().timestamp(),
    )


def api_of(
    settings: Settings,
    engine: Engine,
    seal: Seal,
    now: Callable[[], dt.datetime],
    http: httpx.AsyncClient,
) -> WeChatApi | None:
    """The API of the account; None where its AppID or secret is not set."""
    base, app_id = settings.wechat_api_base, settings.wechat_app_id
    secret = settings.wechat_app_secret.get_secret_value()
    if not (app_id and secret):
        return None

    async def fetch(force: bool) -> tuple[str, int]:
        return await stable_token(http, base, app_id, secret, force)

    return WeChatApi(http, base, Tokens(engine, seal, app_id, now, fetch))
