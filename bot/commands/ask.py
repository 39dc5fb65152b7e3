"""`anxin ask`: one question, or JSON lines in and out (DESIGN section 9)."""

from __future__ import annotations

import datetime as dt
import json
import sys
import uuid
from collections.abc import Iterable
from typing import Any, TextIO

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.app import App, assemble
from bot.reply_object import reply_object
from bot.settings import settings
from dialogs.memory import Memory
from dialogs.reply import Message
from dialogs.text import as_text


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str | int
    session: str | int = "default"
    text: str
    as_of: dt.date | None = None
    channel: str = "jsonl"


def _note(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 - progress goes beside the answer, not into it


def ask_once(question: str, as_of: dt.date | None) -> str:
    """The whole answer to one question as text."""
    app = assemble(settings(), _note)
    reply, _ = app.conversation.converse(Message(question), Memory(), as_of)
    return as_text(reply)


def ask_lines(lines: Iterable[str], out: TextIO, as_of: dt.date | None) -> None:
    """A reply line for each line, lines of one session in order; a bad line is an error line."""
    app = assemble(settings(), _note)
    memories: dict[str, Memory] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            out.write(
                json.dumps(_one(app, line, number, memories, as_of), ensure_ascii=False) + "\n"
            )
            out.flush()


def _one(
    app: App, raw: str, number: int, memories: dict[str, Memory], as_of: dt.date | None
) -> dict[str, Any]:
    try:
        line = _Line.model_validate_json(raw)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'line'}: {item['msg']}"
            for item in error.errors(include_url=False)
        )
        return {"id": _id_of(raw), "line": number, "error": problems}
    session = str(line.session)
    # Its id is a line's own in one run only; what the dialogue asks elsewhere needs one for good.
    message = Message(line.text, session, uuid.uuid4().hex, line.channel)
    memory = memories.get(session, Memory())
    reply, memories[session] = app.conversation.converse(message, memory, line.as_of or as_of)
    return {"id": line.id, "session": line.session, **reply_object(reply)}


def _id_of(raw: str) -> Any:
    try:
        return json.loads(raw).get("id")
    except (ValueError, AttributeError):
        return None
