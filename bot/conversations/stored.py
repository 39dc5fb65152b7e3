"""A memory and a reply as they are stored: JSON, with nothing personal in it."""

from __future__ import annotations

from dataclasses import replace

import structlog
from pydantic import TypeAdapter, ValidationError

from bot.redact import redact, redact_json
from dialogs.memory import Memory
from dialogs.reply import Message, Reply, Statement
from dialogs.wording import say

_MEMORY = TypeAdapter(Memory)
_REPLY = TypeAdapter(Reply)
_log = structlog.get_logger()


def memory_to_json(memory: Memory) -> str:
    """A memory as it is stored: JSON, every text in it redacted."""
    return redact_json(_MEMORY.dump_json(memory).decode())


def memory_from_json(stored: str) -> Memory:
    """The stored memory. One that this version cannot read is given up, not the conversation."""
    try:
        return _MEMORY.validate_json(stored)
    except ValidationError as error:
        kinds = sorted({f"{item['loc'][0]}: {item['type']}" for item in error.errors()})
        _log.warning("memory_unreadable", problems=kinds)
        return Memory()


def kept_text(message: Message, reply: Reply) -> str:
    """What is stored of a message's words. A name has no shape that could be found: words that hold
    one are left out whole."""
    if not reply.private:
        return redact(message.text)
    return say("handoff.kept_out" if reply.intent == "handoff" else "permit.kept_out")


def left_out() -> frozenset[str]:
    """What stands where words were left out."""
    return frozenset((say("handoff.kept_out"), say("permit.kept_out")))


def redacted_reply(reply: Reply, *, offices: bool = False) -> Reply:
    """The reply without anything personal it may echo. Citations are the sources' own words.
    `offices`: landline numbers stay."""
    return replace(
        reply,
        contact=None,
        blocks=tuple(
            replace(
                block,
                statements=tuple(
                    Statement(redact(statement.text, offices=offices), statement.clauses)
                    for statement in block.statements
                ),
            )
            for block in reply.blocks
        ),
        options=tuple(
            replace(option, label=redact(option.label), send=redact(option.send))
            for option in reply.options
        ),
        trace=tuple(redact(line) for line in reply.trace),
    )


def reply_to_json(reply: Reply) -> str:
    """A reply as it is stored; what is personal must have been taken out (`redacted_reply`)."""
    return _REPLY.dump_json(reply).decode()


def reply_from_json(stored: str) -> Reply:
    """The stored reply. Raises pydantic's ValidationError for what is none."""
    return _REPLY.validate_json(stored)
