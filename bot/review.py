"""What the bot did badly, for staff to look at: found in the turns, labelled, kept.

A message needs a look when it was not answered, not understood, taken for somebody else's business
though it uses our words, rated useless, corrected by the person or answered in staff's own words.
Nothing is copied for that: the messages are read where they are (redacted), and go with them.

What staff decide is kept by the message's words (bot/labels.py), apart from whoever wrote them:
one decision counts for everybody who asked so. It holds what an editor accepted as an example,
which may be worded anew so that nothing of the person is in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_args

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    Row,
    Select,
    String,
    Text,
    and_,
    func,
    insert,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from bot.drafts import DraftRow
from bot.likeness import grouped, key_of, plain
from bot.ratings import RatingRow
from bot.redact import redact
from bot.storage import ConversationRow, TurnRow, utc
from dialogs.reply import Reply, Status
from dialogs.turn import ANSWER
from dialogs.wording import say
from knowledge.strict_yaml import read
from knowledge.tables import Base
from knowledge.vocabulary import vocabulary
from nlu.normalise import normalise
from nlu.tokens import dictionary_words

_REPLY = TypeAdapter(Reply)

# unanswered: the library or the search had nothing. unsure: answered, but hardly understood.
# clarified: asked back what was meant. strayed: taken for none of our business, with our words in
# it. low_rated: rated useless. corrected: the person said it was wrong. edited: staff answered in
# their own words. noted: written down by staff.
Kind = Literal[
    "unanswered", "unsure", "clarified", "strayed", "low_rated", "corrected", "edited", "noted"
]
KINDS: tuple[Kind, ...] = get_args(Kind)
MOST = 2000  # messages looked at, the newest of the period
_LONGEST_NOTE = 500
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
class Heard:
    """A message, however often it came. `ref` names one place where it stands; `remarks` are what
    the person or staff said about the answer."""

    key: str
    text: str
    ref: str
    times: int
    conversations: int
    kinds: tuple[Kind, ...]
    regions: tuple[str, ...]
    channels: tuple[str, ...]
    last_at: dt.datetime
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Messages that are alike, the most typical first."""

    members: tuple[Heard, ...]

    @property
    def typical(self) -> Heard:
        return self.members[0]

    @property
    def times(self) -> int:
        return sum(one.times for one in self.members)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        found = {kind for one in self.members for kind in one.kinds}
        return tuple(kind for kind in KINDS if kind in found)


@dataclass(frozen=True)
class _Found:
    """One place where a message stands."""

    ref: str
    text: str
    kind: Kind
    conversation: int | None
    region: str | None
    channel: str
    at: dt.datetime
    remark: str = ""


@dataclass
class _Gathered:
    first: _Found
    times: int = 0
    conversations: set[int] = field(default_factory=set)
    kinds: set[Kind] = field(default_factory=set)
    regions: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)
    refs: set[str] = field(default_factory=set)


def note_missing(
    engine: Engine, text: str, region: str | None, by: str, at: dt.datetime | None = None
) -> None:
    """Write down, for the review, a question that the bot had no good answer to. `by`: the account
    of the member of staff; `region`: a region's code; `at`: when, now if it is not said."""
    words = redact(text.strip()[:_LONGEST_NOTE])
    if not plain(words):
        return
    with engine.begin() as connection:
        connection.execute(
            insert(ReviewNoteRow).values(
                text=words, region=region or None, staff=by, at=at or dt.datetime.now(dt.UTC)
            )
        )


def heard(connection: Connection, wanted: Wanted) -> list[Heard]:
    """The messages that need a look, each once; of those that came at `MOST` places, the newest."""
    found: list[_Found] = []
    for kind, search in _SEARCHES:
        if wanted.kinds & kind:
            found += search(connection, wanted)
    found.sort(key=lambda one: one.at, reverse=True)
    gathered: dict[str, _Gathered] = {}
    for one in found[:MOST]:
        words = plain(one.text)
        if one.kind not in wanted.kinds or len(words) < 2 or one.text == say("permit.kept_out"):
            continue
        known = gathered.setdefault(key_of(one.text), _Gathered(one))
        if one.ref not in known.refs:
            known.refs.add(one.ref)
            known.times += 1
        if one.conversation is not None:
            known.conversations.add(one.conversation)
        known.kinds.add(one.kind)
        known.channels.add(one.channel)
        known.regions.update((one.region,) if one.region else ())
        known.remarks += [one.remark] if one.remark else []
    return [_heard(key, known) for key, known in gathered.items()]


def groups(messages: Sequence[Heard]) -> list[Group]:
    """The messages in groups of those that are alike, the most asked group first."""
    places = grouped([one.text for one in messages], [one.times for one in messages])
    made = [Group(tuple(messages[place] for place in group)) for group in places]
    return sorted(
        made, key=lambda one: (one.times, max(m.last_at for m in one.members)), reverse=True
    )


def texts_of(connection: Connection, refs: Iterable[str]) -> dict[str, tuple[str, str | None]]:
    """The message at each place, and the region it was asked from; places that are gone (the person
    had them deleted) are left out."""
    columns: dict[str, tuple[Any, Any, Any]] = {
        "turn": (TurnRow.pk, TurnRow.text, TurnRow.region),
        "draft": (DraftRow.pk, DraftRow.question, None),
        "note": (ReviewNoteRow.pk, ReviewNoteRow.text, ReviewNoteRow.region),
    }
    pks: dict[str, list[int]] = {}
    for ref in refs:
        source, _, pk = ref.partition("-")
        if source in columns and pk.isascii() and pk.isdigit() and len(pk) < 10:
            pks.setdefault(source, []).append(int(pk))
    found: dict[str, tuple[str, str | None]] = {}
    for source, wanted in pks.items():
        key, text, region = columns[source]
        asked = [key, text] if region is None else [key, text, region]
        for row in connection.execute(select(*asked).where(key.in_(wanted))):
            found[f"{source}-{row[0]}"] = (row[1], row[2] if region is not None else None)
    return found


# --- where the messages are ------------------------------------------------------------


def _turns(connection: Connection, wanted: Wanted) -> list[_Found]:
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


def _rated(connection: Connection, wanted: Wanted) -> list[_Found]:
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


def _corrected(connection: Connection, wanted: Wanted) -> list[_Found]:
    """The question before a message that says the answer was wrong."""
    complaint = aliased(TurnRow)
    says_so = or_(
        complaint.intent == "complain_bot",
        *(complaint.text.startswith(words, autoescape=True) for words in _corrections()),
    )
    before = (
        select(func.max(TurnRow.pk))
        .where(
            TurnRow.conversation_pk == complaint.conversation_pk,
            TurnRow.pk < complaint.pk,
            TurnRow.speaker == "user",
        )
        .correlate(complaint)
        .scalar_subquery()
    )
    complaints = (
        select(before.label("question"), complaint.text.label("remark"))
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


def _edited(connection: Connection, wanted: Wanted) -> list[_Found]:
    said = aliased(TurnRow)
    statement = (
        select(
            DraftRow.pk,
            DraftRow.question,
            DraftRow.conversation_pk,
            DraftRow.made_at,
            ConversationRow.channel,
            said.reply,
            said.region,
        )
        .join(ConversationRow, ConversationRow.pk == DraftRow.conversation_pk)
        .outerjoin(said, said.pk == DraftRow.turn_pk)
        .where(
            DraftRow.state == "edited",
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
        _Found(
            f"draft-{row.pk}",
            row.question,
            "edited",
            row.conversation_pk,
            row.region,
            row.channel,
            utc(row.made_at),
            _words(row.reply),
        )
        for row in connection.execute(statement)
    ]


def _noted(connection: Connection, wanted: Wanted) -> list[_Found]:
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
        _Found(f"note-{row.pk}", row.text, "noted", None, row.region, "staff", utc(row.at))
        for row in connection.execute(statement)
    ]


_SEARCHES = (
    (frozenset(("unanswered", "unsure", "clarified", "strayed")), _turns),
    (frozenset(("low_rated",)), _rated),
    (frozenset(("corrected",)), _corrected),
    (frozenset(("edited",)), _edited),
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


def _at_turn(row: Row[*tuple[Any, ...]], kind: Kind, remark: str = "") -> _Found:
    return _Found(
        f"turn-{row.pk}",
        row.text,
        kind,
        row.conversation_pk,
        row.region,
        row.channel,
        utc(row.asked_at),
        remark[:_LONGEST_REMARK],
    )


def _heard(key: str, known: _Gathered) -> Heard:
    return Heard(
        key=key,
        text=known.first.text,
        ref=known.first.ref,
        times=known.times,
        conversations=len(known.conversations),
        kinds=tuple(kind for kind in KINDS if kind in known.kinds),
        regions=tuple(sorted(known.regions)),
        channels=tuple(sorted(known.channels)),
        last_at=known.first.at,
        remarks=tuple(dict.fromkeys(known.remarks)),
    )


def _words(reply: str | None) -> str:
    if reply is None:
        return ""
    spoken = (statement.text for _kind, statement in _REPLY.validate_json(reply).statements())
    return "".join(spoken)[:_LONGEST_REMARK]


def has_our_words(text: str) -> bool:
    """Whether a word of our trade is in the text: an occupation, a level, a group, a topic."""
    written = normalise(text)
    return any(word in written for word in _our_words())


@cache
def _our_words() -> frozenset[str]:
    places = {name for region in vocabulary().regions.values() for name in region.called}
    return frozenset(word for word in dictionary_words() if word not in places and len(word) > 1)


@cache
def _corrections() -> tuple[str, ...]:
    data = read(Path(__file__).with_name("review.yaml")).data
    return tuple(cast("list[str]", data["corrections"]))
