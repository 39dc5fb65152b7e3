"""What a conversation remembers: who is asked about, what about, what was asked back.

Frozen: every turn returns a new memory, and a turn that fails leaves the old one as it was. What a
person told is kept with how and when it was told, and forgotten after a day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from dialogs.reply import Block, Option
from knowledge.rules import FactValue, Groups
from nlu.understanding import Aspect

# Facts of yesterday are asked again rather than taken for today's.
FORGET_AFTER = dt.timedelta(hours=24)
# An answer that comes later than this is taken for a new message.
QUESTION_STANDS = dt.timedelta(minutes=30)
_KEPT_SUBJECTS = 3
MYSELF = "我"
# Where somebody lives is taken over when the talk turns to a relative; nothing else is.
_SHARED = frozenset(("region",))


@dataclass(frozen=True)
class Told:
    """A fact with its provenance."""

    value: FactValue
    how: Literal["said", "own", "answered", "shared"]  # own: 我在…; shared: of another person
    at: dt.datetime


@dataclass(frozen=True)
class Subject:
    """What a question was about. `topics` weighs each topic it may be about, best first."""

    intent: str
    topics: Mapping[str, float]
    question: str
    aspects: frozenset[Aspect]
    sure: bool = False  # there was no doubt about the topic
    regions: tuple[str, ...] = ()  # the places compared, where there were several


@dataclass(frozen=True)
class Pending:
    """A fact the person was asked for: `region`, one of facts.yaml, or `topic` where `question`
    was not clear. With `region`, `question` is the message whose several questions wait for it.
    """

    fact: str
    asked_at: dt.datetime
    options: tuple[Option, ...] = ()  # what was offered, to be shown again after a side question
    question: str = ""


@dataclass(frozen=True)
class Shown:
    """A sentence of the last answer by what it rests on."""

    document: str
    clause: str
    quote: str


@dataclass(frozen=True)
class Interview:
    """An eligibility interview: the benefits looked at, or `only` these sentences of an answer, and
    the facts already asked for."""

    topics: tuple[str, ...]
    asked: tuple[str, ...] = ()
    only: tuple[Shown, ...] = ()
    opened: bool = False  # what there is at all has been told
    repeated: tuple[str, ...] = ()  # facts whose question was put a second time

    def repeats(self, fact: str) -> Interview:
        """The same with the question for `fact` put a second time."""
        if fact in self.repeated:
            return self
        return replace(self, repeated=(*self.repeated, fact))

    def again(self, fact: str) -> Interview:
        """The same with `fact` to be asked once more; where it was already, it stays open."""
        if fact in self.repeated:
            return self
        asked = tuple(one for one in self.asked if one != fact)
        return replace(self.repeats(fact), asked=asked)


@dataclass(frozen=True)
class PermitTalk:
    """A permit being checked. What was given of it is personal, and held only `sealed`."""

    sealed: str = field(repr=False)
    waits_for: Literal["number", "factor", "consent", "pin", "nothing"]
    until: dt.datetime


@dataclass(frozen=True)
class Recheck:
    """A check to be tried again, by whoever keeps the conversation, from `due_at` until `until`."""

    sealed: str = field(repr=False)
    due_at: dt.datetime
    until: dt.datetime
    tries: int = 0


@dataclass(frozen=True)
class Memory:
    people: Mapping[str, Mapping[str, Told]] = field(default_factory=dict)
    person: str = MYSELF
    subject: Subject | None = None
    earlier: tuple[Subject, ...] = ()
    pending: Pending | None = None
    interview: Interview | None = None
    checked: Interview | None = None  # the last interview that came to a result
    options: tuple[Option, ...] = ()
    shown: tuple[Shown, ...] = ()  # of the last answer from the documents
    open_facts: tuple[str, ...] = ()  # facts that its conditions still wait for
    misses: int = 0  # questions in a row that were not understood
    permit: PermitTalk | None = None
    recheck: Recheck | None = None
    consent: Recheck | None = None  # her answer to a request for consent, waited for
    contact_until: dt.datetime | None = None  # until when a telephone number is awaited
    news: tuple[Block, ...] = ()  # found meanwhile, to be told with the next reply

    @property
    def told(self) -> Mapping[str, Told]:
        """What is known of the person asked about."""
        return self.people.get(self.person, {})

    @property
    def facts(self) -> dict[str, FactValue]:
        return {name: told.value for name, told in self.told.items()}

    @property
    def region(self) -> str | None:
        told = self.told.get("region")
        return str(told.value) if told is not None else None

    def learn(
        self,
        facts: Mapping[str, FactValue],
        at: dt.datetime,
        how: Literal["said", "own", "answered"],
    ) -> Memory:
        """The memory with `facts` added; groups are added to, everything else is replaced."""
        told = dict(self.told)
        for name, value in facts.items():
            known = told.get(name)
            if isinstance(value, Groups) and known is not None and isinstance(known.value, Groups):
                value = Groups(
                    (known.value.members - value.excluded) | value.members,
                    (known.value.excluded - value.members) | value.excluded,
                )
            told[name] = Told(value, how, at)
        return replace(self, people={**self.people, self.person: told})

    def forgets(self, facts: Collection[str]) -> Memory:
        """The memory without `facts` of the person asked about."""
        kept = {name: told for name, told in self.told.items() if name not in facts}
        return replace(self, people={**self.people, self.person: kept})

    def about(self, person: str) -> Memory:
        """The memory with the talk turned to `person`."""
        if person == self.person:
            return self
        shared = {
            name: replace(told, how="shared") for name, told in self.told.items() if name in _SHARED
        }
        known = {n: t for n, t in self.people.get(person, {}).items() if t.how != "shared"}
        return replace(self, person=person, people={**self.people, person: {**shared, **known}})

    def asks(self, subject: Subject) -> Memory:
        """The memory with a new subject; the one before is kept for 刚才说的那个."""
        now = replace(self, subject=subject, checked=None, shown=(), open_facts=(), misses=0)
        if self.subject is None or self.subject.intent == subject.intent:
            return now
        return replace(now, earlier=(self.subject, *self.earlier)[:_KEPT_SUBJECTS])

    def fresh(self, now: dt.datetime) -> Memory:
        """The memory without what has grown too old by `now`."""
        people = {
            person: {name: told for name, told in facts.items() if now - told.at < FORGET_AFTER}
            for person, facts in self.people.items()
        }
        permit = self.permit if self.permit is not None and now < self.permit.until else None
        kept = replace(self, people=people, permit=permit)
        stale = self.pending is not None and now - self.pending.asked_at > QUESTION_STANDS
        return replace(kept, pending=None, interview=None, options=()) if stale else kept
