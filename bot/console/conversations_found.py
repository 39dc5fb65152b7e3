"""Conversations as the lists show them: the queue as it is now, and those of a period."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, func, select

from bot.app import App
from bot.console.conversations_trouble import Trouble, troubles
from bot.conversations.rows import ConversationRow, TurnRow, utc
from bot.conversations.stored import memory_from_json
from bot.handover.drafts import DraftRow
from bot.handover.rows import OPEN, Handover, HandoverRow, State
from dialogs.memory import Memory
from knowledge.vocabulary import Vocabulary
from nlu.intents import intents

A_PAGE = 50


@dataclass(frozen=True)
class Line:
    """An open hand-over in the queue. `words`: what the person said last (redacted), but for
    asking for somebody."""

    handover: Handover
    region: str
    topic: str
    words: str
    last_at: dt.datetime
    trouble: tuple[Trouble, ...]


@dataclass(frozen=True)
class Queue:
    """Everything open. `waiting` holds those that somebody may take, longest waiting first."""

    waiting: tuple[Line, ...]
    mine: tuple[Line, ...]
    others: tuple[Line, ...]
    contact: tuple[Line, ...]


@dataclass(frozen=True)
class Pulse:
    """What a page that watches compares: `sign` changes with anything it shows. `waiting` and
    `held`: how many people and answers wait for this member of staff."""

    sign: str
    waiting: int
    held: int


@dataclass(frozen=True)
class Past:
    """A conversation of a period: when something happened in it last, how many questions it had,
    the last of them (redacted) and what became of that."""

    pk: int
    channel: str
    last_at: dt.datetime
    questions: int
    words: str
    status: str
    state: State | None
    last_turn: int
    trouble: tuple[Trouble, ...]  # what was spoken of in the period


@dataclass(frozen=True)
class Wanted:
    """Which conversations of the past are looked for; what is empty is not looked at."""

    since: dt.datetime
    until: dt.datetime
    channel: str = ""
    status: str = ""


def queue(app: App, me: str) -> Queue:
    """What is open, from the side of the member of staff `me`."""
    handovers = app.handovers.listed()
    pks = [one.conversation_pk for one in handovers]
    with app.engine.connect() as connection:
        words = _last_words(connection, pks)
        memories = _memories(connection, pks)
        trouble = troubles(connection, pks)
    vocabulary = app.conversation.words
    lines = []
    for one in handovers:
        memory = memories.get(one.conversation_pk, Memory())
        text, at = words.get(one.conversation_pk, ("", one.asked_at))
        region, topic = region_of(memory, vocabulary), topic_of(memory)
        in_need = trouble.get(one.conversation_pk, ())
        lines.append(Line(one, region, topic, text, at, in_need))
    return Queue(
        waiting=tuple(line for line in lines if line.handover.state == "waiting"),
        mine=tuple(line for line in lines if line.handover.staff == me),
        others=tuple(line for line in lines if line.handover.staff not in (None, me)),
        contact=tuple(line for line in lines if line.handover.state == "contact"),
    )


def pulse(engine: Engine, me: str, *, mine_only: bool = False) -> Pulse:
    """What is going on now. With `mine_only` the talk in colleagues' conversations is left out."""
    open_now = (
        select(
            HandoverRow.pk,
            HandoverRow.state,
            HandoverRow.staff,
            HandoverRow.meant_for,
            ConversationRow.version,
        )
        .join(ConversationRow, ConversationRow.pk == HandoverRow.conversation_pk)
        .where(HandoverRow.state.in_(OPEN))
        .order_by(HandoverRow.pk)
    )
    drafts = select(DraftRow.pk).where(DraftRow.state == "waiting").order_by(DraftRow.pk)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(open_now)]
        held = list(connection.execute(drafts).scalars())
    waiting = sum(state == "waiting" and to in (None, me) for _pk, state, _by, to, _v in rows)
    if mine_only:
        rows = [row if row[2] == me else row[:4] for row in rows if row[2] in (None, me)]
    return Pulse(json.dumps([rows, held]), waiting, len(held))


def past(
    connection: Connection, wanted: Wanted, limit: int = A_PAGE, before: int | None = None
) -> list[Past]:
    """The newest `limit` conversations in which somebody asked something in the period, from the
    one whose last turn is `before` (left out) backwards."""
    last = func.max(TurnRow.pk).label("last")
    newest = (
        select(
            TurnRow.conversation_pk,
            last,
            func.count().label("questions"),
        )
        .where(
            TurnRow.speaker == "user",
            TurnRow.asked_at >= wanted.since,
            TurnRow.asked_at < wanted.until,
        )
        .group_by(TurnRow.conversation_pk)
        .order_by(last.desc())
        .limit(limit)
    )
    if wanted.status:
        newest = newest.where(TurnRow.status == wanted.status)
    if wanted.channel:
        newest = newest.join(ConversationRow, ConversationRow.pk == TurnRow.conversation_pk).where(
            ConversationRow.channel == wanted.channel
        )
    if before is not None:
        newest = newest.having(last < before)
    found = newest.subquery()
    rows = connection.execute(
        select(
            ConversationRow.pk,
            ConversationRow.channel,
            TurnRow.asked_at,
            found.c.questions,
            TurnRow.text,
            TurnRow.status,
            found.c.last,
            HandoverRow.state,
        )
        .select_from(found)
        .join(ConversationRow, ConversationRow.pk == found.c.conversation_pk)
        .join(TurnRow, TurnRow.pk == found.c.last)
        .outerjoin(
            HandoverRow,
            (HandoverRow.conversation_pk == ConversationRow.pk) & HandoverRow.state.in_(OPEN),
        )
        .order_by(found.c.last.desc())
    ).all()
    trouble = troubles(connection, [row.pk for row in rows], wanted.since, wanted.until)
    return [
        Past(
            row.pk,
            row.channel,
            utc(row.asked_at),
            row.questions,
            row.text,
            row.status,
            row.state,
            row.last,
            trouble.get(row.pk, ()),
        )
        for row in rows
    ]


def channels(connection: Connection) -> list[str]:
    """The channels that conversations have come by."""
    return sorted(connection.execute(select(ConversationRow.channel).distinct()).scalars())


def region_of(memory: Memory, vocabulary: Vocabulary) -> str:
    """Where the person is, in words; empty where they have not said."""
    region = vocabulary.regions.get(memory.region or "")
    return region.label if region else ""


def topic_of(memory: Memory) -> str:
    """What the talk is about, in words; empty where that is not known."""
    intent = intents().get(memory.subject.intent) if memory.subject else None
    return intent.label if intent else ""


def _last_words(connection: Connection, pks: Sequence[int]) -> dict[int, tuple[str, dt.datetime]]:
    newest = (
        select(func.max(TurnRow.pk))
        .where(
            TurnRow.conversation_pk.in_(pks),
            TurnRow.speaker == "user",
            TurnRow.intent != "handoff",  # that a person is wanted the list says anyway
        )
        .group_by(TurnRow.conversation_pk)
    )
    rows = connection.execute(
        select(TurnRow.conversation_pk, TurnRow.text, TurnRow.asked_at).where(
            TurnRow.pk.in_(newest)
        )
    )
    return {row.conversation_pk: (row.text, utc(row.asked_at)) for row in rows}


def _memories(connection: Connection, pks: Iterable[int]) -> dict[int, Memory]:
    rows = connection.execute(
        select(ConversationRow.pk, ConversationRow.memory).where(ConversationRow.pk.in_(pks))
    )
    return {row.pk: memory_from_json(row.memory) for row in rows}
