"""What people do on Telegram, taken to the inbox; every answer leaves through the outbox.

Exactly once: an update's number is the message's id, so the inbox answers a repeat as before, and
the parcel's key, so the outbox takes it once. An update is confirmed to Telegram only when both are
stored; a crash in between makes Telegram send it again, one after it leaves the parcel to the
courier of any process.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
import structlog
from sqlalchemy import Engine
from telegram import Bot, CallbackQuery, Contact, Document, PhotoSize, Update
from telegram import Message as TelegramMessage
from telegram.constants import ChatAction
from telegram.error import TelegramError
from telegram.ext import BaseHandler, CallbackQueryHandler, CommandHandler, MessageHandler, filters

from bot.delivery.outbox import Outbox
from bot.inbox import Inbox
from bot.logging import described
from bot.telegram.buttons import CHOSEN, chosen_keyboard, option_tapped
from bot.telegram.sender import CHANNEL
from bot.telegram.wording import say, sentence
from dialogs.reply import Message, Option, Reply

# Edited messages are not asked for, and would not be answered: the first wording was.
ALLOWED = ("message", "callback_query")
COMMANDS = ("start", "help", "reset", "privacy")
MAX_PICTURE = 5 * 1024 * 1024  # bytes
# What is only an ornament (a tick on a button) is not waited for longer.
_ORNAMENT_S = 5.0
# The typing sign: shown after so long, for as long as Telegram shows it.
_PATIENCE_S, _SHOWN_S = 1.0, 4.5

_NEW = filters.UpdateType.MESSAGE
_PRIVATE = _NEW & filters.ChatType.PRIVATE
_GROUP = _NEW & filters.ChatType.GROUPS & ~filters.StatusUpdate.LEFT_CHAT_MEMBER
_PICTURE = filters.PHOTO | filters.Document.IMAGE
# The first that fits says what cannot be read.
_UNREADABLE = {
    "voice": filters.VOICE | filters.AUDIO,
    "video": filters.VIDEO | filters.VIDEO_NOTE | filters.ANIMATION,
    "sticker": filters.Sticker.ALL | filters.Dice.ALL,
    "location": filters.LOCATION | filters.VENUE,
    "document": filters.Document.ALL,
    "contact": filters.CONTACT,
}

Handler = BaseHandler[Update, Any, Any]
_log = structlog.get_logger()


@dataclass(frozen=True)
class Updates:
    """The handlers of a Telegram application."""

    engine: Engine
    inbox: Inbox
    outbox: Outbox

    def handlers(self) -> list[Handler]:
        """Who takes which update; the first that fits takes it, and what fits none is let be."""
        return [
            MessageHandler(_GROUP, self.in_group),
            CommandHandler(COMMANDS, self.command, filters=_PRIVATE),
            MessageHandler(_PRIVATE & filters.COMMAND, self.unknown_command),
            MessageHandler(_PRIVATE & filters.TEXT, self.question),
            MessageHandler(_PRIVATE & _PICTURE, self.picture),
            MessageHandler(_PRIVATE & filters.CONTACT, self.contact),
            MessageHandler(_PRIVATE & ~filters.StatusUpdate.ALL, self.unreadable),
            CallbackQueryHandler(self.tap),
        ]

    async def question(self, update: Update, _context: Any) -> None:
        """A text in a private chat."""
        message = _message(update)
        await self._ask(update, message.text or "")

    async def command(self, update: Update, _context: Any) -> None:
        """/start /help /reset /privacy."""
        words = (_message(update).text or "").split()
        name = words[0].removeprefix("/").partition("@")[0].lower()
        if name == "reset":
            await self._ask(update, say("reset_says"))
        else:
            await self._say(update, sentence(name, with_examples=name != "privacy"))

    async def unknown_command(self, update: Update, _context: Any) -> None:
        """A command that is none of ours."""
        await self._say(update, sentence("unknown_command"))

    async def picture(self, update: Update, context: Any) -> None:
        """A photograph, or a picture sent as a file; perhaps with words under it."""
        message = _message(update)
        found = _best(message)
        if found is None:
            await self._say(update, sentence("photo_too_large"))
            return
        picture = await _downloaded(context.bot, found)
        if picture is None:
            await self._say(update, sentence("photo_lost"))
            return
        await self._ask(update, message.caption or "", (picture,))

    async def contact(self, update: Update, _context: Any) -> None:
        """One's own telephone number, sent by Telegram's button for that; nobody else's is read."""
        message = _message(update)
        card, sender = message.contact, message.from_user
        if card is not None and sender is not None and card.user_id == sender.id:
            await self._ask(update, _number(card))
        else:
            await self._say(update, sentence("contact"))

    async def unreadable(self, update: Update, _context: Any) -> None:
        """Something that is neither words nor a picture."""
        kinds = (key for key, kind in _UNREADABLE.items() if kind.check_update(update))
        await self._say(update, sentence(next(kinds, "other")))

    async def in_group(self, update: Update, _context: Any) -> None:
        """Anything in a group: told once where we answer."""
        await self._say(update, sentence("groups"), key=f"{CHANNEL}:groups:{_chat(update)}")

    async def tap(self, update: Update, context: Any) -> None:
        """A button. What is out of date is said in a window over the chat, not in the chat."""
        query = update.callback_query
        if query is None or query.message is None or not query.data or query.data == CHOSEN:
            await _answer(query)
            return
        option = await anyio.to_thread.run_sync(
            option_tapped, self.engine, CHANNEL, _chat(update), _id(update), query.data
        )
        if option is None:
            await _answer(query, say("outdated"))
            return
        await _answer(query)
        await self._ask(update, option.send)
        if query.data.startswith("o:") and option.label:
            await _mark(context.bot, query, option)

    async def _ask(self, update: Update, text: str, images: tuple[bytes, ...] = ()) -> None:
        message = Message(
            text, conversation=_chat(update), id=_id(update), channel=CHANNEL, images=images
        )
        typing = asyncio.create_task(_type(update.get_bot(), _chat(update)))
        try:
            reply = await anyio.to_thread.run_sync(self.inbox.handle, message)
        finally:
            typing.cancel()
        await self._say(update, reply)

    async def _say(self, update: Update, reply: Reply, key: str | None = None) -> None:
        if reply.blocks:
            key = key or f"{CHANNEL}:{_id(update)}"
            await anyio.to_thread.run_sync(self._put, _chat(update), reply, key)
            self.outbox.wake()

    def _put(self, chat: str, reply: Reply, key: str) -> None:
        with self.engine.begin() as connection:
            self.outbox.put(connection, CHANNEL, chat, reply, key)


def _message(update: Update) -> TelegramMessage:
    message = update.message
    assert message is not None  # noqa: S101 - the handlers' filters see to it
    return message


def _chat(update: Update) -> str:
    chat = update.effective_chat
    assert chat is not None  # noqa: S101 - of every update that is handled
    return str(chat.id)


def _id(update: Update) -> str:
    return str(update.update_id)


def _number(card: Contact) -> str:
    return card.phone_number.removeprefix("+").removeprefix("86")


def _best(message: TelegramMessage) -> PhotoSize | Document | None:
    """The largest form of the picture that is not too large."""
    forms: list[PhotoSize | Document] = [*message.photo]
    if message.document is not None:
        forms.append(message.document)
    small = [form for form in forms if (form.file_size or 0) <= MAX_PICTURE]
    return max(small, key=lambda form: form.file_size or 0, default=None)


async def _downloaded(bot: Bot, form: PhotoSize | Document) -> bytes | None:
    """The picture; None where Telegram does not give it."""
    try:
        file = await bot.get_file(form.file_id)
        return bytes(await file.download_as_bytearray())
    except TelegramError as error:
        _log.warning("telegram_picture_lost", **described(error))
        return None


async def _type(bot: Bot, chat: str) -> None:
    """Show that an answer is being written, while a slow one (a registry's) is."""
    await asyncio.sleep(_PATIENCE_S)
    while True:
        try:
            await bot.send_chat_action(chat, ChatAction.TYPING, read_timeout=_ORNAMENT_S)
        except TelegramError as error:
            _log.info("telegram_typing_not_shown", **described(error))
            return
        await asyncio.sleep(_SHOWN_S)


async def _answer(query: CallbackQuery | None, text: str | None = None) -> None:
    """End the waiting sign on a button. Too late, or said twice, is no harm."""
    if query is None:
        return
    try:
        await query.answer(text, show_alert=text is not None, read_timeout=_ORNAMENT_S)
    except TelegramError as error:
        _log.info("telegram_tap_not_answered", **described(error))


async def _mark(bot: Bot, query: CallbackQuery, option: Option) -> None:
    """Show on the message which option was chosen; it cannot be tapped a second time."""
    message = query.message
    if message is None:
        return
    try:
        await bot.edit_message_reply_markup(
            message.chat.id,
            message.message_id,
            reply_markup=chosen_keyboard(option.label),
            read_timeout=_ORNAMENT_S,
        )
    except TelegramError as error:
        _log.info("telegram_choice_not_marked", **described(error))
