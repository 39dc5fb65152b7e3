"""What is said to a message that asks nothing of the documents: small talk, 您是想问……吗, what was
told, an honest miss. Each is a reply and the new memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from dialogs import handoff, interview
from dialogs.composer import Composer
from dialogs.desk import Desk, covered
from dialogs.memory import MYSELF, Memory, Pending
from dialogs.quoting import quotations
from dialogs.reply import Block, Option, Reply, Statement, Status
from dialogs.telling import told_in_words
from dialogs.wording import has, say
from nlu.understanding import Understanding

_MOST_GUESSES = 3
# A clause found by search is quoted only above this score of the engine (SQLite's bm25).
_LEAST_SCORE = 9.0
_MISSES_BEFORE_HELP = 2
_STATUS_OF_TALK = {
    "out_of_scope": Status.OUT_OF_SCOPE,
    "permit_verification": Status.NOT_COVERED,
    "my_permit": Status.NOT_COVERED,
}
# A question or two of these, and a person is offered.
_MISSES = frozenset(("out_of_scope", "dont_know", "complain_bot"))


@dataclass(frozen=True)
class Talking:
    """What talk is made with."""

    desk: Desk
    day: dt.date
    now: dt.datetime
    staffing: Callable[[], handoff.Staffing]

    def says_back(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """What is said to small talk, to a wish for a person, and to what is not our business."""
        intent = one.intent
        if intent == "handoff":
            reply, memory = handoff.asked_for(self.staffing(), memory, self.now)
            return replace(reply, confidence=one.confidence), memory
        if intent == "restart":
            memory = Memory()
        if has(f"near.{intent}"):
            reply = talk(Status.OUT_OF_SCOPE, say(f"near.{intent}"))
        else:
            status = _STATUS_OF_TALK.get(intent, Status.ANSWERED)
            reply = talk(status, say(f"talk.{intent}", names=covered(self.desk)))
        if intent in _MISSES:
            reply, memory = self._missed(reply, memory)
        return replace(reply, intent=intent, confidence=one.confidence), memory

    def clarify(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """您是想问……吗, with the two or three likeliest subjects."""
        topics = [s.intent for s in one.ranking if s.intent in self.desk.words.topics]
        labels = [self.desk.words.topics[topic].label for topic in topics[:_MOST_GUESSES]]
        options = tuple(Option(label, label) for label in labels)
        if memory.interview is None:
            pending = Pending("topic", self.now, options, one.text)
            memory = replace(memory, pending=pending)
        composer = self.desk.composer(self.day)
        if memory.misses + 1 >= _MISSES_BEFORE_HELP:
            self._quotations(one, memory, composer)
        composer.add("question", Statement(say("clarify.ask")))
        reply = composer.reply(
            Status.CLARIFY, options=options, intent=one.intent, confidence=one.confidence
        )
        return self._missed(reply, memory)

    def unclear(self, pending: Pending, memory: Memory) -> tuple[Reply, Memory]:
        """The same choices once more, to somebody who told something about themselves instead."""
        block = Block("question", (Statement(say("clarify.ask")),))
        reply = Reply(Status.CLARIFY, (block,), options=pending.options)
        return reply, replace(memory, pending=replace(pending, asked_at=self.now))

    def heard(self, memory: Memory) -> tuple[Reply, Memory]:
        """To somebody who tells about themselves and asks nothing yet."""
        told = told_in_words(memory.facts, self.desk.words)
        place = [self.desk.words.regions[memory.region].label] if memory.region else []
        parts = [*place, *([told] if told else [])]
        between = say("telling.between")
        text = say("heard", told=between.join(parts)) if parts else say("heard_nothing")
        reply = of_person(talk(Status.NEEDS_INFO, text), memory)
        return replace(
            reply, options=(Option(say("interview.anything"), say("interview.anything")),)
        ), memory

    def which(self, fact: str, reply: Reply, memory: Memory) -> tuple[Reply, Memory]:
        """The reply to somebody who told `fact` both ways, with the question which it is."""
        one = self.desk.words.facts[fact]
        asked = one.asked(interview.role_of(memory))
        options = interview.options_for(one, asked, (), self.desk.words)[:-1]
        text = say("both_ways", label=one.label, question=asked.question)
        blocks = (*reply.blocks, Block("question", (Statement(text),)))
        memory = replace(memory, pending=Pending(fact, self.now, options))
        return replace(reply, blocks=blocks, options=options, missing=(fact,)), memory

    def not_understood(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """An honest miss: the nearest clauses as quotations, and after two of them a person."""
        composer = self.desk.composer(self.day)
        if not self._quotations(one, memory, composer):
            composer.talk(say("talk.not_understood"))
        reply = composer.reply(Status.CLARIFY, intent=one.intent, confidence=one.confidence)
        return self._missed(reply, memory)

    def _quotations(self, one: Understanding, memory: Memory, composer: Composer) -> bool:
        regions = self.desk.words.ancestors(memory.region) if memory.region else ()
        return quotations(one.text, regions, composer, self.desk, _LEAST_SCORE)

    def _missed(self, reply: Reply, memory: Memory) -> tuple[Reply, Memory]:
        """The reply to somebody not understood, after two misses with where a person answers."""
        memory = replace(memory, misses=memory.misses + 1)
        helped = memory.misses >= _MISSES_BEFORE_HELP
        return (self._with_help(reply) if helped else reply), memory

    def _with_help(self, reply: Reply) -> Reply:
        """The reply to somebody we have not understood twice: with where a person answers."""
        block, options = handoff.offer(self.staffing())
        return replace(reply, blocks=(*reply.blocks, block), options=(*reply.options, *options))


def of_person(reply: Reply, memory: Memory) -> Reply:
    """The reply with whose situation it is about, where that is not the speaker's."""
    if memory.person == MYSELF:
        return reply
    note = Block("talk", (Statement(say("person", person=_addressed(memory.person))),))
    return replace(reply, blocks=(note, *reply.blocks))


def talk(status: Status, text: str, intent: str = "") -> Reply:
    """A reply that says nothing about policy."""
    return Reply(status, (Block("talk", (Statement(text),)),), intent=intent)


def _addressed(person: str) -> str:
    """我妈 as the speaker is told of her: 您妈."""
    return f"您{person[1:]}" if person.startswith(MYSELF) else person
