"""Options as buttons under a message, and what a tap on one means later.

A button carries 64 bytes. Ours hold the option's number and a digest of the reply it stood under: a
tap counts only while that reply is the one the conversation is at, so that 是 of an old question is
never taken for an answer to a newer one.
"""

from __future__ import annotations

import hashlib
import json
import re

from sqlalchemy import Engine
from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.conversations.kept import history, memory_of, turn_pk
from bot.conversations.stored import redacted_reply
from bot.telegram.wording import OWN, say
from dialogs.reply import Option, Reply
from knowledge.vocabulary import vocabulary

# A button that says what was chosen, or one whose question is a text of its own.
CHOSEN = "k"
_QUESTION = "q:"
_OPTION = re.compile(r"o:(\d{1,3}):([0-9a-f]{12})")
# So short labels stand side by side, three in a row; longer ones would be cut off on a telephone.
_SHORT, _IN_A_ROW = 6, 3
# Refused messages leave the options standing; so many of them are looked past.
_LOOK_BACK = 20


def keyboard(reply: Reply) -> InlineKeyboardMarkup | None:
    """The reply's options as buttons; None where there are none."""
    mark, numbered = _digest(reply), takes_several(reply)
    # Questions that we offer by ourselves carry their text, and so never grow old.
    own = reply.intent == OWN
    return _rows(
        [
            InlineKeyboardButton(
                f"{number + 1}. {option.label}" if numbered else option.label,
                callback_data=_QUESTION + option.send if own else f"o:{number}:{mark}",
            )
            for number, option in enumerate(reply.options)
        ]
    )


def takes_several(reply: Reply) -> bool:
    """Whether more than one of the options may be chosen: a tap gives one, numbers give several."""
    facts = vocabulary().facts
    asked = [facts[name].type for name in reply.missing if name in facts]
    return bool(reply.options) and "groups" in asked


def chosen_keyboard(label: str) -> InlineKeyboardMarkup | None:
    """What stands in a keyboard's place once a button was tapped: which one it was."""
    return _rows([InlineKeyboardButton(say("chosen", label=label), callback_data=CHOSEN)])


def _rows(buttons: list[InlineKeyboardButton]) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    short = all(len(button.text) <= _SHORT for button in buttons)
    in_a_row = _IN_A_ROW if short else 1
    return InlineKeyboardMarkup(
        [buttons[start : start + in_a_row] for start in range(0, len(buttons), in_a_row)]
    )


def option_tapped(
    engine: Engine, channel: str, conversation: str, message_id: str, data: str
) -> Option | None:
    """The option a button stands for; None when the conversation has gone on since.

    For a tap that was answered before (`message_id` is known) it is an option without meaning: the
    inbox gives the answer it gave.
    """
    if data.startswith(_QUESTION):
        question = data.removeprefix(_QUESTION)
        return Option(question, question)
    if _answered(engine, channel, conversation, message_id):
        return Option("", "")
    found = _OPTION.fullmatch(data)
    if found is None:
        return None
    number, mark = int(found[1]), found[2]
    offered = memory_of(engine, channel, conversation).options
    turns = history(engine, channel, conversation, limit=_LOOK_BACK)
    replies = (turn.reply for turn in reversed(turns) if turn.reply.options)
    newest = next(replies, None)
    if newest is None or newest.options != offered or _digest(newest) != mark:
        return None
    return offered[number] if number < len(offered) else None


def _digest(reply: Reply) -> str:
    # As it is kept: the reply that is sent may hold numbers which the stored one does not.
    kept = redacted_reply(reply)
    said = [[statement.text for statement in block.statements] for block in kept.blocks]
    options = [[option.label, option.send] for option in kept.options]
    document = json.dumps([said, options], ensure_ascii=True)
    return hashlib.blake2b(document.encode(), digest_size=6).hexdigest()


def _answered(engine: Engine, channel: str, conversation: str, message_id: str) -> bool:
    with engine.connect() as connection:
        return turn_pk(connection, channel, conversation, message_id) is not None
