"""What is kept about the person: shown, or deleted after one question back."""

from __future__ import annotations

from dataclasses import replace

from dialogs.memory import Memory
from dialogs.reading import says
from dialogs.reply import Action, Block, Option, Reply, Statement, Status
from dialogs.wording import say

INTENT = "my_data"


def asked(text: str, memory: Memory) -> tuple[Reply, Memory] | None:
    """The turn of somebody who wants their records; None when `text` is about something else.

    `forget` and `export` are carried out by whoever keeps the conversation; the words are those
    for where nothing but the memory is kept.
    """
    delete, keep = say("mine.delete"), say("mine.keep")
    offered = any(option.send == delete for option in memory.options)
    if offered and text == delete:
        return _talk(say("mine.deleted"), "forget"), Memory()
    if offered and text == keep:
        return _talk(say("mine.kept")), memory
    if says("wants_forgetting", text):
        reply = _talk(say("mine.sure"))
        options = (Option(delete, delete), Option(keep, keep))
        return replace(reply, status=Status.NEEDS_INFO, options=options), memory
    if says("wants_export", text):
        return _talk(say("mine.none"), "export"), memory
    return None


def _talk(text: str, action: Action = "continue") -> Reply:
    block = Block("talk", (Statement(text),))
    return Reply(Status.ANSWERED, (block,), intent=INTENT, action=action)
