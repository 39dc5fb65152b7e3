"""python-telegram-bot's application as this project wants it."""

from __future__ import annotations

import logging
from typing import Any

from telegram.ext import AIORateLimiter, Application, ApplicationBuilder

from bot.settings import Settings

Telegram = Application[Any, Any, Any, Any, Any, Any]

_CONNECT_S = 10.0
# Long, for a message whose answer is not waited for may be sent twice.
_READ_S = 20.0


class _Strict(Application[Any, Any, Any, Any, Any, Any]):
    """An update that could not be taken is not passed over: Telegram must send it again."""

    async def process_error(self, update: object, error: Exception, *_: Any, **__: Any) -> bool:  # noqa: ARG002
        """Raises `error`, which the library would log and forget."""
        raise error


def open_telegram(settings: Settings) -> Telegram:
    """The application for the token of `settings`, not yet connected. Updates are handed to it
    one by one (`process_update`): its own updater would confirm them before they are answered."""
    _keep_quiet()
    api = settings.telegram_api_base.rstrip("/")
    files = settings.telegram_file_base.rstrip("/") or f"{api}/file"
    token = settings.telegram_token.get_secret_value()
    builder = (
        ApplicationBuilder()
        .application_class(_Strict)
        .token(token)
        .base_url(f"{api}/bot")
        .base_file_url(f"{files}/bot")
        .updater(None)
        .job_queue(None)
        # A flood error is the outbox's to wait for, which outlives this process.
        .rate_limiter(AIORateLimiter(max_retries=0))
        .connect_timeout(_CONNECT_S)
        .read_timeout(_READ_S)
        .get_updates_connect_timeout(_CONNECT_S)
    )
    if settings.telegram_proxy:
        builder = builder.proxy(settings.telegram_proxy).get_updates_proxy(settings.telegram_proxy)
    return builder.build()


def _keep_quiet() -> None:
    """Let no library write the token (it stands in every address) or anybody's words into a log;
    what goes wrong is logged by us, by its kind."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)
