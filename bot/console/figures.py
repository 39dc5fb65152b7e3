"""What the bot did in a period, as counts. Nothing personal: no count is of one person, and the
words of a question are shown only when several people have asked it in the same words.

Counting is the database's work, over an index that holds all it needs (`ix_turn_figures`).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from statistics import median_low
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Integer,
    Select,
    String,
    cast,
    func,
    literal_column,
    select,
    text,
)

from bot.console.durations import RESPONSE_S, WAIT_S, Times, class_of, times_of
from bot.conversations.ratings import RATING_REQUEST, RatingRow
from bot.conversations.rows import ConversationRow, TurnRow, utc
from bot.conversations.stored import left_out
from bot.handover.rows import HandoverRow
from bot.review.likeness import plain
from dialogs.reply import Status

UNANSWERED = (Status.NOT_COVERED.value, Status.CLARIFY.value)
# Turns that are not questions to the bot: said while staff had the conversation, a rating.
_NO_QUESTION = ("staff", RATING_REQUEST)
_FEWEST_ASKERS = 2
_TOP = 20


@dataclass(frozen=True)
class Waiting:
    """How those who asked for a person fared. `times` are of those who were taken."""

    asked: int
    taken: int
    gave_up: int
    contacts: int  # wanted to be called back
    times: Times


@dataclass(frozen=True)
class Asked:
    """A question that was not answered, in the words of those who asked it."""

    text: str
    conversations: int
    times: int


@dataclass(frozen=True)
class Figures:
    """Everything counted. Keys are the project's codes (statuses, intents, regions, channels);
    a region that nobody said is an empty one."""

    conversations: int
    questions: int
    by_day: dict[dt.date, tuple[int, int]]  # questions, conversations
    by_status: dict[str, int]
    by_intent: dict[str, int]
    by_region: dict[str, int]
    by_channel: dict[str, int]
    response: Times
    waiting: Waiting
    useful: int
    useless: int


def count(
    connection: Connection, since: dt.datetime, until: dt.datetime, channel: str = ""
) -> Figures:
    """The figures of a period (`until` no longer counts), of one channel or of all."""
    _never_row_by_row(connection)
    period = (
        TurnRow.asked_at >= since,
        TurnRow.asked_at < until,
        TurnRow.speaker == "user",
        TurnRow.intent.not_in(_NO_QUESTION),
    )

    def turns(*columns: Any) -> Select[*tuple[Any, ...]]:
        statement = select(*columns).select_from(TurnRow).where(*period)
        return _of_channel(statement, channel, TurnRow.conversation_pk)

    kinds = turns(TurnRow.status, TurnRow.intent, TurnRow.region, func.count().label("n"))
    status: Counter[str] = Counter()
    intent: Counter[str] = Counter()
    region: Counter[str] = Counter()
    grouping = (TurnRow.status, TurnRow.intent, TurnRow.region)
    for row in connection.execute(kinds.group_by(*grouping)):
        status[row.status] += row.n
        intent[row.intent] += row.n
        region[row.region or ""] += row.n
    day = _day_in_china(connection, TurnRow.asked_at).label("day")
    talks = func.count(TurnRow.conversation_pk.distinct())
    days = connection.execute(turns(day, func.count(), talks).group_by(day))
    by_channel = _channels(connection, turns)
    useful = _ratings(connection, since, until, channel)
    return Figures(
        conversations=sum(talks for _, talks in by_channel.values()),
        questions=sum(status.values()),
        by_day={dt.date.fromisoformat(row[0]): (row[1], row[2]) for row in days},
        by_status=dict(status.most_common()),
        by_intent=dict(intent.most_common()),
        by_region=dict(region.most_common()),
        by_channel={name: asked for name, (asked, _) in by_channel.items()},
        response=_response(connection, turns),
        waiting=_waiting(connection, since, until, channel),
        useful=useful[True],
        useless=useful[False],
    )


def top_unanswered(
    connection: Connection, since: dt.datetime, until: dt.datetime, channel: str = ""
) -> list[Asked]:
    """The questions that most people asked in vain, each in the same words but for marks. Words
    that only one conversation holds are nobody else's to read, and not among them."""
    _never_row_by_row(connection)
    statement = _of_channel(
        select(TurnRow.text, TurnRow.conversation_pk)
        .where(
            TurnRow.asked_at >= since,
            TurnRow.asked_at < until,
            TurnRow.speaker == "user",
            TurnRow.status.in_(UNANSWERED),
        )
        .order_by(TurnRow.pk.desc()),
        channel,
        TurnRow.conversation_pk,
    )
    askers: defaultdict[str, set[int]] = defaultdict(set)
    times: Counter[str] = Counter()
    words: dict[str, str] = {}
    alike: dict[str, str] = {}  # the same text is read once
    nothing_said = left_out()
    for said, conversation in connection.execute(statement):
        known = alike.get(said)
        if known is None:
            known = alike[said] = plain(said)
        if len(known) < 2 or said in nothing_said:
            continue
        askers[known].add(conversation)
        times[known] += 1
        words.setdefault(known, said)
    found = [
        Asked(words[known], len(who), times[known])
        for known, who in askers.items()
        if len(who) >= _FEWEST_ASKERS
    ]
    return sorted(found, key=lambda one: (-one.conversations, -one.times, one.text))[:_TOP]


def _response(connection: Connection, turns: Any) -> Times:
    taken = _milliseconds(connection, TurnRow.asked_at, TurnRow.answered_at).label("ms")
    classes = [0] * (len(RESPONSE_S) + 1)
    for milliseconds, found in connection.execute(turns(taken, func.count()).group_by(taken)):
        classes[class_of(milliseconds / 1000, RESPONSE_S)] += found
    return times_of(classes, RESPONSE_S)


def _channels(connection: Connection, turns: Any) -> dict[str, tuple[int, int]]:
    """Questions and conversations of each channel. Counted by conversation first: that is all in
    the index, and there are fewer of them."""
    talks = (
        turns(TurnRow.conversation_pk.label("talk"), func.count().label("n"))
        .group_by(TurnRow.conversation_pk)
        .subquery()
    )
    asked = func.sum(talks.c.n).label("asked")
    rows = connection.execute(
        select(ConversationRow.channel, asked, func.count().label("talks"))
        .join(talks, talks.c.talk == ConversationRow.pk)
        .group_by(ConversationRow.channel)
        .order_by(asked.desc())
    )
    return {row.channel: (int(row.asked), row.talks) for row in rows}


def _waiting(
    connection: Connection, since: dt.datetime, until: dt.datetime, channel: str
) -> Waiting:
    statement = _of_channel(
        select(
            HandoverRow.asked_at,
            HandoverRow.taken_at,
            HandoverRow.code,
            # The number itself is gone when somebody has called back.
            (HandoverRow.reason == "contact").label("contact"),
        ).where(
            HandoverRow.asked_at >= since,
            HandoverRow.asked_at < until,
            HandoverRow.reason.in_(("asked", "contact")),
        ),
        channel,
        HandoverRow.conversation_pk,
    )
    rows = connection.execute(statement).all()
    # A conversation passed on to a colleague has been asked for anew since it was taken.
    waits = [
        (utc(row.taken_at) - utc(row.asked_at)).total_seconds()
        for row in rows
        if row.taken_at is not None and not row.contact and row.taken_at >= row.asked_at
    ]
    classes = [0] * (len(WAIT_S) + 1)
    for wait in waits:
        classes[class_of(wait, WAIT_S)] += 1
    times = times_of(classes, WAIT_S)
    if waits:  # few enough to be exact
        waits.sort()
        times = Times(times.classes, median_low(waits), waits[(len(waits) * 95 - 1) // 100])
    return Waiting(
        asked=len(rows),
        taken=sum(row.taken_at is not None for row in rows),
        gave_up=sum(row.code == "gave_up" for row in rows),
        contacts=sum(bool(row.contact) for row in rows),
        times=times,
    )


def _ratings(
    connection: Connection, since: dt.datetime, until: dt.datetime, channel: str
) -> Counter[bool]:
    statement = select(RatingRow.useful, func.count().label("n")).where(
        RatingRow.at >= since, RatingRow.at < until
    )
    if channel:
        statement = _of_channel(
            statement.join(TurnRow, TurnRow.pk == RatingRow.turn_pk),
            channel,
            TurnRow.conversation_pk,
        )
    rows = connection.execute(statement.group_by(RatingRow.useful))
    return Counter({row.useful: row.n for row in rows})


def _never_row_by_row(connection: Connection) -> None:
    """Until the end of this transaction, tables are joined whole. What is counted here is read in
    thousands of rows; PostgreSQL, with statistics from when its tables were small (after data were
    moved in, say), reads a table anew for each of them, which takes minutes."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL enable_nestloop = off"))


def _of_channel(
    statement: Select[*tuple[Any, ...]], channel: str, conversation: Any
) -> Select[*tuple[Any, ...]]:
    if not channel:
        return statement
    return statement.join(ConversationRow, ConversationRow.pk == conversation).where(
        ConversationRow.channel == channel
    )


def _day_in_china(connection: Connection, at: Any) -> ColumnElement[str]:
    if connection.dialect.name == "postgresql":
        return func.to_char(func.timezone("Asia/Shanghai", at), "YYYY-MM-DD", type_=String())
    return func.date(at, literal_column("'+8 hours'"), type_=String())


def _milliseconds(connection: Connection, begin: Any, end: Any) -> ColumnElement[int]:
    if connection.dialect.name == "postgresql":
        return cast(func.date_part("epoch", end - begin, type_=Float()) * 1000, Integer())
    days = func.julianday(end, type_=Float()) - func.julianday(begin, type_=Float())
    return cast(func.round(days * 86_400_000.0), Integer())
