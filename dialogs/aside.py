"""母婴的呢 · 以后每年呢 · 多少份: a few words behind an answer, about what stands beside it.

They hold too little to be a question of their own. Which provision of the document in hand they are
about is told by their words, and by how near it is to the question before.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dialogs.desk import Desk
from dialogs.follow_up import asks, rest_of
from dialogs.match import nearness
from dialogs.memory import Memory, Shown
from dialogs.reading import says
from knowledge.library import Entry
from knowledge.schema import Silence
from knowledge.standing import applies, exists
from nlu.understanding import Understanding

# So short is what only goes on; so many characters of it say something.
_SHORT, _CONTENT = 14, 2
# Surer than this, a topic that is not the one in hand is a question of its own.
_SURELY, _NAMED = 0.8, 0.65
# What the new words count for beside the question before, and how near they must be: beside what
# was shown, or anywhere in the document.
_NEW, _NEAR, _NEAR_ALONE = 3.0, 0.5, 8.0
# The heading of a clause, which its provisions need not say again, and what it counts for.
_HEADING, _HEADED = 24, 8.0
# What a provision of the same kind counts for more: a number is asked for behind a number.
_ALIKE = 25.0
_YEAR = re.compile(r"(?<!\d)20[12]\d")
# What changes the question is told by these as well as by other words.
_NAMES = frozenset(("occupation", "level", "date", "money"))


@dataclass(frozen=True)
class Aside:
    """What the words are about: a provision, or what its document does not give."""

    entry: Entry
    silence: Silence | None = None


def aside(one: Understanding, memory: Memory, desk: Desk, day: dt.date) -> Aside | None:
    """What a few words behind an answer are about; None where they are about something else."""
    if memory.subject is None or not memory.shown or not _goes_on(one, memory, desk):
        return None
    shown = memory.shown[0]
    found = desk.library.document(shown.document)
    if found is None:
        return None
    document = found[0]
    if (places := one.values("region")) and document.region not in places:
        return None
    entries = [
        entry for entry in found[1] if exists(document, day) and applies(entry.provision, day)
    ]
    if (silence := _unwritten(one, document.silent_on, shown.clause)) is not None:
        here = [entry for entry in entries if entry.provision.clause == silence.clause]
        return Aside(here[0], silence) if here else None
    entry = _nearest(one, memory.subject.question, entries, shown, desk)
    return Aside(entry) if entry is not None else None


def _nearest(
    one: Understanding, question: str, entries: Sequence[Entry], shown: Shown, desk: Desk
) -> Entry | None:
    """The provision that the new words are near to, and that is like the one that was told."""
    told = (shown.clause, shown.quote)
    kinds = {e.provision.kind for e in entries if (e.provision.clause, e.provision.quote) == told}
    named = rest_of(one)
    new = nearness(entries, one.text, (), desk.words)
    old = nearness(entries, question, (), desk.words)
    years = set(_YEAR.findall(one.text))
    best: tuple[float, Entry] | None = None
    for entry, near, before in zip(entries, new, old, strict=True):
        beside = before > 0 or entry.provision.clause == shown.clause
        if len(named) >= _CONTENT and named in entry.clause.text[:_HEADING]:
            near = max(near, _HEADED)
        of_year = bool(years & set(_YEAR.findall(entry.provision.says)))
        if not (beside and of_year) and near < (_NEAR if beside else _NEAR_ALONE):
            continue
        score = _NEW * near + before + _ALIKE * (entry.provision.kind in kinds)
        if best is None or score > best[0]:
            best = (score, entry)
    return best[1] if best is not None else None


def _unwritten(one: Understanding, silences: Sequence[Silence], clause: str) -> Silence | None:
    """The silence of the clause in hand that names what is asked."""
    named = rest_of(one)
    return next(
        (s for s in silences if s.clause == clause and len(named) >= _CONTENT and named in s.says),
        None,
    )


def _goes_on(one: Understanding, memory: Memory, desk: Desk) -> bool:
    """Whether the message is a few words that ask on, and name no other topic."""
    if len(one.text) > _SHORT or not (asks(one) or says("and_that", one.text)):
        return False
    if len(rest_of(one)) < _CONTENT and not any(e.kind in _NAMES for e in one.entities):
        return False
    if one.values("third_person") or one.values("group"):
        return False
    topic = desk.words.topics.get(one.intent)
    subject = memory.subject
    if topic is None or subject is None or one.intent in subject.topics:
        return True
    named = one.confidence >= _NAMED and any(name in one.text for name in topic.called)
    return one.confidence < _SURELY and not named
