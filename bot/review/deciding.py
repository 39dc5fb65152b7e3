"""Deciding about messages of the review: what may be decided, anew, and confirmed.

Where the engine clearly contradicts a label (doubt.py), it waits until somebody else has confirmed
it. A message of the test set is never taught.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection, update

from bot.redact import redact
from bot.review.doubt import Doubts, no_doubts
from bot.review.labels import LABEL_KINDS, Decision, Label, LabelError, LabelRow, keep
from bot.review.likeness import key_of, plain
from knowledge.vocabulary import vocabulary
from nlu.intents import intents
from nlu.labels import given_away
from nlu.report import apart_messages
from nlu.training_data import Example

_LONGEST_NOTE = 500
_LONGEST_EXAMPLE = 300
_LONGEST_WORD = 20


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
    doubts: Doubts = no_doubts,
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
    against = [_doubt(text, decision, doubts) for _, text, _ in wanted]
    kept = [
        keep(connection, key, text, region, decision, staff, now, doubt)
        for (key, text, region), doubt in zip(wanted, against, strict=True)
    ]
    return kept, len(messages) - len(wanted)


def change(
    connection: Connection,
    label: Label,
    decision: Decision,
    staff: str,
    now: dt.datetime,
    tests: Sequence[Example] | None = None,
    doubts: Doubts = no_doubts,
) -> None:
    """Decide anew about a message. Raises `LabelError` as `decide` does."""
    decision = checked(decision)
    text = decision.example or label.text
    tests = test_messages() if tests is None else tests
    if decision.kind == "intent" and given_away([text], tests):
        raise LabelError("label_test")
    text = redact(text)
    doubt = _doubt(text, decision, doubts)
    keep(connection, label.key, text, label.region, decision, staff, now, doubt)


def confirm(connection: Connection, label: Label, staff: str, now: dt.datetime) -> None:
    """The label is right although the engine contradicts it. Raises `LabelError`:
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


def _doubt(text: str, decision: Decision, doubts: Doubts) -> str | None:
    """The other intent that the engine clearly holds `text` for."""
    return doubts(text, decision.intent) if decision.intent else None
