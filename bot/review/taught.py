"""How labels leave the review: as examples for the next training, and as a patch for the training
data."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import Connection, update

from bot.review import deciding, labels
from bot.review.labels import Label, LabelRow
from nlu.labels import as_training_file, given_away


def training_rows(connection: Connection) -> list[tuple[str, str]]:
    """Text and intent of every accepted label that gives no test message away; also one whose test
    message was written later."""
    found = _accepted(connection)
    known = given_away([label.text for label in found], deciding.test_messages())
    return [
        (label.text, label.intent) for label in found if label.intent and label.text not in known
    ]


def export(connection: Connection, now: dt.datetime, *, everything: bool = False) -> str:
    """The accepted labels not exported yet (or all) as a patch in Rasa's YAML: examples by intent,
    and words for the vocabulary as synonyms. They cannot be changed any more. Empty where there are
    none."""
    found = _accepted(connection)
    leaving = [one for one in reversed(found) if everything or one.exported_at is None]
    connection.execute(
        update(LabelRow)
        .where(LabelRow.pk.in_([one.pk for one in leaving]), LabelRow.exported_at.is_(None))
        .values(exported_at=now)
    )
    return as_patch(leaving)


def _accepted(connection: Connection) -> list[Label]:
    """The labels that do not wait for somebody else to confirm them, newest first."""
    return [one for one in labels.listed(connection, ("intent",)) if not one.unconfirmed]


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
