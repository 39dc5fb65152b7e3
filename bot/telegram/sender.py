"""Out to Telegram: one parcel as one or several messages, and what each refusal means."""

from __future__ import annotations

import time
from collections.abc import Callable

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

from bot.outbox import Delivery, Parcel
from bot.telegram.buttons import keyboard
from bot.telegram.render import Part, parts

CHANNEL = "telegram"
# The rest of a long parcel is left to the next attempt, well before another process may take it.
_MOST_S = 30.0
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class TelegramSender:
    """A `Sender` over a bot of python-telegram-bot, which keeps to Telegram's rates."""

    channel = CHANNEL

    def __init__(self, bot: Bot, clock: Callable[[], float] = time.monotonic) -> None:
        self._bot = bot
        self._clock = clock

    async def send(self, parcel: Parcel) -> Delivery:
        """Send what is left of `parcel`, message by message; its options stand under the last.

        Telegram has no key against repeats: a message whose answer got lost is sent again.
        """
        whole = parts(parcel.reply)
        begun = self._clock()
        for number in range(parcel.parts_sent, len(whole)):
            if self._clock() - begun > _MOST_S:
                return Delivery("later", number, after_s=0, reason="rest")
            last = number == len(whole) - 1
            try:
                await self._message(
                    parcel.recipient, whole[number], keyboard(parcel.reply) if last else None
                )
            except TelegramError as error:
                return _refused(error, number)
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


def seconds(error: RetryAfter) -> float:
    """How long Telegram wants to be left alone."""
    wait = error.retry_after
    return float(wait) if isinstance(wait, int) else wait.total_seconds()
