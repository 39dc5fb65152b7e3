"""What the bot did badly, for staff to look at: found in the turns, labelled, kept.

A message needs a look when it was not answered, not understood, taken for somebody else's business
though it uses our words, rated useless, corrected by the person or answered in staff's own words.
Nothing is copied for that: the messages are read where they are (redacted; places.py),
and go with them.

What staff decide is kept by the message's words (labels.py), apart from whoever wrote them:
one decision counts for everybody who asked so. It holds what an editor accepted as an example,
which may be worded anew so that nothing of the person is in it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.orm import aliased

from bot.conversations.rows import TurnRow
from bot.conversations.stored import left_out
from bot.handover.drafts import DraftRow
from bot.redact import redact
from bot.review.likeness import grouped, key_of, plain
from bot.review.places import (
    KINDS,
    MOST,
    Found,
    Kind,
    ReviewNoteRow,
    Wanted,
    places,
    question_before,
    words_of,
)

_LONGEST_NOTE = 500


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
        """The message that the group is shown by."""
        return self.members[0]

    @property
    def times(self) -> int:
        """How often its messages came."""
        return sum(one.times for one in self.members)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Why they need a look."""
        found = {kind for one in self.members for kind in one.kinds}
        return tuple(kind for kind in KINDS if kind in found)


@dataclass
class _Gathered:
    first: Found
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


def messages(connection: Connection, wanted: Wanted) -> list[Heard]:
    """The messages that need a look, each once; of those that came at `MOST` places, the newest."""
    gathered: dict[str, _Gathered] = {}
    for one in places(connection, wanted)[:MOST]:
        words = plain(one.text)
        if one.kind not in wanted.kinds or len(words) < 2 or one.text in left_out():
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
    found: dict[str, tuple[str, str | None]] = {}
    for source, wanted in _keys(refs, columns).items():
        key, text, region = columns[source]
        asked = [key, text] if region is None else [key, text, region]
        for row in connection.execute(select(*asked).where(key.in_(wanted))):
            found[f"{source}-{row[0]}"] = (row[1], row[2] if region is not None else None)
    return found


def answers_to(connection: Connection, refs: Iterable[str]) -> dict[str, str]:
    """What the bot said to the message at each place, shortened; where it was silent, or staff
    noted the message, nothing."""
    columns = {"turn": (TurnRow.pk, TurnRow.reply), "draft": (DraftRow.pk, DraftRow.reply)}
    said: dict[str, str] = {}
    for source, wanted in _keys(refs, columns).items():
        key, reply = columns[source]
        for row in connection.execute(select(key, reply).where(key.in_(wanted))):
            said[f"{source}-{row[0]}"] = words_of(row[1])
    return said


def said_before(connection: Connection, refs: Iterable[str]) -> dict[str, str]:
    """What the person asked just before the message at each place, without which 那广州呢 says
    nothing; where it was the first, or stands in no conversation, nothing."""
    before = aliased(TurnRow)
    wanted = _keys(refs, ("turn",)).get("turn", [])
    rows = connection.execute(
        select(TurnRow.pk, before.text)
        .join(before, before.pk == question_before(TurnRow))
        .where(TurnRow.pk.in_(wanted), before.text != "")
    )
    return {f"turn-{row.pk}": row.text for row in rows}


def _keys(refs: Iterable[str], sources: Container[str]) -> dict[str, list[int]]:
    """The rows that are meant, by source; what is no place is left out."""
    found: dict[str, list[int]] = {}
    for ref in refs:
        source, _, pk = ref.partition("-")
        if source in sources and pk.isascii() and pk.isdigit() and len(pk) < 10:
            found.setdefault(source, []).append(int(pk))
    return found


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
