"""What staff decided about messages in the review: a label, a task for the library, or nothing.

A decision is told by the message's words (`likeness.key_of`), not by who wrote them. It can be
changed until it is exported; who made it is kept.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, get_args

from sqlalchemy import Connection, DateTime, Row, String, Text, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.rows import utc
from bot.redact import redact
from bot.review.likeness import key_of, plain
from knowledge.tables import Base
from knowledge.vocabulary import vocabulary
from nlu.intents import intents
from nlu.labels import as_training_file, given_away
from nlu.report import apart_messages
from nlu.training_data import Example

# intent: what the message asks. library: what the documents should hold and do not, or what an
# answer got wrong. dismissed: nothing is to be done.
LabelKind = Literal["intent", "library", "dismissed"]
LABEL_KINDS: tuple[LabelKind, ...] = get_args(LabelKind)
_LONGEST_NOTE = 500
_LONGEST_EXAMPLE = 300
_LONGEST_WORD = 20


class LabelRow(Base):
    """A decision. `text` is the example, redacted; `word` is one that the message names `meaning`
    by (`occupation:nanny`) and that the vocabulary does not know."""

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
) -> tuple[list[int], int]:
    """Keep one decision about messages (text, region); the decisions' numbers, and how many
    messages were left as they were because a message of the test set is nearly the same: who
    trains on it could no longer measure anything. A decision made before is replaced.

    Raises `LabelError`: as `checked`; label_exported where a decision has left the house;
    label_test where nothing but test messages was given; label_gone for no message at all.
    """
    decision = checked(decision)
    tests = test_messages() if tests is None else tests
    kept: list[int] = []
    secret = 0
    if not messages:
        raise LabelError("label_gone")
    own = decision.example if len(messages) == 1 else ""
    known = given_away([own or text for text, _ in messages], tests)
    for text, region in messages:
        example = own or text
        if decision.kind == "intent" and example in known:
            secret += 1
        else:
            kept.append(_keep(connection, key_of(text), example, region, decision, staff, now))
    if not kept:
        raise LabelError("label_test")
    return kept, secret


def change(
    connection: Connection,
    label: Label,
    decision: Decision,
    staff: str,
    now: dt.datetime,
    tests: Sequence[Example] | None = None,
) -> None:
    """Decide anew about a message. Raises `LabelError` as `decide` does."""
    decision = checked(decision)
    text = decision.example or label.text
    tests = test_messages() if tests is None else tests
    if decision.kind == "intent" and given_away([text], tests):
        raise LabelError("label_test")
    _keep(connection, label.key, text, label.region, decision, staff, now)


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


def training_rows(connection: Connection) -> list[tuple[str, str]]:
    """Text and intent of every accepted label that gives no test message away; also one whose test
    message was written later."""
    found = listed(connection, ("intent",))
    known = given_away([label.text for label in found], test_messages())
    return [
        (label.text, label.intent) for label in found if label.intent and label.text not in known
    ]


def export(connection: Connection, now: dt.datetime, *, everything: bool = False) -> str:
    """The labels not exported yet (or all) as a patch in Rasa's YAML: examples by intent, and words
    for the vocabulary as synonyms. They cannot be changed any more. Empty where there are none."""
    statement = select(*LabelRow.__table__.c).where(LabelRow.kind == "intent")
    if not everything:
        statement = statement.where(LabelRow.exported_at.is_(None))
    labels = [_label(row) for row in connection.execute(statement.order_by(LabelRow.pk))]
    connection.execute(
        update(LabelRow)
        .where(LabelRow.pk.in_([one.pk for one in labels]), LabelRow.exported_at.is_(None))
        .values(exported_at=now)
    )
    return as_patch(labels)


def as_patch(labels: Sequence[Label]) -> str:
    """Labels in Rasa's YAML. A synonym's name is the kind and the canonical id of what it means."""
    patch = as_training_file((one.text, one.intent) for one in labels if one.intent)
    words: defaultdict[str, set[str]] = defaultdict(set)
    for one in labels:
        if one.word and one.meaning:
            words[one.meaning].add(one.word)
    for meaning in sorted(words):
        patch += f"- synonym: {meaning}\n  examples: |\n"
        patch += "".join(f"    - {word}\n" for word in sorted(words[meaning]))
    return patch


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


def _keep(
    connection: Connection,
    key: str,
    text: str,
    region: str | None,
    decision: Decision,
    staff: str,
    now: dt.datetime,
) -> int:
    values: dict[str, Any] = {
        "text": redact(text),
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
