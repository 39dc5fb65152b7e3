"""The Telegram channel of a process: connected while it runs, put together here."""

from __future__ import annotations

import hashlib
import hmac

import anyio
import structlog
from fastapi import APIRouter
from telegram.error import TelegramError

from bot.app import App
from bot.logging import described
from bot.settings import Settings
from bot.telegram import webhook
from bot.telegram.client import open_telegram
from bot.telegram.sender import TelegramSender
from bot.telegram.updates import ALLOWED, COMMANDS, Updates
from bot.telegram.wording import table

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 300.0

_log = structlog.get_logger()


class TelegramChannel:
    """The webhook's route, the sender for the courier, and the connection they share."""

    def __init__(self, app: App) -> None:
        self._settings = app.settings
        self.telegram = open_telegram(app.settings)
        self.telegram.add_handlers(Updates(app.engine, app.inbox, app.outbox).handlers())
        self.sender = TelegramSender(self.telegram.bot)
        self.connected = False

    def router(self) -> APIRouter:
        """`POST /telegram`."""
        return webhook.router(self.telegram, secret(self._settings), lambda: self.connected)

    async def run_for_ever(self) -> None:
        """Connect, for as long as it takes, and keep the connection until cancelled."""
        try:
            await self._connect_at_last()
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await self.close()

    async def connect(self) -> None:
        """Ask Telegram who we are and show it our commands. Raises `TelegramError`."""
        await self.telegram.initialize()
        words = table("commands")
        await self.telegram.bot.set_my_commands([(name, words[name]) for name in COMMANDS])
        self.connected = True

    async def close(self) -> None:
        """Close the connections."""
        self.connected = False
        # Not `telegram.shutdown()`: that skips what was opened by an attempt that failed.
        await self.telegram.bot.shutdown()

    async def _connect_at_last(self) -> None:
        wait = _FIRST_WAIT_S
        while True:
            try:
                await self.connect()
                await self._set_webhook()
            except TelegramError as error:
                # Not its text: that of a refused token holds the token.
                _log.warning("telegram_not_connected", again_in_s=wait, **described(error))
                await anyio.sleep(wait)
                wait = min(2 * wait, _LONGEST_WAIT_S)
            else:
                _log.info("telegram_connected")
                return

    async def _set_webhook(self) -> None:
        if self._settings.telegram_webhook_url:
            await self.telegram.bot.set_webhook(
                self._settings.telegram_webhook_url.rstrip("/"),
                secret_token=secret(self._settings),
                allowed_updates=ALLOWED,
            )


def open_channel(app: App) -> TelegramChannel | None:
    """The channel of `app`; None where no token is set."""
    return TelegramChannel(app) if app.settings.telegram_token.get_secret_value() else None


def secret(settings: Settings) -> str:
    """What Telegram must send with every update: the one set, or else one made from the token, so
    that a webhook is never without."""
    chosen = settings.telegram_secret.get_secret_value()
    token = settings.telegram_token.get_secret_value().encode()
    return chosen or hmac.new(token, b"anxin webhook", hashlib.sha256).hexdigest()
