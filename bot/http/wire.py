"""What the API sends: replies, turns and clauses as JSON objects."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Base64Bytes, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from bot.conversations.kept import Turn
from bot.conversations.rows import Speaker
from bot.reply_object import reply_object
from dialogs.reply import Mark, Reply
from dialogs.text import clause_name
from dialogs.wording import say
from knowledge.schema import Clause, Document
from knowledge.standing import standing


def _written(value: object) -> object:
    # Pydantic alone would take a number for a moment, and a moment for its day.
    if not (isinstance(value, str) and len(value) == len("2021-05-01")):
        raise ValueError("a day is written as 2021-05-01")
    return value


Day = Annotated[dt.date, BeforeValidator(_written)]

_BASE64 = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
Picture = Annotated[Base64Bytes, WithJsonSchema({"type": "string", "pattern": _BASE64})]


class Named(BaseModel):
    """Something by its permanent id, and as people call it."""

    id: str
    name: str


class SentCitation(BaseModel):
    """A source. The first five fields are those of `anxin ask --jsonl`; the others are for showing:
    the clause's name as people say it, and the standing in words."""

    clause: str
    document: str
    doc_no: str | None
    standing: str
    quote: str
    name: str
    standing_text: str


class SentStatement(BaseModel):
    """A sentence and the clauses it rests on."""

    text: str
    clauses: list[str]


class SentBlock(BaseModel):
    """Sentences with one purpose."""

    kind: str
    heading: str | None
    mark: Mark | None  # of a verdict: how it is coloured
    statements: list[SentStatement]


class Choice(BaseModel):
    """Something to tap: what it says, and the text to send when it is chosen."""

    label: str
    send: str


class Answer(BaseModel):
    """A reply: the object of `anxin ask --jsonl`, with the blocks it is made of."""

    model_config = ConfigDict(extra="allow")

    id: str
    session: str
    status: str
    intent: str
    confidence: float
    text: str
    citations: list[SentCitation]
    options: list[str]
    missing: list[str]
    action: str
    release: str | None
    blocks: list[SentBlock]
    choices: list[Choice]


class PastTurn(BaseModel):
    """A question as it was stored (personal numbers taken out), and its answer. `speaker` began the
    turn: what staff or the bot say by themselves answers no question of the person. `seq` goes up
    from turn to turn."""

    seq: int
    speaker: Speaker
    text: str
    asked_at: dt.datetime
    answer: Answer
    useful: bool | None  # how the answer was rated


class Waiting(BaseModel):
    """Whether a member of staff is waited for (`before`: how many have waited longer), is there,
    or will call back."""

    state: Literal["none", "waiting", "staff", "contact"]
    before: int | None = None


class History(BaseModel):
    """A conversation's turns, oldest first."""

    session: str
    turns: list[PastTurn]
    staff: Waiting


class ClauseText(BaseModel):
    """A clause of the current library, with its document's standing on the day asked for."""

    id: str
    name: str
    heading: str
    text: str
    document: str
    document_id: str
    doc_no: str | None
    standing: str
    standing_text: str


def answer(message_id: str, session: str, reply: Reply) -> Answer:
    """A reply as it is sent."""
    whole = reply_object(reply) | {
        "id": message_id,
        "session": session,
        "citations": [
            SentCitation(
                clause=citation.clause,
                document=citation.document,
                doc_no=citation.doc_no,
                standing=citation.standing.value,
                quote=citation.quote,
                name=clause_name(citation.clause),
                standing_text=say(f"standing.short.{citation.standing.value}"),
            )
            for citation in reply.citations
        ],
        "blocks": [
            SentBlock(
                kind=block.kind,
                heading=block.heading,
                mark=block.mark,
                statements=[
                    SentStatement(text=statement.text, clauses=list(statement.clauses))
                    for statement in block.statements
                ],
            )
            for block in reply.blocks
        ],
        "choices": [Choice(label=option.label, send=option.send) for option in reply.options],
    }
    return Answer.model_validate(whole)


def past_turn(session: str, turn: Turn, useful: bool | None = None) -> PastTurn:
    """A stored turn as it is sent."""
    return PastTurn(
        seq=turn.pk,
        speaker=turn.speaker,
        text=turn.text,
        asked_at=turn.asked_at,
        answer=answer(turn.message_id, session, turn.reply),
        useful=useful,
    )


def clause_text(clause: Clause, document: Document, day: dt.date) -> ClauseText:
    """A clause as it is sent."""
    worth = standing(document, day)
    return ClauseText(
        id=clause.id,
        name=clause_name(clause.id),
        heading=clause.heading,
        text=clause.text,
        document=document.name,
        document_id=document.id,
        doc_no=document.doc_no,
        standing=worth.value,
        standing_text=say(f"standing.short.{worth.value}"),
    )
