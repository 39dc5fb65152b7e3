"""The replies to what a message turned out to be (`hearing.py`): an answer from the documents,
the interview, or talk (`dialogs/talking.py`). Each is a reply and the new memory.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dialogs import handoff, interview, policy
from dialogs.about_agency import about_agency
from dialogs.agencies import agencies_asked
from dialogs.answer import answered
from dialogs.aside import Aside
from dialogs.asking import Ask
from dialogs.benefits import benefit_shown, other_way, topics_for
from dialogs.composer import Composer
from dialogs.desk import Desk
from dialogs.finding import nearest
from dialogs.follow_up import asks, only_facts, rest_of
from dialogs.gaps import Gap
from dialogs.joining import joined
from dialogs.memory import Interview, Memory, Pending, Shown, Subject
from dialogs.reading import says, without_pointing
from dialogs.reply import Block, Option, Reply, Statement, Status
from dialogs.select import is_money
from dialogs.shown import shown_by
from dialogs.sums import sums_said
from dialogs.talking import Talking, of_person, talk
from dialogs.wording import say
from knowledge.rules import Truth
from knowledge.standing import Standing
from nlu.understanding import Understanding

_ANYTHING = "what_can_i_get"
# Below ANSWER the bot asks 您是想问……吗; below GUESS it says it did not understand. Chosen from the
# curve that `anxin nlu test` and `anxin nlu report` print (docs/measurements.md).
ANSWER = 0.3
GUESS = 0.12
# From here on the topic is taken as certain: what no document says of it is said to be unsaid.
SURE = 0.9
# Where the engine is less sure than this that a message is no question for us, and its words are
# this near to a provision's, it is one. Between topics less is asked. A story is near to much.
_DOUBTED = 0.6
_NEAR_WORDS, _NEARER_WORDS = 10.0, 20.0
_A_STORY = 40
# Topics whose confidence comes this near to the best one's are weighed together with it.
_NEAR = 0.4
_MOST_TOPICS = 3
# Below this somebody tired who asks nothing is comforted rather than asked what she means.
_LIKELY = 0.5
# After these the interview's question is not put again.
_NO_RESUMING = frozenset(("handoff", "goodbye", "complain_bot", "emergency"))
# A yes or no to nothing: the question that waits is put again without a word more.
_SAYS_NOTHING = frozenset(("affirm", "deny"))
# What somebody wants of an agency who says no more than that it should help.
_HELP = {"labour_rights": 1.0, "training_subsidy": 0.8, "job_finding": 0.8, "startup_support": 0.6}
_ELIGIBILITY = frozenset(("condition", "everyone"))


@dataclass(frozen=True)
class Replies:
    """What the replies of one turn are made with."""

    desk: Desk
    day: dt.date
    now: dt.datetime
    staffing: Callable[[], handoff.Staffing] = handoff.Staffing

    @property
    def talking(self) -> Talking:
        """What is said where nothing is asked of the documents."""
        return Talking(self.desk, self.day, self.now, self.staffing)

    def question(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """A question of its own, or talk."""
        words = self.desk.words
        # 我家请了保姆，政府有没有补贴 asks for no firm and no price.
        for_her_home = one.intent.startswith("near_") and "benefit" in one.aspects
        for_her_home = for_her_home and says("household", one.text)
        if one.intent == _ANYTHING or says("anything", one.text) or for_her_home:
            if "role" not in memory.facts and says("household", one.text):
                memory = memory.learn({"role": "household"}, self.now, "said")
            topics = topics_for(interview.role_of(memory))
            return self.interview(replace(memory, pending=None, interview=Interview(topics)), one)
        # Who asks nothing is not taken for asking what a nanny costs either.
        beside_us = one.intent == "out_of_scope" or one.intent.startswith("near_")
        unsure = one.confidence < _LIKELY or beside_us
        if unsure and says("weary", one.text) and not asks(one):
            return talk(Status.ANSWERED, say("weary"), intent="emergency"), memory
        if (near := self._by_words(one, memory)) is not None:
            return self._asks(near, one, memory)
        ours = sum(score.confidence for score in one.ranking if score.intent in words.topics)
        if one.confidence < GUESS and ours < ANSWER:
            return self.talking.not_understood(one, memory)
        doubtful = one.confidence < ANSWER and one.intent not in words.topics
        if doubtful and "benefit" in one.aspects and one.values("region"):
            # A place and a benefit: about policy, whatever the engine is unsure of.
            one = replace(one, ranking=tuple(s for s in one.ranking if s.intent in words.topics))
        elif doubtful and ours > one.confidence:
            return self.talking.clarify(
                one, memory
            )  # no one talk is as likely as that it is a question
        elif one.intent not in words.topics:
            return self.talking.says_back(one, memory)
        elif sum(self._topics(one, share=False).values()) < ANSWER:
            return self.talking.clarify(one, memory)
        topic = words.topics[one.intent]
        named = any(name in one.text for name in (topic.label, *topic.called))
        sure = one.confidence >= SURE or (named and one.confidence >= _LIKELY)
        subject = Subject(one.intent, self._topics(one), one.text, one.aspects, sure)
        return self._asks(subject, one, memory)

    def _asks(self, subject: Subject, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        return self._policy(subject, one, memory.asks(subject))

    def _by_words(self, one: Understanding, memory: Memory) -> Subject | None:
        """Where the engine is not sure what a question is about: the subject of the provision whose
        words it is near to, for how people ask for each is known."""
        topical = one.intent in self.desk.words.topics
        if one.confidence >= (ANSWER if topical else _DOUBTED) or one.intent in _NO_RESUMING:
            return None
        if not topical and len(one.text) > _A_STORY:
            return None
        places = [str(code) for code in one.values("region")] or [memory.region or ""]
        regions = [code for place in places for code in self.desk.words.ancestors(place)]
        found = nearest(one.text, regions or self.desk.library.regions(), self.desk)
        if found is None or found.score < (_NEAR_WORDS if topical else _NEARER_WORDS):
            return None
        topics = dict.fromkeys(found.entry.provision.topics, 1.0)
        return Subject(found.entry.provision.topics[0], topics, one.text, one.aspects)

    def _policy(self, subject: Subject, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        # What a follow-up adds (高级的呢) is weighed with the question it follows.
        adds = not only_facts(one) and one.text not in subject.question
        text = subject.question + one.text if adds else subject.question
        documents = frozenset(str(name) for name in one.values("document"))
        sums = sums_said(one)
        for heard, _ in sums:  # it is to be confirmed, not looked for
            text = text.replace(heard, " ")
        ask = Ask(
            text,
            subject.topics,
            subject.aspects,
            memory.facts,
            subject.sure,
            documents,
            sums=sums,
            agencies=agencies_asked(one.text, self.desk.words),
        )
        if memory.interview is None:
            memory = replace(memory, pending=None)
        named = tuple(str(code) for code in one.values("region"))
        known = (memory.region,) if memory.region else ()
        regions = policy.narrowest(named or subject.regions or known, self.desk.words)
        memory = replace(memory, subject=replace(subject, regions=regions if regions[1:] else ()))
        reply = policy.answer(ask, regions, self.day, self.desk)
        reply = replace(reply, intent=subject.intent, confidence=one.confidence)
        reply = of_person(reply, memory)
        if regions[1:]:
            names = [self.desk.words.regions[code].short for code in regions]
            reply = replace(reply, options=tuple(Option(name, name) for name in names))
        shown = shown_by(reply)
        reply = self._with_other_way(reply, shown, ask)
        memory = replace(memory, shown=shown, open_facts=reply.open_facts, checked=None)
        if reply.missing == ("region",) and not regions:
            memory = replace(memory, pending=Pending("region", self.now))
        elif reply.missing == ("groups",):
            memory = replace(memory, pending=Pending("groups", self.now, reply.options))
        elif (
            subject.aspects & _ELIGIBILITY and len(regions) == 1 and self._checkable(reply, memory)
        ):
            offer = Option(say("interview.check"), say("interview.check"))
            reply = replace(reply, options=(*reply.options, offer))
        return reply, memory

    def _with_other_way(self, reply: Reply, shown: Sequence[Shown], ask: Ask) -> Reply:
        """The answer to somebody who does not meet its conditions, with what the clause gives to
        people like her."""
        if not ask.facts.keys() - {"region", "role"} or not shown:
            return reply
        benefit = benefit_shown(shown[0], ask.facts, self.desk)
        if benefit is None or benefit.determination.outcome is not Truth.NOT_MET:
            return reply
        other = other_way(benefit, ask, self.desk)
        if other is None or any(one.quote == other.provision.quote for one in reply.citations):
            return reply
        composer = self.composer()
        text = say("interview.other_way", says=other.provision.says)
        composer.add("detail", Statement(text, composer.cite_entry(other)))
        kinds = [block.kind for block in reply.blocks]
        if "conditions" not in kinds:
            return reply  # places side by side: nobody's conditions are told
        at = kinds.index("conditions") + 1
        blocks = (*reply.blocks[:at], *composer.blocks, *reply.blocks[at:])
        citations = (*reply.citations, *composer.citations.values())
        return replace(reply, blocks=blocks, citations=citations)

    def _checkable(self, reply: Reply, memory: Memory) -> bool:
        """Whether the conditions of the answer are worth checking: nobody can apply by a repealed
        document."""
        gone = reply.citations and reply.citations[0].standing is Standing.REPEALED
        return not gone and bool(reply.open_facts or self.with_conditions(memory))

    def with_conditions(self, memory: Memory) -> tuple[Shown, ...]:
        """What the last answer has shown whose conditions are still open."""
        return tuple(
            one
            for one in memory.shown
            if (benefit := benefit_shown(one, memory.facts, self.desk))
            and benefit.determination.missing
        )

    def agency(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """What the documents say of an agency that is asked about by itself."""
        topics = self._topics(one) or _HELP
        agencies = agencies_asked(one.text, self.desk.words)
        ask = Ask(one.text, topics, one.aspects, memory.facts, agencies=agencies)
        named = tuple(str(code) for code in one.values("region"))
        known = (memory.region,) if memory.region else ()
        reply = about_agency(ask, named or known, self.composer(), self.desk)
        reply = replace(reply, intent="organisation", confidence=one.confidence)
        subject = Subject("organisation", {"organisation": 1.0}, one.text, one.aspects)
        memory = memory.asks(subject)
        if reply.missing:
            memory = replace(memory, pending=Pending("region", self.now))
        return of_person(reply, memory), replace(memory, shown=shown_by(reply))

    def same(self, memory: Memory, one: Understanding) -> tuple[Reply, Memory]:
        """The last question answered once more."""
        subject = memory.subject
        assert subject is not None  # noqa: S101 - only called while there is one
        return self._policy(subject, one, memory)

    def follow_up(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """那长治呢 · 多少钱 · 我妈呢: the last question again with what is new in it."""
        subject = memory.subject
        if subject is None:
            return self.question(one, memory)
        subject = replace(subject, aspects=one.aspects or subject.aspects)
        memory = replace(memory.asks(subject), misses=0)
        reply, memory = self._policy(subject, one, memory)
        return self.corrected(reply, one), memory

    def beside(self, found: Aside, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """母婴的呢: the provision beside the one that was told, or that it is not written."""
        assert memory.subject is not None  # noqa: S101 - asked only behind an answer
        provision, document = found.entry.provision, found.entry.document
        topic = provision.topics[0]
        aspects = one.aspects or memory.subject.aspects
        if not any(map(is_money, provision.amounts)) and not says("money", one.text):
            aspects -= {"amount"}  # 多少人次, 最高几级
        subject = Subject(topic, {topic: 1.0}, provision.says, aspects, sure=True)
        ask = Ask(one.text, subject.topics, aspects, memory.facts, sure=True)
        composer = self.composer()
        if memory.region is None:
            composer.talk(
                say("region.assumed", name=self.desk.words.regions[document.region].label)
            )
        gap = Gap(document, found.silence) if found.silence else None
        complete = answered(composer, ask, [found.entry], gap)
        status = Status.ANSWERED if complete else Status.PARTLY_ANSWERED
        reply = composer.reply(status, intent=topic, confidence=one.confidence)
        reply, memory = of_person(reply, memory), memory.asks(subject)
        return reply, replace(memory, shown=shown_by(reply), open_facts=reply.open_facts)

    @staticmethod
    def corrected(reply: Reply, one: Understanding) -> Reply:
        """The reply, with the word that it is for what was put right."""
        if not says("correction", one.text):
            return reply
        block = Block("talk", (Statement(say("corrected")),))
        return replace(reply, blocks=(block, *reply.blocks))

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
        ask = Ask(one.text, {"training_subsidy": 1.0}, frozenset(), memory.facts)
        reply, memory = interview.step(ask, memory, self.composer(), self.desk, self.now)
        reply = of_person(reply, memory)
        return replace(reply, intent="what_can_i_get", confidence=one.confidence), memory

    def checked_again(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """The interview's result once more for what was told since, for another place or person."""
        checked = memory.checked
        assert checked is not None  # noqa: S101 - only called while there is one
        other = bool(one.values("region") or one.values("third_person") or says("myself", one.text))
        again = Interview(checked.topics) if other else checked
        reply, memory = self.interview(replace(memory, pending=None, interview=again), one)
        return self.corrected(reply, one), memory

    def resumed(self, reply: Reply, memory: Memory, one: Understanding) -> tuple[Reply, Memory]:
        """A side question was answered: the interview's question is put again, or the next one
        if what was asked has been told by the way."""
        pending = memory.pending
        assert pending is not None  # noqa: S101 - only called while one is pending
        if reply.status is Status.CLARIFY or reply.intent in _NO_RESUMING:
            return reply, memory
        if reply.intent == _ANYTHING:
            return reply, memory  # it is the interview's question already
        left_open = False
        if reply.intent in _SAYS_NOTHING:
            reply = replace(reply, blocks=())
        if not reply.citations and memory.interview is not None:
            # Perhaps it was meant for an answer. Twice is enough: then the question stays open.
            left_open = pending.fact in memory.interview.repeated
            memory = replace(memory, interview=memory.interview.repeats(pending.fact))
        if pending.fact in memory.told or left_open:
            following, memory = self.interview(replace(memory, pending=None), one)
            return replace(joined([reply, following], []), options=following.options), memory
        missing = (*reply.missing, pending.fact)
        blocks = (*reply.blocks, interview.put_again(memory, self.desk.words))
        return replace(reply, blocks=blocks, options=pending.options, missing=missing), memory

    def composer(self) -> Composer:
        return self.desk.composer(self.day)

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
