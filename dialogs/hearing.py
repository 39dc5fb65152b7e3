"""What one question of a message is in its conversation: an answer to what was asked back,
something told, a correction, a follow-up, or a question of its own. `dialogs/replies.py` makes the
replies.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from dialogs import interview
from dialogs.about_document import about_document
from dialogs.agencies import agencies_asked
from dialogs.asked_back import again, steered
from dialogs.choosing import chosen_topic
from dialogs.concern import GROUP_TOPICS
from dialogs.defining import as_used, defined, led_by, without_word, word_asked
from dialogs.desk import Desk, covered
from dialogs.follow_up import (
    adds_nothing,
    asks,
    is_follow_up,
    is_short,
    only_facts,
    only_tells,
    rest_of,
    without_regions,
)
from dialogs.going_on import gone_on
from dialogs.joining import joined
from dialogs.learning import learned
from dialogs.memory import Interview, Memory, Pending
from dialogs.past import of_today
from dialogs.persons import heard_of
from dialogs.reading import (
    DONT_KNOW,
    answer_to,
    believable,
    says,
    without_correction,
)
from dialogs.replies import ANSWER, SURE, Replies
from dialogs.reply import Reply, Status
from dialogs.retelling import told_again
from dialogs.righting import put_right
from dialogs.talking import talk
from dialogs.torn import both_ways
from dialogs.whom_to_ask import borrows, number_to_ring
from dialogs.wording import say
from knowledge.numbers import numbers_in
from knowledge.rules import Groups
from knowledge.vocabulary import Vocabulary
from nlu.normalise import normalise
from nlu.understanding import Score, Understanding

# From here on there is no doubt about the topic of a few words.
_CERTAIN = 0.6
# Where talk is not believed, what is left of an engine that was sure of it is no certainty.
_LEFT = 0.002
# So many characters beside a place's name do not make its message a question of its own.
_PLACE = 2
# So few characters beside what names an agency say nothing of a subject: 总工会能帮忙吗.
_AGENCY = 7
# Below this a few words that ask 多少 or 哪里 are about the topic in hand, not another office.
_SURELY_OTHER, _SURELY, _LITTLE = 0.7, 0.5, 4
_ANYTHING = "what_can_i_get"
# Facts that are about being in the very place.
_HERE = frozenset(("local_registration", "local_social_insurance"))


@dataclass(frozen=True)
class Hearing:
    understand: Callable[[str], list[Understanding]]
    desk: Desk
    now: dt.datetime
    replies: Replies

    def hears(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """The turn of one question."""
        word = word_asked(one)
        one = of_today(without_word(word, one) if word else one)
        person, one = heard_of(one, memory)
        if person != memory.person:
            return self._of_another(one, memory.about(person))
        waiting = memory.pending is not None and memory.interview is not None
        if memory.interview is not None or memory.checked is not None:
            righted = put_right(one, memory, self.desk.words, self.now)
            if righted is not None:
                return self._righted(one, righted)
        if memory.pending is not None:
            answered = steered(one, memory, self.replies) or self._answered(one, memory)
            if answered is not None:
                return answered
        if (borrowed := borrows(one, memory, self.desk)) is not None:
            return borrowed, memory
        facts, torn = both_ways(one.text, one.facts)
        one = replace(one, facts=facts)
        place = memory.region
        others = one.values("group") and says("and_that", one.text)
        if others and not waiting and not says("speaker", one.text):
            memory = memory.forgets({"groups"})  # 残疾人呢: others than before are asked about
        memory = learned(one, memory.forgets(torn), self.desk, self.now)
        if memory.interview is not None and memory.region != place:
            memory = replace(memory, interview=replace(memory.interview, opened=False))
        if waiting and (only_tells(one) or (not torn and self._remark(one))):
            return self.replies.interview(_restarted(memory), one)
        reply, memory = self._something_else(one, memory)
        still = memory.pending is not None and memory.interview is not None
        if torn:
            if waiting:
                reply, memory = replace(reply, blocks=(), citations=()), _restarted(memory)
            return self.replies.talking.which(torn[0], reply, memory)
        return self.replies.resumed(reply, memory, one) if waiting and still else (reply, memory)

    def _righted(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """The turn of somebody who put something right: the interview, or what came of it, once
        more, with what is settled by now."""
        memory = learned(one, memory, self.desk, self.now)
        if memory.interview is None:
            return self.replies.checked_again(one, memory)
        memory = _restarted(memory)
        anew = replace(memory.interview, opened=False) if memory.interview else None
        reply, memory = self.replies.interview(replace(memory, interview=anew), one)
        return self.replies.corrected(reply, one), memory

    def _remark(self, one: Understanding) -> bool:
        """Whether a message during the interview asks nothing: no lecture is wished for then."""
        policy = one.intent in self.desk.words.topics or one.intent == _ANYTHING
        return policy and not asks(one) and not one.aspects and not one.values("region")

    def _of_another(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """The turn in which the talk turns to somebody else: an interview begins anew for them."""
        memory = learned(one, replace(memory, pending=None), self.desk, self.now)
        if memory.interview is not None:
            memory = replace(memory, interview=Interview(memory.interview.topics))
            if only_tells(one) or is_follow_up(one):
                return self.replies.interview(memory, one)
            memory = replace(memory, interview=None)
        return self._something_else(one, memory)

    def _something_else(self, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """The turn of a message that answers no question of ours."""
        if one.text == say("interview.check") and memory.subject is not None:
            only = self.replies.with_conditions(memory)[:1] or memory.shown[:1]
            memory = replace(memory, interview=Interview(tuple(memory.subject.topics), only=only))
            return self.replies.interview(memory, one)
        if one.text == say("interview.finish"):
            return talk(Status.CLARIFY, say("no_options")), memory
        if retold := told_again(one, memory, self.replies):
            return retold
        if memory.subject is not None and one.text == memory.subject.question:
            return self.replies.question(one, memory)  # word for word once more
        if says("which_phone", one.text):
            return talk(
                Status.ANSWERED, number_to_ring(memory, self.desk), intent="organisation"
            ), memory
        of_permit = memory.subject is not None and memory.subject.intent == "permit"
        if not (of_permit and says("pointed_at", one.text)) and (
            told := about_document(one, memory, self.replies.composer(), self.desk)
        ):
            return told
        if agencies_asked(one.text, self.desk.words) and len(rest_of(one)) <= _AGENCY:
            if memory.subject is not None and not one.values("region"):
                return self.replies.follow_up(one, memory)
            if one.intent not in self.desk.words.topics or one.confidence < _CERTAIN:
                return self.replies.agency(one, memory)
        if (ticked := self._ticked(one, memory)) is not None:
            if memory.interview is not None:
                return self.replies.interview(_restarted(ticked), one)
            return self.replies.same(ticked, one)
        if says("complains", one.text) and not one.entities:
            return self.replies.talking.says_back(
                replace(one, ranking=(Score("complain_bot", 1.0),)), memory
            )
        if says("child_works", one.text) and asks(one):
            return talk(Status.NOT_COVERED, say("child_works"), intent=one.intent), memory
        if (word := word_asked(one)) is not None:
            return self._defined(word, one, memory)
        if says("back", one.text):
            return self.replies.back(one, memory)
        if memory.subject is not None and says("earlier", one.text) and adds_nothing(one):
            return self.replies.back(one, memory)
        tells = only_tells(one) or only_facts(one)
        if memory.checked is not None and (tells or says("myself", one.text)):
            return self.replies.checked_again(one, memory)
        anything = one.intent == _ANYTHING and one.confidence >= ANSWER
        if (gone := gone_on(one, memory, self.replies, anything=anything)) is not None:
            return gone
        # 我家在昆区请阿姨有补贴吗 behind a worker's question is a household's own.
        at_home = says("household", one.text) and "benefit" in one.aspects
        anew = (anything or says("anything", one.text)) and not says("myself", one.text)
        anew = anew or at_home
        topics = self.desk.words.topics
        other = one.confidence < (_SURELY if one.intent in topics else _SURELY_OTHER)
        another = self._names_another(one, memory)
        other = other and not another
        if (
            memory.subject is not None
            and other
            and not anew
            and one.aspects
            and len(rest_of(one)) <= _LITTLE
        ):
            return self.replies.follow_up(one, memory)
        if memory.subject is not None and is_follow_up(one) and not anew and not another:
            return self.replies.follow_up(one, memory)
        sure = one.intent in self.desk.words.topics and one.confidence >= _CERTAIN
        silent = not asks(one) and not says("weary", one.text) and not one.aspects
        story = bool(one.facts) and silent and one.confidence < _CERTAIN
        telling = only_tells(one) or story
        if memory.subject is None and telling and not anew and not sure:
            return self.replies.talking.heard(memory)
        vague = bool(one.aspects) and "benefit" not in one.aspects and not rest_of(one)
        vague = vague and not one.entities
        if memory.subject is None and vague and not anew and not sure:
            return talk(Status.CLARIFY, say("which_topic")), memory
        return self.replies.question(one, memory)

    def _names_another(self, one: Understanding, memory: Memory) -> bool:
        """Whether the message names a topic that is not the one in hand: 我家能领就业券吗."""
        if memory.subject is None or one.facts or one.intent == memory.subject.intent:
            return False
        topic = self.desk.words.topics.get(one.intent)
        if topic is None:
            return False
        sum_named = bool(one.values("money")) and one.confidence >= SURE  # 那50块的减免
        # 补贴能拿多少钱, behind what has no subsidy.
        no_subsidy = memory.shown and not any(says("subsidy", one.quote) for one in memory.shown)
        if no_subsidy and says("subsidy", one.text) and one.intent.endswith("_subsidy"):
            return True
        return sum_named or any(name in one.text for name in topic.called)

    def _ticked(self, one: Understanding, memory: Memory) -> Memory | None:
        """The memory of somebody who answers an open condition of the last answer: 签了."""
        said = without_correction(one.text)
        if memory.subject is None:
            return None
        role = interview.role_of(memory)
        if not says("did", said) and not says("did_not", said):
            return self._named_choice(one, memory, role)
        told = [name for name, value in memory.facts.items() if isinstance(value, bool)]
        for name in dict.fromkeys((*memory.open_facts, *told)):
            fact = self.desk.words.facts[name]
            value = answer_to(fact, replace(one, text=said), frozenset(), role)
            if isinstance(value, bool):
                return memory.learn({name: value}, self.now, "answered")
        return None

    def _named_choice(self, one: Understanding, memory: Memory, role: str | None) -> Memory | None:
        """The same of somebody who names, and does nothing else, what an open condition asks for:
        员工制."""
        if says("asks", one.text) or one.aspects or not is_short(one):
            return None
        for name in memory.open_facts:
            fact = self.desk.words.facts[name]
            if fact.type != "choice" or name == "role":
                continue
            value = answer_to(fact, one, frozenset(), role)
            if isinstance(value, str):
                return memory.learn({name: value}, self.now, "answered")
        return None

    def _defined(self, word: str, one: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """A word explained, and below it what the documents say, or how one of them uses it."""
        definition = defined(word, self.replies.composer())
        place = next((str(code) for code in one.values("region")), memory.region)
        around = self.desk.words.ancestors(place) if place else ()
        used = as_used(word, one.intent, around, self.replies.composer())
        if place and used is None and one.intent in GROUP_TOPICS:
            # What the place has for everybody is no answer to who these people are.
            unused = talk(
                Status.ANSWERED,
                say("definition_unused", asked=self.desk.words.regions[place].label),
            )
            return joined([definition, unused], []), memory
        answer = None
        if one.intent in self.desk.words.topics and one.confidence >= ANSWER:
            answer, memory = self.replies.question(one, memory)
        if answer is not None and (answer.citations or answer.status is Status.NEEDS_INFO):
            return led_by(definition, answer), memory
        return led_by(definition, used) if used else definition, memory

    def by_label(self, one: Understanding) -> Understanding:
        """A topic's own label, as options send it, needs no guessing; nobody who names no permit
        asks for hers."""
        topic = _labels(self.desk.words).get(one.text)
        if one.intent == "my_permit" and not says("permit", one.text) and one.ranking[1:]:
            one = replace(one, ranking=one.ranking[1:])
        topic = topic or self._named_alone(one)
        if topic:
            return replace(one, ranking=(Score(topic, 1.0),))
        if believable(one.intent, one.text) or not one.ranking[1:]:
            return one
        rest = [(score.intent, score.confidence + _LEFT) for score in one.ranking[1:]]
        share = sum(confidence for _, confidence in rest)
        return replace(one, ranking=tuple(Score(name, left / share) for name, left in rest))

    def _named_alone(self, one: Understanding) -> str | None:
        """The topic whose name stands alone beside a place: 太原回炉."""
        if one.intent in self.desk.words.topics or not one.values("region"):
            return None
        text = without_regions(one).strip("的呢啊吧呀？。，！ ")
        topics = self.desk.words.topics.values()
        return next((topic.id for topic in topics if text in topic.called), None)

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
            if not only_a_place(one):
                return None
            memory = learned(one, memory, self.desk, self.now)
        else:
            fact = self.desk.words.facts[pending.fact]
            asking = asks(one) or one.aspects
            sure = one.intent in self.desk.words.topics and one.confidence > _CERTAIN
            if sure and asking and not is_short(one):
                return None
            offered = interview.offered_groups(fact, memory, self.desk.words)
            value = answer_to(fact, one, offered, interview.role_of(memory))
            if value is None and fact.type == "groups" and is_short(one) and not asking:
                value = interview.groups_meant(one, offered, self.desk.words)
            if fact.type == "occupation" and says("of_the_list", one.text):
                return None
            elsewhere = _elsewhere(fact.id, one, memory, self.desk.words)
            if elsewhere is not None:
                value, one = elsewhere, replace(one, entities=())  # where, not whose rules
            if value is None:
                other_number = fact.type == "number" and numbers_in(one.text) and not asks(one)
                if not other_number or memory.interview is None:
                    return None
                if fact.id not in memory.interview.repeated:
                    memory = replace(memory, interview=memory.interview.repeats(fact.id))
                    reply = talk(Status.NEEDS_INFO, say("interview.a_number"))
                    return again(reply, memory, self.replies)
                value = DONT_KNOW  # twice is enough: it stays open
            memory = learned(one, memory, self.desk, self.now)
            if value is not DONT_KNOW:
                memory = memory.learn({fact.id: value}, self.now, "answered")  # type: ignore[dict-item]
            none = value is DONT_KNOW or (isinstance(value, Groups) and not value.members)
            if fact.type == "groups" and none and memory.interview is None:
                text = say("region.no_group")
                return talk(Status.ANSWERED, text, intent=one.intent), replace(memory, pending=None)
        memory = replace(memory, pending=None)
        if memory.interview is not None:
            return self.replies.interview(memory, one)
        return self.replies.follow_up(one, memory)

    def _topic_chosen(
        self, pending: Pending, one: Understanding, memory: Memory
    ) -> tuple[Reply, Memory] | None:
        """The question that was not clear, answered for the topic now chosen."""
        label = chosen_topic(one, pending.options)
        if label is None:
            if not only_tells(one) or (memory.subject is not None and says("and_that", one.text)):
                return None
            return self.replies.talking.unclear(pending, learned(one, memory, self.desk, self.now))
        memory = learned(one, replace(memory, pending=None), self.desk, self.now)
        asked = self.understand(pending.question)[0]
        topic = _labels(self.desk.words)[normalise(label)]
        return self.replies.question(replace(asked, ranking=(Score(topic, 1.0),)), memory)


def only_a_place(one: Understanding) -> bool:
    """Whether the message says a place and next to nothing else."""
    return bool(one.values("region")) and len(rest_of(one)) <= _PLACE


@cache
def _labels(words: Vocabulary) -> dict[str, str]:
    """Topic by its normalised label."""
    return {normalise(topic.label): topic.id for topic in words.topics.values()}


def _restarted(memory: Memory) -> Memory:
    """The memory with the interview's pending question to be put anew, or left open."""
    if memory.interview is None or memory.pending is None:
        return memory
    return replace(memory, pending=None, interview=memory.interview.again(memory.pending.fact))


def _elsewhere(fact: str, one: Understanding, memory: Memory, words: Vocabulary) -> bool | None:
    """注册在佛山: whether the place named lies where the rules asked about hold."""
    named = one.values("region")
    if fact not in _HERE or len(named) != 1 or memory.region is None:
        return None
    return memory.region in words.ancestors(str(named[0]))
