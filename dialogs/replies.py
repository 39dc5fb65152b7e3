"""The replies to what a message turned out to be (`dialogs/turn.py`): an answer from the documents,
the interview, small talk, 您是想问……吗, or an honest miss. Each is a reply and the new memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

from dialogs import handoff, interview, policy
from dialogs.answer import Composer
from dialogs.follow_up import rest_of
from dialogs.joining import joined
from dialogs.memory import MYSELF, Interview, Memory, Pending, Subject
from dialogs.policy import Desk, covered
from dialogs.reading import says, without_pointing
from dialogs.reply import Block, Option, Reply, Statement, Status
from dialogs.select import Ask
from dialogs.wording import has, say
from nlu.understanding import Understanding

# Below ANSWER the bot asks 您是想问……吗; below GUESS it says it did not understand. Chosen from the
# curve that `anxin nlu test` prints (docs/measurements.md).
ANSWER = 0.35
GUESS = 0.12
# From here on the topic is taken as certain: what no document says of it is said to be unsaid.
SURE = 0.9
# Topics whose confidence comes this near to the best one's are weighed together with it.
_NEAR = 0.4
_MOST_TOPICS = 3
_MOST_GUESSES = 3
# A clause found by search is quoted only above this score of the engine (SQLite's bm25).
_LEAST_SCORE = 9.0
_MISSES_BEFORE_HELP = 2
_STATUS_OF_TALK = {
    "out_of_scope": Status.OUT_OF_SCOPE,
    "permit_verification": Status.NOT_COVERED,
    "my_permit": Status.NOT_COVERED,
}
# After these the interview's question is not put again.
_NO_RESUMING = frozenset(("handoff", "goodbye", "complain_bot", "emergency"))
_ELIGIBILITY = frozenset(("condition", "everyone"))


@dataclass(frozen=True)
class Replies:
    """What the replies of one turn are made with."""

    desk: Desk
    day: dt.date
    now: dt.datetime
    staffing: Callable[[], handoff.Staffing] = handoff.Staffing

    def question(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """A question of its own, or talk."""
        words = self.desk.words
        if one.intent == "what_can_i_get":
            topics = interview.topics_for(interview.role_of(memory))
            memory = replace(memory, interview=Interview(topics))
            return self.interview(memory, one)
        ours = sum(score.confidence for score in one.ranking if score.intent in words.topics)
        if one.confidence < GUESS and ours < ANSWER:
            return self._not_understood(one, memory)
        doubtful = one.confidence < ANSWER and one.intent not in words.topics
        if doubtful and "benefit" in one.aspects and one.values("region"):
            # A place and a benefit: about policy, whatever the engine is unsure of.
            one = replace(one, ranking=tuple(s for s in one.ranking if s.intent in words.topics))
        elif doubtful and ours > one.confidence:
            return self._clarify(one, memory)  # no one talk is as likely as that it is a question
        elif one.intent not in words.topics:
            return self._talk(one, memory)
        elif sum(self._topics(one, share=False).values()) < ANSWER:
            return self._clarify(one, memory)
        sure = one.confidence >= SURE
        subject = Subject(one.intent, self._topics(one), one.text, one.aspects, sure)
        memory = memory.asks(subject)
        return self._policy(subject, one, memory)

    def _policy(self, subject: Subject, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        # What a follow-up adds (高级的呢) is weighed with the question it follows.
        text = subject.question if one.text in subject.question else subject.question + one.text
        documents = frozenset(str(name) for name in one.values("document"))
        ask = Ask(text, subject.topics, subject.aspects, memory.facts, subject.sure, documents)
        if memory.interview is None:
            memory = replace(memory, pending=None)
        named = [str(code) for code in one.values("region")]
        regions = named or ([memory.region] if memory.region else [])
        reply = policy.answer(ask, regions, self.day, self.desk)
        reply = replace(reply, intent=subject.intent, confidence=one.confidence)
        if memory.person != MYSELF:
            note = Block("talk", (Statement(say("person", person=memory.person[1:])),))
            reply = replace(reply, blocks=(note, *reply.blocks))
        if reply.missing == ("region",) and not regions:
            memory = replace(memory, pending=Pending("region", self.now))
        elif subject.aspects & _ELIGIBILITY and reply.open_facts and len(regions) == 1:
            offer = Option(say("interview.check"), say("interview.check"))
            reply = replace(reply, options=(*reply.options, offer))
        return reply, memory

    def follow_up(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """那长治呢 · 多少钱 · 我妈呢: the last question again with what is new in it."""
        subject = memory.subject
        if subject is None:
            return self.question(one, memory)
        subject = replace(subject, aspects=one.aspects or subject.aspects)
        memory = replace(memory.asks(subject), misses=0)
        reply, memory = self._policy(subject, one, memory)
        if says("correction", one.text):
            block = Block("talk", (Statement(say("corrected")),))
            reply = replace(reply, blocks=(block, *reply.blocks))
        return reply, memory

    def back(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """返回 · 刚才那个: the subject before this one, answered again."""
        if (meant := self._meant(one, memory)) is not None and not says("back", one.text):
            others = [s for s in (memory.subject, *memory.earlier) if s and s is not meant]
            memory = replace(memory, earlier=(meant, *others), subject=None)
        if not memory.earlier:
            if memory.subject is None or says("back", one.text):
                return talk(Status.CLARIFY, say("nothing_before")), memory
            return self.follow_up(one, memory)
        subject = memory.earlier[0]
        memory = replace(memory, subject=subject, earlier=memory.earlier[1:])
        reply, memory = self._policy(subject, one, memory)
        topic = self.desk.words.topics[subject.intent].label
        block = Block("talk", (Statement(say("back", topic=topic)),))
        return replace(reply, blocks=(block, *reply.blocks)), memory

    def _meant(self, one: Understanding, memory: Memory) -> Subject | None:
        """The subject that 刚才说的那个证 names: the latest whose topic shares its words."""
        words = set(without_pointing(rest_of(one)))
        for subject in (memory.subject, *memory.earlier):
            if subject is not None and words & set(self.desk.words.topics[subject.intent].label):
                return subject
        return None

    def interview(self, memory: Memory, one: Understanding) -> tuple[Reply, Memory]:
        """The next question of the interview, or its result."""
        composer = self._composer()
        ask = Ask(one.text, {"training_subsidy": 1.0}, frozenset(), memory.facts)
        reply, memory = interview.step(ask, memory, composer, self.desk, self.now)
        return replace(reply, intent="what_can_i_get", confidence=one.confidence), memory

    def resumed(self, reply: Reply, memory: Memory, one: Understanding) -> tuple[Reply, Memory]:
        """A side question was answered: the interview's question is put again, or the next one
        if what was asked has been told by the way."""
        pending = memory.pending
        assert pending is not None  # noqa: S101 - only called while one is pending
        if reply.status is Status.CLARIFY or one.intent in _NO_RESUMING:
            return reply, memory
        if pending.fact in memory.told:
            following, memory = self.interview(replace(memory, pending=None), one)
            return replace(joined([reply, following], []), options=following.options), memory
        fact = self.desk.words.facts.get(pending.fact)
        asked = fact.asked(interview.role_of(memory)) if fact else None
        question = asked.question if asked else say("region.ask")
        block = Block("question", (Statement(say("interview.resume", question=question)),))
        missing = (*reply.missing, pending.fact)
        blocks = (*reply.blocks, block)
        return replace(reply, blocks=blocks, options=pending.options, missing=missing), memory

    def _talk(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
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
        if intent == "out_of_scope":
            memory = replace(memory, misses=memory.misses + 1)
            if memory.misses >= _MISSES_BEFORE_HELP:
                reply = self._with_help(reply)
        return replace(reply, intent=intent, confidence=one.confidence), memory

    def _clarify(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """您是想问……吗, with the two or three likeliest subjects."""
        topics = [s.intent for s in one.ranking if s.intent in self.desk.words.topics]
        labels = [self.desk.words.topics[topic].label for topic in topics[:_MOST_GUESSES]]
        reply = Reply(
            Status.CLARIFY,
            (Block("question", (Statement(say("clarify.ask")),)),),
            options=tuple(Option(label, label) for label in labels),
            intent=one.intent,
            confidence=one.confidence,
        )
        return reply, replace(memory, misses=memory.misses + 1)

    def _not_understood(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """An honest miss: the nearest clauses as quotations, and after two of them a person."""
        memory = replace(memory, misses=memory.misses + 1)
        composer = self._composer()
        regions = self.desk.words.ancestors(memory.region) if memory.region else ()
        found = policy.quotations(one.text, regions, composer, self.desk, _LEAST_SCORE)
        if not found:
            composer.talk(say("talk.not_understood"))
        reply = composer.reply(Status.CLARIFY, intent=one.intent, confidence=one.confidence)
        if memory.misses >= _MISSES_BEFORE_HELP:
            reply = self._with_help(reply)
        return reply, memory

    def _with_help(self, reply: Reply) -> Reply:
        """The reply to somebody we have not understood twice: with where a person answers."""
        block, options = handoff.offer(self.staffing())
        return replace(reply, blocks=(*reply.blocks, block), options=(*reply.options, *options))

    def _composer(self) -> Composer:
        return Composer(self.desk.words, self.desk.library, self.day, self.desk.today)

    def _topics(self, one: Understanding, *, share: bool = True) -> dict[str, float]:
        """The topics the question may be about: the best, and those that come near it.

        Values are shares of the best one's confidence, or without `share` the confidences.
        """
        near = [
            score
            for score in one.ranking
            if score.intent in self.desk.words.topics and score.confidence >= one.confidence * _NEAR
        ][:_MOST_TOPICS]
        return {s.intent: s.confidence / (one.confidence if share else 1.0) for s in near}


def talk(status: Status, text: str, intent: str = "") -> Reply:
    """A reply that says nothing about policy."""
    return Reply(status, (Block("talk", (Statement(text),)),), intent=intent)
