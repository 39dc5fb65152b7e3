"""母婴的呢 · 以后每年呢 · 多少份: a few words behind an answer, about what stands beside it.

They hold too little to be a question of their own. Which provision of the document in hand they are
about is told by their words, and by how near it is to the question before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dialogs.desk import Desk
from dialogs.finding import nearest
from dialogs.follow_up import asks, rest_of
from dialogs.match import nearness
from dialogs.memory import Memory, Shown
from dialogs.reading import says, without_counting
from knowledge.library import Entry
from knowledge.numbers import figures_in
from knowledge.schema import Document, Silence
from knowledge.standing import applies, exists
from nlu.understanding import Understanding

# So short is what only goes on; so many characters of it say something.
_SHORT, _CONTENT = 14, 2
# Surer than this, a topic that is not the one in hand is a question of its own.
_SURELY, _NAMED = 0.8, 0.65
# What the new words count for beside the question before, and how near they must be: beside what
# was shown, or anywhere in the document.
_NEW, _NEAR, _NEAR_ALONE = 3.0, 0.5, 8.0
# The same where they are nothing but what may be asked of anything (能先拿补贴吗), so many of them.
_NEAR_SAID, _LONG_ENOUGH = 20.0, 7
# What being near to the question before counts for at most, and for how much more than others'.
_ONCE_ASKED, _TOLD = 60.0, 20.0
# The heading of a clause, which its provisions need not say again, and what it counts for.
_HEADING, _HEADED = 24, 12.0
# What is said standing in what a provision says, and not only in its clause.
_IN_WORDS = 8.0
# Words so near to a provision name it.
_NAMING = 4.0
# What a provision of the same kind counts for more where nothing but a name is said: a number is
# asked for behind a number.
_ALIKE = 25.0
_GIVING = frozenset(("entitlement", "insurance", "permit"))
# What changes the question is told by these as well as by other words.
_NAMES = frozenset(("occupation", "level", "date", "money"))


@dataclass(frozen=True)
class Aside:
    """What the words are about: a provision, or what its document does not give."""

    entry: Entry
    silence: Silence | None = None


def aside(one: Understanding, memory: Memory, desk: Desk, day: dt.date) -> Aside | None:
    """What a few words behind an answer are about; None where they are about something else."""
    if memory.subject is None or not memory.shown or len(one.text) > _SHORT:
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
    told = {(one.clause, one.quote) for one in memory.shown}
    kinds = {entry.provision.kind for entry in entries if _at(entry) in told}
    if groups := frozenset(map(str, one.values("group"))):
        own = _for_groups(groups, memory.subject.question, entries, desk)
        return Aside(own) if own is not None else None
    if not _goes_on(one, memory, document, desk):
        # 示范基地呢 behind a number is another number of that clause, or a question of its own.
        if not says("and_that", one.text):
            return None
        entry = _nearest(one, memory.subject.question, entries, shown, kinds, desk)
        if entry is None or entry.provision.kind not in kinds:
            return None
        return Aside(entry) if entry.provision.clause == shown.clause else None
    if (silence := _unwritten(one, document.silent_on, shown.clause)) is not None:
        here = [entry for entry in entries if entry.provision.clause == silence.clause]
        here = [entry for entry in here if _at(entry) in told] or here
        return Aside(here[0], silence) if here else None
    entry = _nearest(one, memory.subject.question, entries, shown, kinds, desk)
    return Aside(entry) if entry is not None else None


def _nearest(
    one: Understanding,
    question: str,
    entries: Sequence[Entry],
    shown: Shown,
    kinds: Collection[str],
    desk: Desk,
) -> Entry | None:
    """The provision that the new words are near to, and that is like what was told."""
    told = (shown.clause, shown.quote)
    said = rest_of(one)
    figures = figures_in(one.text)
    old = nearness(entries, question, (), desk.words)
    rows = []
    for entry, near, before in zip(
        entries, nearness(entries, one.text, (), desk.words), old, strict=True
    ):
        beside = before > 0 or entry.provision.clause == shown.clause
        headed = len(said) >= _CONTENT and said in _heading(entry)
        new = max(near, _HEADED) if headed else near
        new += _IN_WORDS * (len(said) >= _CONTENT and said in entry.provision.says)
        figure = beside and bool(figures & figures_in(entry.provision.says))
        least = _NEAR_SAID if not _tells(one) else _NEAR if beside else _NEAR_ALONE
        if figure or new >= least:
            rows.append((entry, new, min(before, _ONCE_ASKED)))
    # What was told is nearest to the question it answered: that says little for it now.
    others = max((before for e, _, before in rows if _at(e) != told), default=0.0)
    rows = [
        (e, new, min(before, others + _TOLD) if _at(e) == told else before)
        for e, new, before in rows
    ]
    top = max((new for _, new, _ in rows), default=0.0)
    and_that = says("and_that", one.text)
    like = [row for row in rows if row[0].provision.kind in kinds]
    named = max((new for _, new, _ in like), default=0.0) if and_that else top
    if named >= _NAMING:  # what the words name wins over what merely stands beside
        rows = [row for row in (like if and_that else rows) if row[1] >= named / 2]
    if top < _NAMING or not _elsewhere(one, shown, top, desk):
        alike = _ALIKE if and_that else 0.0
        best = max(
            rows,
            key=lambda row: _NEW * row[1] + row[2] + alike * (row[0].provision.kind in kinds),
            default=None,
        )
        return best[0] if best is not None else None
    return None


def _at(entry: Entry) -> tuple[str, str]:
    return entry.provision.clause, entry.provision.quote


def _heading(entry: Entry) -> str:
    """The first sentence of the clause, where it is so short that it is its heading."""
    first = entry.clause.text.split("。", 1)[0]
    return first if len(first) <= _HEADING else ""


def _elsewhere(one: Understanding, shown: Shown, near: float, desk: Desk) -> bool:
    """Whether another document of the place is so much nearer to the words that they are a
    question of their own."""
    found = desk.library.document(shown.document)
    regions = desk.words.ancestors(found[0].region) if found else ()
    pick = nearest(one.text, regions, desk)
    return pick is not None and pick.entry.document.id != shown.document and pick.score > near


def _for_groups(
    groups: frozenset[str], question: str, entries: Sequence[Entry], desk: Desk
) -> Entry | None:
    """What the document has for people who are of one of `groups`, to the question before."""
    wider = frozenset().union(*(desk.words.groups_above(group) for group in groups))
    own = [entry for entry in entries if groups & frozenset(entry.provision.groups)]
    own = own or [entry for entry in entries if wider & frozenset(entry.provision.groups)]
    own = [entry for entry in own if entry.provision.kind in _GIVING] or own
    near = nearness(own, question, (), desk.words)
    best = max(zip(near, range(len(own)), strict=True), default=(0.0, 0))
    return own[best[1]] if best[0] > 0 else None


def _unwritten(one: Understanding, silences: Sequence[Silence], clause: str) -> Silence | None:
    """The silence of the clause in hand that names what is asked."""
    named = without_counting(rest_of(one))
    if len(named) < _CONTENT:
        return None
    return next((s for s in silences if s.clause == clause and named in s.says), None)


def _goes_on(one: Understanding, memory: Memory, document: Document, desk: Desk) -> bool:
    """Whether the message is a few words that ask on, and name no other topic."""
    if not (asks(one) or says("and_that", one.text)):
        return False
    if not _tells(one) and (len(one.text) < _LONG_ENOUGH or one.confidence >= _NAMED):
        return False
    if one.values("third_person"):
        return False
    if says("pointed_at", one.text) or says("same_thing", one.text):
        return True
    topic = desk.words.topics.get(one.intent)
    subject = memory.subject
    if topic is None or subject is None or one.intent in subject.topics:
        return True
    goes_on = says("and_that", one.text) or document.programme is not None
    return one.confidence < (_SURELY if goes_on else _NAMED)


def _tells(one: Understanding) -> bool:
    """Whether something is said beside what may be asked of anything."""
    return len(rest_of(one)) >= _CONTENT or any(e.kind in _NAMES for e in one.entities)
