"""One turn: what a message is in its conversation; the replies are made by `dialogs/replies.py`.

The order is the one a person would use: someone in distress first; a choice or an answer to what
was just asked; a correction; a follow-up of the last question; a question of its own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from dialogs import handoff, interview, mine
from dialogs.asked_back import steered
from dialogs.choosing import chosen_topic, pointed_out
from dialogs.defining import defined, led_by
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
)
from dialogs.replies import ANSWER as ANSWER
from dialogs.replies import GUESS as GUESS
from dialogs.replies import Replies, talk
from dialogs.reply import Block, Message, Option, Reply, Statement, Status
from dialogs.retelling import told_again
from dialogs.torn import both_ways
from dialogs.wording import has, listed, say
from knowledge.rules import FactValue
from knowledge.vocabulary import Vocabulary
from nlu.normalise import normalise
from nlu.understanding import Score, Understanding

# From here on a message of distress also asks something else.
_CERTAIN = 0.6
_TAG = re.compile("<[^<>]{1,200}>")
# So many characters beside a place's name do not make its message a question of its own.
_PLACE = 2
# Below this a few words that ask 多少 or 哪里 are about the topic in hand, not another office.
_SURELY_OTHER, _LITTLE = 0.7, 4
_ANYTHING = "what_can_i_get"
# Facts that are about being in the very place.
_HERE = frozenset(("local_registration", "local_social_insurance"))
_CHECKING = frozenset(("permit_verification", "my_permit"))


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
        found, memory = self.permits.overdue(place, memory, self.now)
        return (*news, *(found.blocks if found else ())), memory

    def _answer(self, message: Message, memory: Memory) -> tuple[Reply, Memory]:
        text = message.text
        plain = normalise(_TAG.sub(" ", text))
        distress = distress_in(plain)
        if distress is not None:
            return self._in_distress(distress, plain, memory)
        left = memory.contact_until and handoff.contact_left(
            plain, self.staffing(), memory, self.now
        )
        if left:
            return left
        if says("lost_alone", plain):
            return talk(Status.PARTLY_ANSWERED, say("permit.lost"), intent="my_permit"), memory
        if says("scan", plain):
            return talk(Status.NEEDS_INFO, say("permit.scan"), intent="permit_verification"), memory
        nothing_open = not _offered(memory) and memory.pending is None and memory.permit is None
        if nothing_open and says("ordinal", plain):
            return talk(Status.CLARIFY, say("no_options")), memory
        choice = self._choice(plain, memory)
        if isinstance(choice, str):
            number = say("out_of_range", number=choice.strip("第个。.！ "))
            return replace(talk(Status.CLARIFY, number), options=_offered(memory)), memory
        if choice is not None:
            text = plain = choice.send
        elif several := self._several(plain, memory):
            plain = listed([option.send for option in several])
        elif (pointed := pointed_out(plain, _offered(memory))) is not None:
            text = plain = pointed
        records = mine.asked(plain, memory)
        reply, memory = (
            records
            or self._of_permit(message, text, plain, memory)
            or self._plain(message, plain, memory)
        )
        return reply, replace(memory, options=reply.options)

    def _in_distress(self, distress: Distress, text: str, memory: Memory) -> tuple[Reply, Memory]:
        """The right number first; below it only what was asked besides. A question of ours stands.

        Of the trouble itself a clause is quoted where the place is known and something was asked.
        """
        reply = talk(Status.ANSWERED, distress.says, intent=distress.answers or "emergency")
        if distress.alone:
            return reply, memory
        answers = [reply]
        for one in self.understand(text):
            memory = self._learned(one, memory)
            own = one.intent in self.desk.words.topics or has(f"near.{one.intent}")
            if own and one.intent != distress.answers and one.confidence >= _CERTAIN:
                answer, memory = self._replies.question(one, memory)
                answers.append(answer)
            elif distress.answers and says("asks", one.text) and memory.region is not None:
                about = replace(one, text=distress.asks, ranking=(Score(distress.answers, 1.0),))
                answer, memory = self._replies.question(about, memory)
                if answer.status is Status.NOT_COVERED and own:
                    answer, memory = self._replies.question(one, memory)
                answers += [answer] if answer.status is not Status.NOT_COVERED else []
        if distress.answers and len(answers) == 1:
            topics = {distress.answers: 1.0}
            asked = Subject(distress.answers, topics, distress.asks, frozenset(), sure=True)
            memory = memory.asks(asked)  # 怎么维权, or a place: the talk may go on about it
        reply = replace(joined(answers, []), intent=answers[-1].intent)
        return reply, replace(memory, options=reply.options or _offered(memory))

    def _of_permit(
        self, message: Message, text: str, plain: str, memory: Memory
    ) -> tuple[Reply, Memory] | None:
        """The turn of a message that gives something of a permit, or goes on about one."""
        if self.permits is not None:
            return self.permits.turn(message, text, plain, self.now).answer(memory)
        if message.images or given_in(text).numbers:
            reply = talk(Status.NOT_COVERED, say("talk.permit_verification"))
            return replace(reply, intent="permit_verification", private=True), memory
        return None

    def _plain(self, message: Message, text: str, memory: Memory) -> tuple[Reply, Memory]:
        """The turn of a message that holds nothing of a permit."""
        id_number = id_number_in(text)
        if id_number == "alone":
            return talk(Status.REFUSED, say("permit.no_id") + say("permit.refused_id")), memory
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
            one = self._by_label(one)
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
        if one.intent == "my_permit" and says("lost_permit", one.text):
            return talk(Status.PARTLY_ANSWERED, say("permit.lost"), intent="my_permit"), memory
        turn = self.permits.turn(message, message.text, one.text, self.now)
        reply, memory = turn.asked(one.intent, memory)
        return replace(reply, confidence=one.confidence), memory

    @property
    def _replies(self) -> Replies:
        return Replies(self.desk, self.day, self.now, self.staffing)

    # --- what the message is -------------------------------------------------------------------

    def _choice(self, text: str, memory: Memory) -> Option | str | None:
        """The option meant; a number asked for (年龄, 裁员率) is no option's number."""
        choice = chosen(text, _offered(memory))
        by_number = choice is not None and says("ordinal", text)
        return None if by_number and self._asked_for(memory, "number") else choice

    def _several(self, text: str, memory: Memory) -> tuple[Option, ...] | None:
        """The options meant by 1、3, where several may be chosen."""
        groups = self._asked_for(memory, "groups")
        return chosen_several(text, _offered(memory)) if groups else None

    def _asked_for(self, memory: Memory, type_: str) -> bool:
        fact = self.desk.words.facts.get(memory.pending.fact) if memory.pending else None
        return fact is not None and fact.type == type_

    def _one(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        if (person := self._person(one, memory)) != memory.person:
            return self._of_another(one, memory.about(person))
        waiting = memory.pending is not None and memory.interview is not None
        if memory.pending is not None:
            answered = steered(one, memory, self._replies) or self._answered(one, memory)
            if answered is not None:
                return answered
        facts, torn = both_ways(one.text, one.facts)
        one = replace(one, facts=facts)
        memory = self._learned(one, memory.forgets(torn))
        if waiting and only_tells(one):
            return self._replies.interview(_restarted(memory), one)
        reply, memory = self._something_else(one, memory)
        still = memory.pending is not None and memory.interview is not None
        if waiting and still:
            return self._replies.resumed(reply, memory, one)
        return self._replies.which(torn[0], reply, memory) if torn else (reply, memory)

    def _of_another(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """The turn in which the talk turns to somebody else: an interview begins anew for them."""
        memory = self._learned(one, replace(memory, pending=None))
        if memory.interview is not None:
            memory = replace(memory, interview=Interview(memory.interview.topics))
            if only_tells(one) or is_follow_up(one):
                return self._replies.interview(memory, one)
            memory = replace(memory, interview=None)
        return self._something_else(one, memory)

    def _something_else(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """The turn of a message that answers no question of ours."""
        if one.text == say("interview.check") and memory.subject is not None:
            only = memory.shown[:1]
            memory = replace(memory, interview=Interview(tuple(memory.subject.topics), only=only))
            return self._replies.interview(memory, one)
        if again := told_again(one, memory, self._replies):
            return again
        if (ticked := self._ticked(one, memory)) is not None:
            return self._replies.same(ticked, one)
        if (definition := defined(one)) is not None:
            return self._defined(definition, one, memory)
        if says("back", one.text):
            return self._replies.back(one, memory)
        if memory.subject is not None and says("earlier", one.text) and adds_nothing(one):
            return self._replies.back(one, memory)
        if memory.checked is not None and (only_tells(one) or says("myself", one.text)):
            return self._replies.checked_again(one, memory)
        anything = one.intent == _ANYTHING and one.confidence >= ANSWER
        anew = (anything or says("anything", one.text)) and not says("myself", one.text)
        other = one.intent not in self.desk.words.topics and one.confidence < _SURELY_OTHER
        if (
            memory.subject is not None
            and other
            and not anew
            and one.aspects
            and len(rest_of(one)) <= _LITTLE
        ):
            return self._replies.follow_up(one, memory)
        if memory.subject is not None and is_follow_up(one) and not anew:
            return self._replies.follow_up(one, memory)
        sure = one.intent in self.desk.words.topics and one.confidence >= _CERTAIN
        if memory.subject is None and only_tells(one) and not anew and not sure:
            return self._replies.heard(memory)
        return self._replies.question(one, memory)

    def _ticked(self, one: Understanding, memory: Memory) -> Memory | None:
        """The memory of somebody who answers an open condition of the last answer: 签了."""
        if memory.subject is None or not (says("did", one.text) or says("did_not", one.text)):
            return None
        role = interview.role_of(memory)
        for name in memory.open_facts:
            fact = self.desk.words.facts[name]
            value = answer_to(fact, one, frozenset(), role)
            if isinstance(value, bool):
                return memory.learn({name: value}, self.now, "answered")
        return None

    def _defined(
        self, definition: Reply, one: Understanding, memory: Memory
    ) -> tuple[Reply, Memory]:
        """A word explained, and below it what the documents say."""
        if one.intent not in self.desk.words.topics:
            return definition, memory
        answer, memory = self._replies.question(one, memory)
        return led_by(definition, answer), memory

    def _by_label(self, one: Understanding) -> Understanding:
        """A topic's own label, as options send it, needs no guessing; nobody who names no permit
        asks for hers."""
        topic = _labels(self.desk.words).get(one.text)
        if one.intent == "my_permit" and not says("permit", one.text) and one.ranking[1:]:
            one = replace(one, ranking=one.ranking[1:])
        return replace(one, ranking=(Score(topic, 1.0),)) if topic else one

    def _person(self, one: Understanding, memory: Memory) -> str:
        named = one.values("third_person")
        if named:
            return relative(str(named[0]))
        return MYSELF if says("turns_to_me", one.text) else memory.person

    def _learned(self, one: Understanding, memory: Memory) -> Memory:
        facts: dict[str, FactValue] = dict(one.facts)
        regions = one.values("region")
        if len(regions) == 1:
            facts["region"] = str(regions[0])
        elif not regions and memory.region is None and (of := self._region_of(one)):
            facts["region"] = of
        role = memory.facts.get("role")
        if role is not None and facts.get("role", role) != role:
            # What was told as a worker is not true of a firm.
            memory = memory.forgets(memory.facts.keys() - {"region"})
        return memory.learn(facts, self.now, "said") if facts else memory

    def _region_of(self, one: Understanding) -> str | None:
        """The area whose document the message names (太行家政: 长治)."""
        named = one.values("document")
        documents = self.desk.library.documents() if named else []
        regions = {document.region for document in documents if document.id in named}
        return regions.pop() if len(regions) == 1 else None

    def _answered(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory] | None:
        """The turn if the message answers the pending question; None if it is something else."""
        pending = memory.pending
        assert pending is not None  # noqa: S101 - only asked while one is pending
        if pending.fact == "topic":
            return self._topic_chosen(pending, one, memory)
        if pending.fact == "region":
            if memory.interview is not None and says("dont_know", one.text) and is_short(one):
                memory = replace(memory, pending=None, interview=None)
                text = say("region.needed", names=covered(self.desk))
                return talk(Status.NOT_COVERED, text, intent=one.intent), memory
            if not one.values("region") or len(rest_of(one)) > _PLACE:
                return None
            memory = self._learned(one, memory)
        else:
            fact = self.desk.words.facts[pending.fact]
            if one.intent in self.desk.words.topics and one.confidence > 0.6 and not is_short(one):
                return None
            offered = interview.offered_groups(fact, memory, self.desk.words)
            value = answer_to(fact, one, offered, interview.role_of(memory))
            elsewhere = _elsewhere(fact.id, one, memory, self.desk.words)
            if elsewhere is not None:
                value, one = elsewhere, replace(one, entities=())  # where, not whose rules
            if value is None:
                return None
            memory = self._learned(one, memory)
            if value is not DONT_KNOW:
                memory = memory.learn({fact.id: value}, self.now, "answered")  # type: ignore[dict-item]
        memory = replace(memory, pending=None)
        if memory.interview is not None:
            return self._replies.interview(memory, one)
        return self._replies.follow_up(one, memory)

    def _topic_chosen(
        self, pending: Pending, one: Understanding, memory: Memory
    ) -> tuple[Reply, Memory] | None:
        """The question that was not clear, answered for the topic now chosen."""
        label = chosen_topic(one, pending.options)
        if label is None:
            if not only_tells(one) or (memory.subject is not None and says("and_that", one.text)):
                return None
            return self._replies.unclear(pending, self._learned(one, memory))
        memory = self._learned(one, replace(memory, pending=None))
        asked = self.understand(pending.question)[0]
        topic = _labels(self.desk.words)[normalise(label)]
        return self._replies.question(replace(asked, ranking=(Score(topic, 1.0),)), memory)


@cache
def _labels(words: Vocabulary) -> dict[str, str]:
    """Topic by its normalised label."""
    return {normalise(topic.label): topic.id for topic in words.topics.values()}


def _restarted(memory: Memory) -> Memory:
    """The memory with the interview's pending question to be put anew."""
    if memory.interview is None or memory.pending is None:
        return memory
    return replace(memory, pending=None, interview=memory.interview.again(memory.pending.fact))


def _elsewhere(fact: str, one: Understanding, memory: Memory, words: Vocabulary) -> bool | None:
    """注册在佛山: whether the place named lies where the rules asked about hold."""
    named = one.values("region")
    if fact not in _HERE or len(named) != 1 or memory.region is None:
        return None
    return memory.region in words.ancestors(str(named[0]))


def _offered(memory: Memory) -> tuple[Option, ...]:
    """The options that stand: the last reply's, or those of the question still open."""
    return memory.options or (memory.pending.options if memory.pending else ())
