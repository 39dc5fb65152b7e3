"""One turn: what a message is in its conversation, and the reply to it.

The order is the one a person would use: someone in distress first; a choice or an answer to what
was just asked; a correction; a follow-up of the last question; a question of its own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from dialogs import handoff, interview, mine, policy
from dialogs.answer import Composer
from dialogs.distress import Distress, distress_in
from dialogs.follow_up import adds_nothing, is_follow_up, is_short, only_tells, rest_of
from dialogs.joining import joined
from dialogs.memory import MYSELF, Interview, Memory, Pending, Subject
from dialogs.permit_reading import given_in, id_number_in
from dialogs.permits import Permits, place_of
from dialogs.policy import Desk, covered
from dialogs.reading import (
    DONT_KNOW,
    answer_to,
    chosen,
    chosen_several,
    relative,
    says,
    without_pointing,
)
from dialogs.reply import Block, Message, Option, Reply, Statement, Status
from dialogs.select import Ask
from dialogs.wording import has, listed, say
from knowledge.rules import FactValue
from knowledge.vocabulary import Vocabulary
from nlu.normalise import normalise
from nlu.understanding import Score, Understanding

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
# Below this a message that speaks of unpaid wages or an injury is about just that.
_CERTAIN = 0.6
_STATUS_OF_TALK = {
    "out_of_scope": Status.OUT_OF_SCOPE,
    "permit_verification": Status.NOT_COVERED,
    "my_permit": Status.NOT_COVERED,
}
_TAG = re.compile("<[^<>]{1,200}>")
# So many characters beside a place's name do not make its message a question of its own.
_PLACE = 2
# After these the interview's question is not put again.
_NO_RESUMING = frozenset(("handoff", "goodbye", "complain_bot", "emergency"))
_CHECKING = frozenset(("permit_verification", "my_permit"))
_ELIGIBILITY = frozenset(("condition", "everyone"))


@dataclass(frozen=True)
class Turn:
    understand: Callable[[str], list[Understanding]]
    desk: Desk
    day: dt.date
    now: dt.datetime
    permits: Permits | None = None
    staffing: Callable[[], handoff.Staffing] = handoff.Staffing

    def answer(self, message: Message, memory: Memory) -> tuple[Reply, Memory]:
        """The reply to `message`, and what is remembered from now on."""
        news, memory = self._meanwhile(message, memory)
        reply, memory = self._answer(message, memory)
        return replace(reply, blocks=(*news, *reply.blocks)), memory

    def _meanwhile(self, message: Message, memory: Memory) -> tuple[tuple[Block, ...], Memory]:
        """What is told before the reply: a check put off that has been made, or can be now."""
        news, memory = memory.news, replace(memory, news=())
        if self.permits is None:
            return news, memory
        place = place_of(message.channel, message.conversation)
        found, memory = self.permits.recheck(place, memory, self.now)
        return (*news, *(found.blocks if found else ())), memory

    def _answer(self, message: Message, memory: Memory) -> tuple[Reply, Memory]:
        text = message.text
        plain = normalise(_TAG.sub(" ", text))
        distress = distress_in(plain)
        if distress is not None and not distress.then_answer:
            return _talk(Status.ANSWERED, distress.says, intent="emergency"), memory
        left = memory.contact_until and handoff.contact_left(
            plain, self.staffing(), memory, self.now
        )
        if left:
            return left
        choice = self._choice(plain, memory)
        if isinstance(choice, str):
            number = say("out_of_range", number=choice.strip("第个。.！ "))
            return replace(_talk(Status.CLARIFY, number), options=memory.options), memory
        if choice is not None:
            text = plain = choice.send
        elif several := self._several(plain, memory):
            plain = listed([option.send for option in several])
        records = mine.asked(plain, memory)
        reply, memory = (
            records
            or self._of_permit(message, text, plain, memory)
            or self._plain(message, plain, memory)
        )
        memory = replace(memory, options=reply.options)
        return (_after(distress, reply) if distress else reply), memory

    def _of_permit(
        self, message: Message, text: str, plain: str, memory: Memory
    ) -> tuple[Reply, Memory] | None:
        """The turn of a message that gives something of a permit, or goes on about one."""
        if self.permits is not None:
            return self.permits.turn(message, text, plain, self.now).answer(memory)
        if message.images or given_in(text).numbers:
            reply = _talk(Status.NOT_COVERED, say("talk.permit_verification"))
            return replace(reply, intent="permit_verification", private=True), memory
        return None

    def _plain(self, message: Message, text: str, memory: Memory) -> tuple[Reply, Memory]:
        """The turn of a message that holds nothing of a permit."""
        id_number = id_number_in(text)
        if id_number == "alone":
            return _talk(Status.REFUSED, say("permit.no_id") + say("permit.refused_id")), memory
        reply, memory = self._questions(message, text, memory)
        if id_number is not None:
            block = Block("talk", (Statement(say("permit.no_id")),))
            reply = replace(reply, blocks=(block, *reply.blocks))
        return reply, memory

    def _questions(self, message: Message, text: str, memory: Memory) -> tuple[Reply, Memory]:
        understood = self.understand(text)
        replies: list[Reply] = []
        headings: list[str] = []
        for one in understood:
            asked = self._asks_check(message, one, memory)
            reply, memory = asked or self._one(one, memory)
            replies.append(reply)
            topic = self.desk.words.topics.get(reply.intent)
            headings.append(say("several", topic=topic.label if topic else one.text[:20]))
        return joined(replies, headings), memory

    def _asks_check(
        self, message: Message, one: Understanding, memory: Memory
    ) -> tuple[Reply, Memory] | None:
        """The turn of a question for a check, or for one's own permit, in words alone."""
        if self.permits is None or one.intent not in _CHECKING or one.confidence < ANSWER:
            return None
        turn = self.permits.turn(message, message.text, one.text, self.now)
        reply, memory = turn.asked(one.intent, memory)
        return replace(reply, confidence=one.confidence), memory

    # --- what the message is -------------------------------------------------------------------

    def _choice(self, text: str, memory: Memory) -> Option | str | None:
        """The option meant; a number asked for (年龄, 裁员率) is no option's number."""
        choice = chosen(text, memory.options)
        by_number = choice is not None and says("ordinal", text)
        return None if by_number and self._asked_for(memory, "number") else choice

    def _several(self, text: str, memory: Memory) -> tuple[Option, ...] | None:
        """The options meant by 1、3, where several may be chosen."""
        groups = self._asked_for(memory, "groups")
        return chosen_several(text, memory.options) if groups else None

    def _asked_for(self, memory: Memory, type_: str) -> bool:
        fact = self.desk.words.facts.get(memory.pending.fact) if memory.pending else None
        return fact is not None and fact.type == type_

    def _one(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        one = self._by_label(one)
        if (person := self._person(one, memory)) != memory.person:
            memory = _restarted(memory.about(person))
        waiting = memory.pending is not None and memory.interview is not None
        if memory.pending is not None:
            answered = self._answered(one, memory)
            if answered is not None:
                return answered
        memory = self._learned(one, memory)
        if waiting and only_tells(one):
            return self._interview(_restarted(memory), one)
        reply, memory = self._something_else(one, memory)
        still = memory.pending is not None and memory.interview is not None
        return self._resumed(reply, memory, one) if waiting and still else (reply, memory)

    def _something_else(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """The turn of a message that answers no question of ours."""
        if one.text == say("interview.check") and memory.subject is not None:
            memory = replace(memory, interview=Interview(tuple(memory.subject.topics)))
            return self._interview(memory, one)
        if says("back", one.text):
            return self._back(one, memory)
        if memory.subject is not None and says("earlier", one.text) and adds_nothing(one):
            return self._back(one, memory)
        if memory.subject is not None and is_follow_up(one):
            return self._follow_up(one, memory)
        return self._question(one, memory)

    def _by_label(self, one: Understanding) -> Understanding:
        """A topic's own label, as options send it, needs no guessing; nor does distress."""
        topic = _labels(self.desk.words).get(one.text)
        if topic is None and one.confidence < _CERTAIN:
            distress = distress_in(one.text)
            topic = distress.topic if distress else None
        return replace(one, ranking=(Score(topic, 1.0),)) if topic else one

    def _person(self, one: Understanding, memory: Memory) -> str:
        named = one.values("third_person")
        if named:
            return relative(str(named[0]))
        return MYSELF if says("myself", one.text) else memory.person

    def _learned(self, one: Understanding, memory: Memory) -> Memory:
        facts: dict[str, FactValue] = dict(one.facts)
        regions = one.values("region")
        if len(regions) == 1:
            facts["region"] = str(regions[0])
        return memory.learn(facts, self.now, "said") if facts else memory

    def _answered(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory] | None:
        """The turn if the message answers the pending question; None if it is something else."""
        pending = memory.pending
        assert pending is not None  # noqa: S101 - only asked while one is pending
        if pending.fact == "region":
            if memory.interview is not None and says("dont_know", one.text) and is_short(one):
                memory = replace(memory, pending=None, interview=None)
                text = say("region.needed", names=covered(self.desk))
                return _talk(Status.NOT_COVERED, text, intent=one.intent), memory
            if not one.values("region") or len(rest_of(one)) > _PLACE:
                return None
            memory = self._learned(one, memory)
        else:
            fact = self.desk.words.facts[pending.fact]
            if one.intent in self.desk.words.topics and one.confidence > 0.6 and not is_short(one):
                return None
            offered = interview.offered_groups(fact, memory, self.desk.words)
            value = answer_to(fact, one, offered, interview.role_of(memory))
            if value is None:
                return None
            memory = self._learned(one, memory)
            if value is not DONT_KNOW:
                memory = memory.learn({fact.id: value}, self.now, "answered")  # type: ignore[dict-item]
        memory = replace(memory, pending=None)
        if memory.interview is not None:
            return self._interview(memory, one)
        return self._follow_up(one, memory)

    # --- replies -------------------------------------------------------------------------------

    def _question(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """A question of its own, or talk."""
        words = self.desk.words
        if one.intent == "what_can_i_get":
            topics = interview.topics_for(interview.role_of(memory))
            memory = replace(memory, interview=Interview(topics))
            return self._interview(memory, one)
        if one.confidence < GUESS:
            return self._not_understood(one, memory)
        doubtful = one.confidence < ANSWER and one.intent not in words.topics
        if doubtful and "benefit" in one.aspects and one.values("region"):
            # A place and a benefit: about policy, whatever the engine is unsure of.
            one = replace(one, ranking=tuple(s for s in one.ranking if s.intent in words.topics))
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
        ask = Ask(text, subject.topics, subject.aspects, memory.facts, subject.sure)
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

    def _follow_up(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """那长治呢 · 多少钱 · 我妈呢: the last question again with what is new in it."""
        subject = memory.subject
        if subject is None:
            return self._question(one, memory)
        subject = replace(subject, aspects=one.aspects or subject.aspects)
        memory = replace(memory.asks(subject), misses=0)
        reply, memory = self._policy(subject, one, memory)
        if says("correction", one.text):
            block = Block("talk", (Statement(say("corrected")),))
            reply = replace(reply, blocks=(block, *reply.blocks))
        return reply, memory

    def _back(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """返回 · 刚才那个: the subject before this one, answered again."""
        if (meant := self._meant(one, memory)) is not None and not says("back", one.text):
            others = [s for s in (memory.subject, *memory.earlier) if s and s is not meant]
            memory = replace(memory, earlier=(meant, *others), subject=None)
        if not memory.earlier:
            if memory.subject is None or says("back", one.text):
                return _talk(Status.CLARIFY, say("nothing_before")), memory
            return self._follow_up(one, memory)
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

    def _interview(self, memory: Memory, one: Understanding) -> tuple[Reply, Memory]:
        composer = self._composer()
        ask = Ask(one.text, {"training_subsidy": 1.0}, frozenset(), memory.facts)
        reply, memory = interview.step(ask, memory, composer, self.desk, self.now)
        return replace(reply, intent="what_can_i_get", confidence=one.confidence), memory

    def _resumed(self, reply: Reply, memory: Memory, one: Understanding) -> tuple[Reply, Memory]:
        """A side question was answered: the interview's question is put again, or the next one
        if what was asked has been told by the way."""
        pending = memory.pending
        assert pending is not None  # noqa: S101 - only called while one is pending
        if reply.status is Status.CLARIFY or one.intent in _NO_RESUMING:
            return reply, memory
        if pending.fact in memory.told:
            following, memory = self._interview(replace(memory, pending=None), one)
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
            reply = _talk(Status.OUT_OF_SCOPE, say(f"near.{intent}"))
        else:
            status = _STATUS_OF_TALK.get(intent, Status.ANSWERED)
            reply = _talk(status, say(f"talk.{intent}", names=covered(self.desk)))
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


@cache
def _labels(words: Vocabulary) -> dict[str, str]:
    """Topic by its normalised label."""
    return {normalise(topic.label): topic.id for topic in words.topics.values()}


def _restarted(memory: Memory) -> Memory:
    """The memory with the interview's pending question to be put anew."""
    if memory.interview is None or memory.pending is None:
        return memory
    return replace(memory, pending=None, interview=memory.interview.again(memory.pending.fact))


def _talk(status: Status, text: str, intent: str = "") -> Reply:
    return Reply(status, (Block("talk", (Statement(text),)),), intent=intent)


def _after(distress: Distress, reply: Reply) -> Reply:
    """The right number first, the answer below it."""
    return replace(reply, blocks=(Block("talk", (Statement(distress.says),)), *reply.blocks))
