"""What `anxin doctor` says of the Telegram channel: it asks Telegram itself."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import anyio
from telegram import User, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.settings import Settings
from bot.telegram.client import open_telegram

_WAIT_S = 5.0
# Telegram delivers to these alone.
_PORTS = frozenset((443, 80, 88, 8443))

Finding = tuple[bool, str, str]


def telegram_findings(settings: Settings) -> Iterator[Finding]:
    """Whether it is well, what was found, and how to mend it."""
    if not settings.telegram_token.get_secret_value():
        yield True, "Telegram: not connected (ANXIN_TELEGRAM_TOKEN is empty)", ""
        return
    base = settings.telegram_api_base
    try:
        bot, webhook = anyio.run(_asked, settings)
    except InvalidToken:
        yield (
            False,
            f"Telegram: the token is refused at {base}",
            "copy ANXIN_TELEGRAM_TOKEN anew from @BotFather",
        )
        return
    except TelegramError as error:
        # Not its text: the address in it holds the token.
        yield (
            False,
            f"Telegram: not reached at {base} ({type(error).__name__})",
            "set ANXIN_TELEGRAM_PROXY, or ANXIN_TELEGRAM_API_BASE to a Bot API server of your own",
        )
        return
    yield True, f"Telegram: @{bot.username} answers at {base}", ""
    secret = "set" if settings.telegram_secret.get_secret_value() else "made from the token"
    yield True, f"Telegram: the webhook's secret is {secret}", ""
    yield from _of_webhook(settings.telegram_webhook_url.rstrip("/"), webhook)


def _of_webhook(ours: str, webhook: WebhookInfo) -> Iterator[Finding]:
    """How Telegram's word of the webhook fits to the address that is set here."""
    if not ours and not webhook.url:
        yield True, "Telegram: no webhook; anxin telegram poll asks for messages", ""
        return
    if not ours:
        yield (
            False,
            f"Telegram: the bot has a webhook that is not set here, {webhook.url}",
            "set ANXIN_TELEGRAM_WEBHOOK_URL to it, or run anxin telegram poll --take-over",
        )
        return
    parts = urlsplit(ours)
    if parts.scheme != "https" or (parts.port or 443) not in _PORTS:
        yield (
            False,
            f"Telegram: messages cannot be delivered to {ours}",
            "the address has to be https, on port 443, 80, 88 or 8443",
        )
    if webhook.url != ours:
        yield (
            False,
            f"Telegram: the bot's webhook is {webhook.url or 'not set'}, not {ours}",
            "start anxin serve: it tells Telegram the address",
        )
        return
    if webhook.pending_update_count and webhook.last_error_message:
        yield (
            False,
            f"Telegram: {webhook.pending_update_count} messages wait; the last delivery to {ours}"
            f" failed: {webhook.last_error_message}",
            "see that the address leads to anxin serve from outside, with a valid certificate",
        )
        return
    yield True, f"Telegram: messages are delivered to {ours}", ""


async def _asked(settings: Settings) -> tuple[User, WebhookInfo]:
    bot = open_telegram(settings).bot
    waits = {"read_timeout": _WAIT_S, "connect_timeout": _WAIT_S}
    try:
        return await bot.get_me(**waits), await bot.get_webhook_info(**waits)
    finally:
        await bot.request.shutdown()
