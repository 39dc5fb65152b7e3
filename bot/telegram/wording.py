"""What the bot says on Telegram beside the dialogue's answers (`wording.yaml`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from dialogs.reply import Block, Option, Reply, Statement, Status
from knowledge.strict_yaml import read

# The intent of what this channel says by itself.
OWN = "telegram"


@cache
def _sentences() -> dict[str, Any]:
    data: dict[str, Any] = read(Path(__file__).with_name("wording.yaml")).data
    return data


def say(key: str, **values: object) -> str:
    """The sentence under `key`, with `values` filled in. KeyError for an unknown key."""
    text: str = _sentences()[key]
    return text.format(**values)


def table(key: str) -> dict[str, str]:
    """The sentences under `key`."""
    found: dict[str, str] = _sentences()[key]
    return found


def sentence(key: str, *, with_examples: bool = False) -> Reply:
    """The sentence under `key` as a reply, with questions that a newcomer is offered."""
    questions = _sentences()["examples"] if with_examples else ()
    return Reply(
        Status.ANSWERED,
        (Block("talk", (Statement(say(key)),)),),
        options=tuple(Option(question, question) for question in questions),
        intent=OWN,
    )
