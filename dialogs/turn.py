"""One turn: what a whole message is; what each of its questions is, says `dialogs/hearing.py`.

The order is the one a person would use: someone in distress first; a choice among what was offered;
what belongs to a permit; then the questions, one after the other.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from dialogs import handoff, mine
from dialogs.agencies import agencies_asked
from dialogs.asked_day import day_asked
from dialogs.choosing import pointed_out
from dialogs.desk import Desk
from dialogs.distress import Distress, distress_in
from dialogs.follow_up import asks, only_tells
from dialogs.hearing import Hearing, only_a_place
from dialogs.interview import put_again
from dialogs.joining import joined
from dialogs.learning import learned
from dialogs.memory import MYSELF, Memory, Subject
from dialogs.permits.checks import Permits, place_of
from dialogs.permits.reading import given_in, id_number_in
from dialogs.policy import narrowest
from dialogs.reading import chosen, chosen_several, says
from dialogs.replies import ANSWER as ANSWER
from dialogs.replies import GUESS as GUESS
from dialogs.replies import Replies
from dialogs.reply import Block, Message, Option, Reply, Statement, Status
from dialogs.talking import talk
from dialogs.wording import has, listed, say
from knowledge.vocabulary import Fact
from nlu.normalise import normalise
from nlu.understanding import Score, Understanding

# From here on a message of distress also asks something else.
_CERTAIN = 0.6
_TAG = re.compile("<[^<>]{1,200}>")
# A label with quotation marks of its own stands in some already.
_QUOTES = str.maketrans("", "", "“”")
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
            return _lost(), memory
        if says("scan", plain):
            return talk(Status.NEEDS_INFO, say("permit.scan"), intent="permit_verification"), memory
        nothing_open = not _offered(memory) and memory.pending is None and memory.permit is None
        if nothing_open and says("ordinal", plain):
            return talk(Status.CLARIFY, say("no_options")), memory
        if (doubt := self._number_or_option(plain, memory)) is not None:
            return doubt
        choice = self._choice(plain, memory)
        if isinstance(choice, str):
            number = say("out_of_range", number=choice.strip("第个。.！ "))
            return replace(talk(Status.CLARIFY, number), options=_offered(memory)), memory
        if choice is not None:
            text = plain = choice.send
        elif several := self._several(plain, memory):
            plain = listed([option.send for option in several])
        elif says("ordinals", plain) and memory.pending is not None:
            there = chosen_several(plain, _offered(memory)) is not None
            number = say("one_of_them") if there else say("out_of_range", number=plain)
            return replace(talk(Status.CLARIFY, number), options=_offered(memory)), memory
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
            # What was told beside it is not asked for once more when the talk goes on.
            for one in self.understand(text):
                memory = learned(one, memory, self.desk, self.now)
            return reply, memory
        if memory.interview is None:
            memory = memory.about(MYSELF)
        answers = [reply]
        for one in self.understand(text):
            if not distress.spoken_of(one.text) and one.intent in self.desk.words.topics:
                answer, memory = self._hearing.hears(one, memory)
                answers.append(answer)
                continue
            memory = learned(one, memory, self.desk, self.now)
            own = one.intent in self.desk.words.topics or has(f"near.{one.intent}")
            if own and one.intent != distress.answers and one.confidence >= _CERTAIN:
                answer, memory = self._replies.question(one, memory)
                answers.append(answer)
            elif distress.answers and asks(one) and memory.region is not None:
                asks_for = distress.asks
                asks_for += one.text if agencies_asked(one.text, self.desk.words) else ""
                about = replace(one, text=asks_for, ranking=(Score(distress.answers, 1.0),))
                answer, memory = self._replies.question(about, memory)
                # Whom to call has been said.
                said = tuple(block for block in answer.blocks if block.kind != "advice")
                answer = replace(answer, blocks=said)
                if answer.status is Status.NOT_COVERED and own:
                    answer, memory = self._replies.question(one, memory)
                answers += [answer] if answer.status is not Status.NOT_COVERED else []
        if distress.answers and len(answers) == 1:
            topics = {distress.answers: 1.0}
            asked = Subject(distress.answers, topics, distress.asks, frozenset(), sure=True)
            memory = memory.asks(asked)  # 怎么维权, or a place: the talk may go on about it
        reply = replace(joined(answers, []), intent=answers[-1].intent)
        if memory.interview is not None and memory.pending is not None and len(answers) == 1:
            # What was asked stands, and is shown to: a 1 that comes next is its answer.
            again = put_again(memory, self.desk.words)
            reply = replace(reply, blocks=(*reply.blocks, again), options=memory.pending.options)
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
        waiting = memory.pending
        if (
            waiting
            and waiting.fact == "region"
            and waiting.question
            and only_a_place(understood[0])
        ):
            # The place was asked for several questions: with it, each of them is answered.
            anew = replace(memory, pending=None, subject=None)
            memory = learned(understood[0], anew, self.desk, self.now)
            return self._questions(message, waiting.question, memory)
        named = dict.fromkeys(str(code) for one in understood for code in one.values("region"))
        places = narrowest(tuple(named), self.desk.words)
        if len(understood) > 1 and len(places) == 1:
            # The one place that is named, be it at the end, is that of every question.
            memory = memory.learn({"region": places[0]}, self.now, "said")
        replies: list[Reply] = []
        headings: list[str] = []
        for one in understood:
            one = self._hearing.by_label(one)
            asked = self._asks_check(message, one, memory)
            then = replace(self, day=day_asked(one, self.day))
            reply, memory = asked or then._hearing.hears(one, memory)
            replies.append(reply)
            topic = self.desk.words.topics.get(reply.intent)
            label = topic.label if topic else one.text[:20]
            headings.append(say("several", topic=label.translate(_QUOTES)))
        without = sum(reply.missing == ("region",) for reply in replies)
        if without > 1 and memory.pending is not None and memory.pending.fact == "region":
            memory = replace(memory, pending=replace(memory.pending, question=text))
        return joined(replies, headings), memory

    def _asks_check(
        self, message: Message, one: Understanding, memory: Memory
    ) -> tuple[Reply, Memory] | None:
        """The turn of a question for a check, or for one's own permit, in words alone."""
        if says("lost_alone", one.text):
            return _lost(), memory
        if self.permits is None or one.intent not in _CHECKING or one.confidence < ANSWER:
            return None
        if only_tells(one) and not says("permit", one.text):
            return None
        if one.intent == "my_permit" and says("lost_permit", one.text):
            return _lost(), memory
        turn = self.permits.turn(message, message.text, one.text, self.now)
        reply, memory = turn.asked(one.intent, memory)
        return replace(reply, confidence=one.confidence), memory

    @property
    def _replies(self) -> Replies:
        return Replies(self.desk, self.day, self.now, self.staffing)

    @property
    def _hearing(self) -> Hearing:
        return Hearing(self.understand, self.desk, self.now, self._replies)

    # --- what the message is -------------------------------------------------------------------

    def _number_or_option(self, text: str, memory: Memory) -> tuple[Reply, Memory] | None:
        """The question back where a bare 1 may be the number asked for or the first option."""
        fact = self._number_asked(memory)
        offered = _offered(memory)
        if fact is None or not text.isdigit() or not 1 <= int(text) <= len(offered):
            return None
        value, meant = f"{text}{fact.unit or ''}", offered[int(text) - 1]
        question = say("number_or_option", number=text, unit=fact.unit or "", label=meant.label)
        options = (Option(value, value), *offered)
        reply = Reply(Status.CLARIFY, (Block("question", (Statement(question),)),), options=options)
        return reply, replace(memory, options=options)

    def _choice(self, text: str, memory: Memory) -> Option | str | None:
        """The option meant; a number asked for (年龄, 裁员率) is no option's number."""
        choice = chosen(text, _offered(memory))
        by_number = choice is not None and says("ordinal", text)
        return None if by_number and self._number_asked(memory) is not None else choice

    def _several(self, text: str, memory: Memory) -> tuple[Option, ...] | None:
        """The options meant by 1、3, where several may be chosen."""
        groups = self._asked_for(memory, "groups")
        return chosen_several(text, _offered(memory)) if groups else None

    def _number_asked(self, memory: Memory) -> Fact | None:
        """The fact asked for, where a number is its answer and no option is told by one."""
        numbered = any(char.isdigit() for one in _offered(memory) for char in one.label)
        return None if numbered else self._asked_for(memory, "number")

    def _asked_for(self, memory: Memory, type_: str) -> Fact | None:
        fact = self.desk.words.facts.get(memory.pending.fact) if memory.pending else None
        return fact if fact is not None and fact.type == type_ else None


def _lost() -> Reply:
    return talk(Status.PARTLY_ANSWERED, say("permit.lost"), intent="my_permit")


def _offered(memory: Memory) -> tuple[Option, ...]:
    """The options that stand: the last reply's, or those of the question still open."""
    return memory.options or (memory.pending.options if memory.pending else ())
