"""What the bot says on Telegram beside the dialogue's answers (`wording.yaml`)."""

from __future__ import annotations

from pathlib import Path

from dialogs.reply import Block, Option, Reply, Statement, Status
from knowledge.sentences import Sentences

# The intent of what this channel says by itself.
OWN = "telegram"
_SENTENCES = Sentences(Path(__file__).with_name("wording.yaml"))
say, table = _SENTENCES.say, _SENTENCES.table


def sentence(key: str, *, with_examples: bool = False) -> Reply:
    """The sentence under `key` as a reply, with questions that a newcomer is offered."""
    questions = _SENTENCES.data["examples"] if with_examples else ()
    return Reply(
        Status.ANSWERED,
        (Block("talk", (Statement(say(key)),)),),
        options=tuple(Option(question, question) for question in questions),
        intent=OWN,
    )
