"""Out to Telegram: one parcel as one or several messages, and what each refusal means."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import httpx
from telegram import Bot, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot.delivery.parcels import Announce, Delivery, Parcel
from bot.telegram.buttons import keyboard
from bot.telegram.render import Part, parts
from bot.telegram.wording import say

CHANNEL = "telegram"
# The rest of a long parcel is left to the next attempt, well before another process may take it.
_MOST_S = 30.0
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
# No connection came about: Telegram has nothing of it.
_NOT_ASKED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class TelegramSender:
    """A `Sender` over a bot of python-telegram-bot, which keeps to Telegram's rates."""

    channel = CHANNEL

    def __init__(self, bot: Bot, clock: Callable[[], float] = time.monotonic) -> None:
        self._bot = bot
        self._clock = clock

    async def send(self, parcel: Parcel, announce: Announce) -> Delivery:
        """Send what is left of `parcel`, message by message; its options stand under the last.

        Telegram has no key against repeats: a message whose answer got lost is sent again, after a
        word that it may have come already.
        """
        whole, maybe = parts(parcel.reply), parcel.maybe_sent
        begun = self._clock()
        for number in range(parcel.parts_sent, len(whole)):
            if self._clock() - begun > _MOST_S:
                return Delivery("later", number, after_s=0, reason="rest")
            last = number == len(whole) - 1
            if not await announce(number):
                return Delivery("later", number, reason="taken_over")
            try:
                if maybe:
                    await self._bot.send_message(parcel.recipient, say("maybe_sent"))
                await self._message(
                    parcel.recipient, whole[number], keyboard(parcel.reply) if last else None
                )
            except TelegramError as error:
                refused = _refused(error, number)
                return replace(refused, maybe_sent=maybe or _may_have_come(error))
            maybe = False
        return Delivery("sent", len(whole))

    async def _message(self, chat: str, part: Part, buttons: InlineKeyboardMarkup | None) -> None:
        try:
            await self._bot.send_message(
                chat,
                part.html,
                parse_mode=ParseMode.HTML,
                reply_markup=buttons,
                link_preview_options=_NO_PREVIEW,
            )
        except BadRequest as error:
            if "parse entities" not in error.message:
                raise
            await self._bot.send_message(
                chat, part.plain, reply_markup=buttons, link_preview_options=_NO_PREVIEW
            )


def _refused(error: TelegramError, sent: int) -> Delivery:
    """What is to become of a parcel that Telegram did not take, `sent` messages of it gone."""
    if isinstance(error, RetryAfter):
        return Delivery("later", sent, after_s=seconds(error), reason="flood")
    if isinstance(error, Forbidden):
        return Delivery("dead", sent, reason="blocked")  # by the person, or the account is gone
    if isinstance(error, ChatMigrated):
        return Delivery("dead", sent, reason="chat_migrated")
    if isinstance(error, BadRequest):
        gone = "chat not found" in error.message.lower()
        return Delivery("dead", sent, reason="chat_not_found" if gone else "bad_request")
    if isinstance(error, InvalidToken):
        return Delivery("later", sent, reason="token_refused")
    if isinstance(error, NetworkError):
        return Delivery("later", sent, reason="network")
    return Delivery("later", sent, reason=type(error).__name__)


def _may_have_come(error: TelegramError) -> bool:
    """Whether Telegram may have delivered the message though it did not say so."""
    if not isinstance(error, NetworkError) or isinstance(error, BadRequest):
        return False
    return not isinstance(error.__cause__, _NOT_ASKED)


def seconds(error: RetryAfter) -> float:
    """How long Telegram wants to be left alone."""
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()
