"""What the bot would answer to a person whom a member of staff is talking with. Nothing is stored,
nobody is told, and no permit is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.conversations.kept import Turn
from dialogs.converse import Conversation
from dialogs.handoff import Staffing
from dialogs.memory import Memory
from dialogs.reply import Message, Reply, Status

_SAYS_SOMETHING = frozenset(
    (
        Status.ANSWERED,
        Status.PARTLY_ANSWERED,
        Status.NEEDS_INFO,
        Status.CLARIFY,
        Status.NOT_COVERED,
    )
)
# What only the bot itself does, in its own turn.
_NOT_WITHOUT_THE_BOT = frozenset(("permit_verification", "my_permit", "handoff", "my_data"))
# The bot has been silent for so many messages at most; earlier ones are not thought over again.
_MOST = 8


@dataclass(frozen=True)
class BotDraft:
    """The bot's answer to the message of the turn `turn`; `reply` is None where it has none that
    would help."""

    turn: int
    question: str
    reply: Reply | None


def unanswered(turns: Sequence[Turn], upto: int | None = None) -> list[Turn]:
    """The messages that the bot has kept silent on, up to the turn `upto`; newest first."""
    silent: list[Turn] = []
    for turn in reversed(turns):
        if turn.speaker == "user" and turn.reply.blocks:
            break
        if turn.speaker == "user" and turn.text.strip() and (upto is None or turn.pk <= upto):
            silent.append(turn)
    return silent


def bot_draft(
    conversation: Conversation, memory: Memory, turns: Sequence[Turn], turn: int
) -> BotDraft | None:
    """The answer to the message of `turn`; None where the bot has not kept silent on it."""
    silent = unanswered(turns, turn)
    if not silent or silent[0].pk != turn:
        return None
    alone = replace(conversation, permits=None, staffing=lambda _channel: Staffing())
    reply = None
    for earlier in reversed(silent[:_MOST]):
        reply, memory = alone.converse(Message(earlier.text), memory)
    return BotDraft(turn, silent[0].text, reply if reply and _helps(reply) else None)


def _helps(reply: Reply) -> bool:
    return reply.status in _SAYS_SOMETHING and reply.intent not in _NOT_WITHOUT_THE_BOT
