"""What staff decided about messages in the review: a label, a task for the library, or nothing.

A decision is told by the message's words (`likeness.key_of`), not by who wrote them. It can be
changed until it is exported; who made it is kept. Where the engine is sure of another intent than
the label's, the label waits until somebody else has confirmed it: the test set hardly notices a few
wrong labels, whatever is measured on it, and a second pair of eyes does. What is accepted leaves by
taught.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

from sqlalchemy import (
    Connection,
    DateTime,
    Row,
    String,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.rows import utc
from bot.redact import redact
from bot.review.likeness import key_of, plain
from knowledge.tables import Base
from knowledge.vocabulary import vocabulary
from nlu.intents import intents
from nlu.labels import given_away
from nlu.report import apart_messages
from nlu.training_data import Example

# intent: what the message asks. library: what the documents should hold and do not, or what an
# answer got wrong. dismissed: nothing is to be done.
LabelKind = Literal["intent", "library", "dismissed"]
LABEL_KINDS: tuple[LabelKind, ...] = get_args(LabelKind)
_LONGEST_NOTE = 500
_LONGEST_EXAMPLE = 300
_LONGEST_WORD = 20
# Who is alone in the office confirms the next day what was decided today.
_SLEPT_ON = dt.timedelta(hours=12)
# What the engine is sure a message asks; None where it is not.
Sure = Callable[[str], str | None]


def unsure(_text: str) -> None:
    """Nobody is asked."""


class LabelRow(Base):
    """A decision. `text` is the example, redacted; `word` is one that the message names `meaning`
    by (`occupation:nanny`) and that the vocabulary does not know. `doubt`: the intent that the
    engine was sure of instead when it was decided."""

    __tablename__ = "review_label"

    pk: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    text: Mapped[str] = mapped_column(Text)
    kind: Mapped[LabelKind] = mapped_column(String(10))
    intent: Mapped[str | None] = mapped_column(String(60))
    word: Mapped[str | None] = mapped_column(String(40))
    meaning: Mapped[str | None] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(String(20))
    staff: Mapped[str] = mapped_column(String(60))
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    exported_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    done_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    done_by: Mapped[str | None] = mapped_column(String(60))
    doubt: Mapped[str | None] = mapped_column(String(60))
    confirmed_by: Mapped[str | None] = mapped_column(String(60))


class LabelError(Exception):
    """A decision that cannot be kept; `code` names the sentence that says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Decision:
    """What is decided. `example`: the message in words of an editor's own; empty: as it is."""

    kind: LabelKind
    intent: str | None = None
    note: str = ""
    word: str = ""
    meaning: str = ""
    example: str = ""


@dataclass(frozen=True)
class Label:
    """A kept decision."""

    pk: int
    key: str
    text: str
    kind: LabelKind
    intent: str | None
    word: str | None
    meaning: str | None
    note: str
    region: str | None
    staff: str
    at: dt.datetime
    exported_at: dt.datetime | None
    done_at: dt.datetime | None
    done_by: str | None
    doubt: str | None
    confirmed_by: str | None

    @property
    def unconfirmed(self) -> bool:
        """Whether it waits for somebody else to confirm it."""
        return self.doubt is not None and self.confirmed_by is None

    def may_be_confirmed_by(self, staff: str, now: dt.datetime) -> bool:
        """Somebody else may at once; whoever decided it, when it has been slept on."""
        return self.unconfirmed and (self.staff != staff or now - self.at >= _SLEPT_ON)


def checked(decision: Decision) -> Decision:
    """The decision, tidied and redacted. Raises `LabelError`: label_kind, label_intent, label_note,
    label_word, label_example."""
    if decision.kind not in LABEL_KINDS:
        raise LabelError("label_kind")
    note = redact(decision.note.strip()[:_LONGEST_NOTE])
    if decision.kind == "library" and not note:
        raise LabelError("label_note")
    if decision.kind != "intent":
        return Decision(decision.kind, note=note)
    if decision.intent not in intents():
        raise LabelError("label_intent")
    word, meaning = decision.word.strip(), decision.meaning.strip()
    if bool(word) != bool(meaning) or len(word) > _LONGEST_WORD:
        raise LabelError("label_word")
    if meaning and meaning not in meanings():
        raise LabelError("label_word")
    example = redact(" ".join(decision.example.split())[:_LONGEST_EXAMPLE])
    if example and not plain(example):
        raise LabelError("label_example")
    return Decision("intent", decision.intent, note, redact(word), meaning, example)


def decide(
    connection: Connection,
    messages: Sequence[tuple[str, str | None]],
    decision: Decision,
    staff: str,
    now: dt.datetime,
    tests: Sequence[Example] | None = None,
    sure: Sure = unsure,
) -> tuple[list[int], int]:
    """Keep one decision about messages (text, region); the decisions' numbers, and how many
    messages were left as they were because a message of the test set is nearly the same: who
    trains on it could no longer measure anything. A decision made before is replaced.

    Raises `LabelError`: as `checked`; label_exported where a decision has left the house;
    label_test where nothing but test messages was given; label_gone for no message at all.
    """
    decision = checked(decision)
    tests = test_messages() if tests is None else tests
    if not messages:
        raise LabelError("label_gone")
    own = decision.example if len(messages) == 1 else ""
    known = given_away([own or text for text, _ in messages], tests)
    wanted = [
        (key_of(text), redact(own or text), region)
        for text, region in messages
        if decision.kind != "intent" or (own or text) not in known
    ]
    if not wanted:
        raise LabelError("label_test")
    # The engine is asked before the first row is written: SQLite has one lock for all who write.
    doubts = [_doubt(text, decision, sure) for _, text, _ in wanted]
    kept = [
        _keep(connection, key, text, region, decision, staff, now, doubt)
        for (key, text, region), doubt in zip(wanted, doubts, strict=True)
    ]
    return kept, len(messages) - len(wanted)


def change(
    connection: Connection,
    label: Label,
    decision: Decision,
    staff: str,
    now: dt.datetime,
    tests: Sequence[Example] | None = None,
    sure: Sure = unsure,
) -> None:
    """Decide anew about a message. Raises `LabelError` as `decide` does."""
    decision = checked(decision)
    text = decision.example or label.text
    tests = test_messages() if tests is None else tests
    if decision.kind == "intent" and given_away([text], tests):
        raise LabelError("label_test")
    text = redact(text)
    doubt = _doubt(text, decision, sure)
    _keep(connection, label.key, text, label.region, decision, staff, now, doubt)


def confirm(connection: Connection, label: Label, staff: str, now: dt.datetime) -> None:
    """The label is right although the engine is sure of another intent. Raises `LabelError`:
    label_own where it is for somebody else to say so, or there is nothing to confirm."""
    if not label.may_be_confirmed_by(staff, now):
        raise LabelError("label_own")
    done = connection.execute(
        update(LabelRow)
        # What was decided anew meanwhile is not what was looked at.
        .where(LabelRow.pk == label.pk, LabelRow.at == label.at, LabelRow.confirmed_by.is_(None))
        .values(confirmed_by=staff)
    )
    if done.rowcount != 1:
        raise LabelError("label_own")


def any_unconfirmed(connection: Connection, pks: Iterable[int]) -> bool:
    """Whether one of these decisions waits for somebody else to confirm it."""
    rows = select(*LabelRow.__table__.c).where(LabelRow.pk.in_(tuple(pks)))
    return any(_label(row).unconfirmed for row in connection.execute(rows))


def decided(connection: Connection) -> set[str]:
    """The keys of all messages that are decided about."""
    return set(connection.execute(select(LabelRow.key)).scalars())


def listed(
    connection: Connection,
    kinds: Iterable[LabelKind] = LABEL_KINDS,
    *,
    only_open: bool = False,
    before: int | None = None,
    limit: int = 100_000,
) -> list[Label]:
    """Decisions, the newest first; with `only_open` the tasks that are not done."""
    statement = select(*LabelRow.__table__.c).where(LabelRow.kind.in_(tuple(kinds)))
    if only_open:
        statement = statement.where(LabelRow.done_at.is_(None))
    if before is not None:
        statement = statement.where(LabelRow.pk < before)
    rows = connection.execute(statement.order_by(LabelRow.pk.desc()).limit(limit))
    return [_label(row) for row in rows]


def find(connection: Connection, pk: int) -> Label | None:
    """A decision by its number."""
    row = connection.execute(select(*LabelRow.__table__.c).where(LabelRow.pk == pk)).one_or_none()
    return None if row is None else _label(row)


def set_done(connection: Connection, pk: int, staff: str, now: dt.datetime | None) -> bool:
    """A task for the library is done, or (`now` is None) is not; False for no such task."""
    done = connection.execute(
        update(LabelRow)
        .where(LabelRow.pk == pk, LabelRow.kind == "library")
        .values(done_at=now, done_by=None if now is None else staff)
    )
    return done.rowcount == 1


def meanings() -> dict[str, str]:
    """Everything a word can mean, as `kind:id`, and what it is called."""
    words = vocabulary()
    kinds = (
        ("region", words.regions),
        ("occupation", words.occupations),
        ("group", words.groups),
        ("level", words.levels),
    )
    return {f"{kind}:{name}": term.label for kind, terms in kinds for name, term in terms.items()}


@lru_cache(maxsize=1)
def test_messages() -> tuple[Example, ...]:
    """The messages that models are tried on. They must never be trained on."""
    return apart_messages()


def _doubt(text: str, decision: Decision, sure: Sure) -> str | None:
    """The other intent that the engine is sure `text` has."""
    found = sure(text) if decision.kind == "intent" else None
    return found if found != decision.intent else None


def _keep(
    connection: Connection,
    key: str,
    text: str,
    region: str | None,
    decision: Decision,
    staff: str,
    now: dt.datetime,
    doubt: str | None,
) -> int:
    values: dict[str, Any] = {
        "text": text,
        "kind": decision.kind,
        "intent": decision.intent,
        "word": decision.word or None,
        "meaning": decision.meaning or None,
        "note": decision.note,
        "region": region,
        "staff": staff,
        "at": now,
        "done_at": None,
        "done_by": None,
        "doubt": doubt,
        "confirmed_by": None,
    }
    pk = connection.execute(select(LabelRow.pk).where(LabelRow.key == key)).scalar()
    if pk is None:
        made: int = connection.execute(
            insert(LabelRow).values(key=key, **values).returning(LabelRow.pk)
        ).scalar_one()
        return made
    changed = connection.execute(
        update(LabelRow).where(LabelRow.pk == pk, LabelRow.exported_at.is_(None)).values(**values)
    )
    if changed.rowcount != 1:
        raise LabelError("label_exported")
    return pk


def _label(row: Row[*tuple[Any, ...]]) -> Label:
    values = row._asdict()
    for name in ("at", "exported_at", "done_at"):
        values[name] = utc(values[name]) if values[name] else None
    return Label(**values)
