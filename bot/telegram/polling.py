"""Asking Telegram for updates, where it cannot reach us: on a developer's machine, in an intranet.

One process only. An update is confirmed (by asking for the next) when it is answered and stored;
the library's own polling confirms first, and loses what it holds when the process dies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import anyio
import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram import Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.logging import described
from bot.telegram.channel import TelegramChannel
from bot.telegram.client import Telegram
from bot.telegram.sender import seconds
from bot.telegram.updates import ALLOWED

# A question that Telegram may leave unanswered for so long.
_POLL_S = 30
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0

Progress = Callable[[str], None]
_log = structlog.get_logger()


class WebhookIsSet(Exception):
    """The bot has a webhook, which polling would take away; the message is its address."""


async def connect(channel: TelegramChannel, progress: Progress, *, take_over: bool) -> str:
    """Connect, waiting for the network; gives the bot's name. Raises `InvalidToken` and, unless the
    webhook is to be taken over, `WebhookIsSet`."""
    wait = _FIRST_WAIT_S
    while True:
        try:
            await channel.connect()
            bot = channel.telegram.bot
            webhook = await bot.get_webhook_info()
            if webhook.url and not take_over:
                raise WebhookIsSet(webhook.url)
            await bot.delete_webhook()
        except InvalidToken:
            raise
        except TelegramError as error:
            progress(f"Telegram is not reached ({type(error).__name__}); again in {wait:.0f} s")
            await anyio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT_S)
        else:
            return str(bot.username)


async def poll(telegram: Telegram, progress: Progress, *, poll_s: int = _POLL_S) -> None:
    """Take updates until cancelled. Returns only when the token has been withdrawn."""
    offset: int | None = None
    wait = _FIRST_WAIT_S
    while True:
        try:
            updates = await telegram.bot.get_updates(
                offset, timeout=poll_s, allowed_updates=ALLOWED
            )
            await _take(telegram, updates)
        except InvalidToken:
            return
        except (TelegramError, SQLAlchemyError) as error:
            # Nothing is confirmed: what was not stored comes again, what was is known.
            pause = seconds(error) if isinstance(error, RetryAfter) else wait
            progress(f"{_trouble(error)}; again in {pause:.0f} s")
            await anyio.sleep(pause)
            wait = min(2 * wait, _LONGEST_WAIT_S)
            continue
        wait = _FIRST_WAIT_S
        if updates:
            offset = updates[-1].update_id + 1


async def _take(telegram: Telegram, updates: Sequence[Update]) -> None:
    """Answer a batch: each chat in order, the chats side by side. Raises what the database does."""
    chats: defaultdict[object, list[Update]] = defaultdict(list)
    for update in updates:
        chat = update.effective_chat
        chats[chat and chat.id].append(update)
    failed: list[SQLAlchemyError] = []

    async def take(of_one_chat: list[Update]) -> None:
        for update in of_one_chat:
            try:
                await telegram.process_update(update)
            except SQLAlchemyError as error:
                failed.append(error)
                return
            except Exception as error:
                # A fault of ours must not come back for ever and hold up everybody.
                _log.error("telegram_update_failed", **described(error))

    async with anyio.create_task_group() as tasks:
        for of_one_chat in chats.values():
            tasks.start_soon(take, of_one_chat)
    if failed:
        raise failed[0]


def _trouble(error: Exception) -> str:
    if isinstance(error, Conflict):
        return "another process polls for this bot, or has set its webhook"
    if isinstance(error, SQLAlchemyError):
        return f"the database does not answer ({type(error).__name__})"
    return f"Telegram is not reached ({type(error).__name__})"
