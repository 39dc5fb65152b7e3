"""Where the messages stand that need a look: the turns, ratings, drafts and notes of a period."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Row,
    ScalarSelect,
    Select,
    String,
    Text,
    and_,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from bot.conversations.ratings import RatingRow
from bot.conversations.rows import ConversationRow, TurnRow, utc
from bot.conversations.stored import reply_from_json
from bot.handover.drafts import DraftRow, DraftState
from bot.review.our_words import has_our_words
from dialogs.reply import Status
from dialogs.turn import ANSWER
from knowledge.strict_yaml import read
from knowledge.tables import Base

# unanswered: the library or the search had nothing, or the answer was held back and never sent.
# unsure: answered, but hardly understood. clarified: asked back what was meant. strayed: taken for
# none of our business, with our words in it. low_rated: rated useless. corrected: the person said
# it was wrong. edited: staff answered in their own words. noted: written down by staff.
Kind = Literal[
    "unanswered", "unsure", "clarified", "strayed", "low_rated", "corrected", "edited", "noted"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST = 2000  # messages looked at, the newest of the period
_LONGEST_REMARK = 200


class ReviewNoteRow(Base):
    """A question that staff wrote down because the bot had no good answer to it; redacted."""

    __tablename__ = "review_note"

    pk: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(String(20))
    staff: Mapped[str] = mapped_column(String(60))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


@dataclass(frozen=True)
class Wanted:
    """Which messages are looked for; what is empty is not looked at. `since` counts, `until` no
    longer."""

    since: dt.datetime
    until: dt.datetime
    kinds: frozenset[Kind] = frozenset(KINDS)
    channel: str = ""
    regions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Found:
    """One place where a message stands."""

    ref: str
    text: str
    kind: Kind
    conversation: int | None
    region: str | None
    channel: str
    at: dt.datetime
    remark: str = ""


def places(connection: Connection, wanted: Wanted) -> list[Found]:
    """The places of the period, the newest first."""
    found: list[Found] = []
    for kinds, search in _SEARCHES:
        if wanted.kinds & kinds:
            found += search(connection, wanted)
    return sorted(found, key=lambda one: one.at, reverse=True)


def _turns(connection: Connection, wanted: Wanted) -> list[Found]:
    """Turns whose answer says so itself."""
    tests: dict[Kind, ColumnElement[bool]] = {
        "unanswered": TurnRow.status == Status.NOT_COVERED.value,
        "clarified": TurnRow.status == Status.CLARIFY.value,
        "strayed": TurnRow.status == Status.OUT_OF_SCOPE.value,
        "unsure": and_(
            TurnRow.status.in_((Status.ANSWERED.value, Status.PARTLY_ANSWERED.value)),
            TurnRow.confidence < ANSWER,
        ),
    }
    kinds = [kind for kind in tests if kind in wanted.kinds]
    statement = _of_turns(wanted).where(or_(*(tests[kind] for kind in kinds))).limit(MOST)
    by_status: dict[str, Kind] = {
        "not_covered": "unanswered", "clarify": "clarified", "out_of_scope": "strayed"
    }  # fmt: skip
    found = [
        _at_turn(row, by_status.get(row.status, "unsure")) for row in connection.execute(statement)
    ]
    return [one for one in found if one.kind != "strayed" or has_our_words(one.text)]


def _rated(connection: Connection, wanted: Wanted) -> list[Found]:
    newest = (
        select(RatingRow.turn_pk, RatingRow.reason)
        .where(
            RatingRow.useful.is_(False), RatingRow.at >= wanted.since, RatingRow.at < wanted.until
        )
        .order_by(RatingRow.pk.desc())
        .limit(MOST)
    )
    reasons = {row.turn_pk: row.reason for row in connection.execute(newest)}
    statement = _of_turns(wanted).where(TurnRow.pk.in_(reasons))
    return [_at_turn(row, "low_rated", reasons[row.pk]) for row in connection.execute(statement)]


def question_before(turn: type[TurnRow]) -> ScalarSelect[int | None]:
    """Which turn holds what the person said last before `turn` in its conversation."""
    earlier = aliased(TurnRow)
    return (
        select(func.max(earlier.pk))
        .where(
            earlier.conversation_pk == turn.conversation_pk,
            earlier.pk < turn.pk,
            earlier.speaker == "user",
        )
        .correlate(turn)
        .scalar_subquery()
    )


def _corrected(connection: Connection, wanted: Wanted) -> list[Found]:
    """The question before a message that says the answer was wrong."""
    complaint = aliased(TurnRow)
    says_so = or_(
        complaint.intent == "complain_bot",
        *(complaint.text.startswith(words, autoescape=True) for words in _corrections()),
    )
    complaints = (
        select(question_before(complaint).label("question"), complaint.text.label("remark"))
        .where(
            complaint.speaker == "user",
            complaint.asked_at >= wanted.since,
            complaint.asked_at < wanted.until,
            says_so,
        )
        .order_by(complaint.pk.desc())
        .limit(MOST)
    )
    remarks = {row.question: row.remark for row in connection.execute(complaints) if row.question}
    statement = _of_turns(wanted).where(TurnRow.pk.in_(remarks))
    return [_at_turn(row, "corrected", remarks[row.pk]) for row in connection.execute(statement)]


def _drafts(connection: Connection, wanted: Wanted) -> list[Found]:
    """Answers that staff gave in their own words, and those held back that nobody looked at."""
    said = aliased(TurnRow)
    by_state: dict[DraftState, Kind] = {"edited": "edited", "expired": "unanswered"}
    statement = (
        select(
            DraftRow.pk,
            DraftRow.question,
            DraftRow.conversation_pk,
            DraftRow.made_at,
            DraftRow.state,
            ConversationRow.channel,
            said.reply,
            said.region,
        )
        .join(ConversationRow, ConversationRow.pk == DraftRow.conversation_pk)
        .outerjoin(said, said.pk == DraftRow.turn_pk)
        .where(
            DraftRow.state.in_(by_state),
            DraftRow.made_at >= wanted.since,
            DraftRow.made_at < wanted.until,
        )
        .order_by(DraftRow.pk.desc())
        .limit(MOST)
    )
    if wanted.channel:
        statement = statement.where(ConversationRow.channel == wanted.channel)
    if wanted.regions:
        statement = statement.where(said.region.in_(wanted.regions))
    return [
        Found(
            f"draft-{row.pk}",
            row.question,
            by_state[row.state],
            row.conversation_pk,
            row.region,
            row.channel,
            utc(row.made_at),
            words_of(row.reply) if row.state == "edited" else "",
        )
        for row in connection.execute(statement)
    ]


def _noted(connection: Connection, wanted: Wanted) -> list[Found]:
    statement = (
        select(ReviewNoteRow.pk, ReviewNoteRow.text, ReviewNoteRow.region, ReviewNoteRow.at)
        .where(ReviewNoteRow.at >= wanted.since, ReviewNoteRow.at < wanted.until)
        .order_by(ReviewNoteRow.pk.desc())
        .limit(MOST)
    )
    if wanted.channel:
        return []  # staff's own notes came by no channel
    if wanted.regions:
        statement = statement.where(ReviewNoteRow.region.in_(wanted.regions))
    return [
        Found(f"note-{row.pk}", row.text, "noted", None, row.region, "staff", utc(row.at))
        for row in connection.execute(statement)
    ]


_SEARCHES = (
    (frozenset(("unanswered", "unsure", "clarified", "strayed")), _turns),
    (frozenset(("low_rated",)), _rated),
    (frozenset(("corrected",)), _corrected),
    (frozenset(("edited", "unanswered")), _drafts),
    (frozenset(("noted",)), _noted),
)


def _of_turns(wanted: Wanted) -> Select[*tuple[Any, ...]]:
    statement = (
        select(
            TurnRow.pk,
            TurnRow.text,
            TurnRow.status,
            TurnRow.conversation_pk,
            TurnRow.region,
            TurnRow.asked_at,
            ConversationRow.channel,
        )
        .join(ConversationRow, ConversationRow.pk == TurnRow.conversation_pk)
        .where(
            TurnRow.speaker == "user",
            TurnRow.asked_at >= wanted.since,
            TurnRow.asked_at < wanted.until,
        )
        .order_by(TurnRow.asked_at.desc())
    )
    if wanted.channel:
        statement = statement.where(ConversationRow.channel == wanted.channel)
    if wanted.regions:
        statement = statement.where(TurnRow.region.in_(wanted.regions))
    return statement


def _at_turn(row: Row[*tuple[Any, ...]], kind: Kind, remark: str = "") -> Found:
    return Found(
        f"turn-{row.pk}",
        row.text,
        kind,
        row.conversation_pk,
        row.region,
        row.channel,
        utc(row.asked_at),
        remark[:_LONGEST_REMARK],
    )


def words_of(reply: str | None) -> str:
    """What a stored reply says, as much as a remark holds; empty for none."""
    if reply is None:
        return ""
    spoken = (statement.text for _kind, statement in reply_from_json(reply).statements())
    return "".join(spoken)[:_LONGEST_REMARK]


@cache
def _corrections() -> tuple[str, ...]:
    data = read(Path(__file__).with_name("places.yaml")).data
    return tuple(cast("list[str]", data["corrections"]))
