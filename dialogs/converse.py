"""One message in, one reply and the new memory out. No I/O but through what it is handed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dialogs import policy
from dialogs.answer import Composer
from dialogs.memory import Memory
from dialogs.policy import Desk
from dialogs.reply import Block, Message, Option, Reply, Statement, Status
from dialogs.select import Ask
from dialogs.wording import has, listed, say, spoken_date
from knowledge.library import Library
from knowledge.standing import china_day
from knowledge.vocabulary import Vocabulary
from nlu.aspects import without_cues
from nlu.normalise import has_chinese, has_words
from nlu.understanding import Understanding

# Below ANSWER the bot asks 您是想问……吗; below GUESS it says it did not understand. Chosen from the
# curve that `anxin nlu test` prints (docs/measurements.md).
ANSWER = 0.35
GUESS = 0.15
# Topics whose confidence comes this near to the best one's are weighed together with it.
_NEAR = 0.4
_MOST_TOPICS = 3

# Not talk about policy, and nothing to remember: the sentence is under the same name in wording.
_STATUS_OF_TALK = {
    "out_of_scope": Status.OUT_OF_SCOPE,
    "permit_verification": Status.NOT_COVERED,
    "my_permit": Status.NOT_COVERED,
    "handoff": Status.NOT_COVERED,
}
_FILLER = frozenset("那呢吧吗啊呀的了嘛咧喔哦呐在我们这边个请问想问一下现在就是如果是换成改成比如说是？。，！ ")


@dataclass(frozen=True)
class Conversation:
    """Everything a conversation is handed: the library, understanding, the clock, the limits."""

    library: Library
    words: Vocabulary
    understand: Callable[[str], list[Understanding]]
    now: Callable[[], dt.datetime]
    max_chars: int = 2000

    def converse(
        self, message: Message, memory: Memory, as_of: dt.date | None = None
    ) -> tuple[Reply, Memory]:
        """Answer `message`. `as_of` asks for another day's answer; default is today in China."""
        today = china_day(self.now())
        day = as_of or today
        refusal = self._unusable(message.text, day)
        if refusal is not None:
            return refusal, memory
        turn = _Turn(self, day, Desk(self.library, self.words, today))
        replies = []
        for understanding in self.understand(message.text):
            reply, memory = turn.answer(understanding, memory)
            replies.append(reply)
        reply = _joined(replies)
        release = self.library.release()
        return replace(reply, release=release.id if release else None), memory

    def _unusable(self, text: str, day: dt.date) -> Reply | None:
        """The reply to a message that holds no question we could read; None if it may."""
        if not text.strip():
            return _talk(Status.REFUSED, say("input.empty"))
        if len(text) > self.max_chars:
            return _talk(
                Status.REFUSED, say("input.too_long", length=len(text), limit=self.max_chars)
            )
        if not has_words(text):
            return _talk(Status.REFUSED, say("input.unreadable"))
        if not has_chinese(text) and not any(char.isdigit() for char in text):
            return _talk(Status.REFUSED, say("input.foreign"))
        dates = [d.issued_on for d in self.library.documents() if d.issued_on]
        if dates and day < min(dates):
            return _talk(
                Status.NOT_COVERED,
                say("input.before_all", date=spoken_date(day), first=spoken_date(min(dates))),
            )
        return None


@dataclass(frozen=True)
class _Turn:
    conversation: Conversation
    day: dt.date
    desk: Desk

    def answer(self, understood: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        memory = memory.learn(understood.facts)
        regions = [str(code) for code in understood.values("region")]
        if len(regions) == 1:
            memory = replace(memory, region=regions[0])
        intent = understood.intent
        if memory.topics and _is_follow_up(understood):
            return self.follow_up(understood, memory, regions)
        if understood.confidence < GUESS:
            return self.not_understood(understood, memory)
        if intent not in self.conversation.words.topics:
            return self.talk(understood, memory)
        if sum(_topics(understood, self.conversation.words, share=False).values()) < ANSWER:
            return self.clarify(understood, memory)
        memory = replace(
            memory,
            topics=_topics(understood, self.conversation.words),
            question=understood.text,
            aspects=understood.aspects,
            misses=0,
        )
        return self.policy(understood, memory, regions), memory

    def policy(self, understood: Understanding, memory: Memory, regions: Sequence[str]) -> Reply:
        ask = Ask(
            text=memory.question,
            topics=memory.topics,
            aspects=memory.aspects,
            facts=memory.facts,
        )
        places = list(regions) or ([memory.region] if memory.region else [])
        reply = policy.answer(ask, places, self.day, self.desk)
        return replace(reply, intent=ask.topic, confidence=understood.confidence)

    def follow_up(
        self, understood: Understanding, memory: Memory, regions: Sequence[str]
    ) -> tuple[Reply, Memory]:
        """那长治呢 · 多少钱 · 我妈呢: the last question again with what is new in it."""
        memory = replace(memory, aspects=understood.aspects or memory.aspects, misses=0)
        return self.policy(understood, memory, regions), memory

    def talk(self, understood: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        intent = understood.intent
        if intent == "restart":
            memory = Memory()
        names = listed(
            [
                self.conversation.words.regions[code].label
                for code in dict.fromkeys(d.region for d in self.conversation.library.documents())
            ]
        )
        if has(f"near.{intent}"):
            reply = _talk(Status.OUT_OF_SCOPE, say(f"near.{intent}"))
        else:
            status = _STATUS_OF_TALK.get(intent, Status.ANSWERED)
            reply = _talk(status, say(f"talk.{intent}", names=names))
        return replace(reply, intent=intent, confidence=understood.confidence), memory

    def clarify(self, understood: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        """您是想问……吗, with the two or three likeliest subjects."""
        topics = [
            score.intent
            for score in understood.ranking
            if score.intent in self.conversation.words.topics
        ][:3]
        options = tuple(
            Option(self.conversation.words.topics[topic].label, self.conversation.words.topics[topic].label)
            for topic in topics
        )
        reply = Reply(
            Status.CLARIFY,
            (Block("question", (Statement(say("clarify.ask")),)),),
            options=options,
            intent=understood.intent,
            confidence=understood.confidence,
        )
        return reply, replace(memory, misses=memory.misses + 1)

    def not_understood(self, understood: Understanding, memory: Memory) -> tuple[Reply, Memory]:
        memory = replace(memory, misses=memory.misses + 1)
        composer = Composer(
            self.conversation.words, self.conversation.library, self.day, self.desk.today
        )
        composer.talk(say("talk.not_understood"))
        reply = composer.reply(
            Status.CLARIFY, intent=understood.intent, confidence=understood.confidence
        )
        return reply, memory


def _topics(
    understood: Understanding, words: Vocabulary, *, share: bool = True
) -> dict[str, float]:
    """The topics the question may be about: the best, and those that come near it.

    Values are shares of the best one's confidence, or with `share` off the confidences themselves.
    """
    best = understood.confidence
    near = [
        score
        for score in understood.ranking
        if score.intent in words.topics and score.confidence >= best * _NEAR
    ][:_MOST_TOPICS]
    return {score.intent: score.confidence / (best if share else 1.0) for score in near}


def _is_follow_up(understood: Understanding) -> bool:
    """Whether the message only changes one thing about the last question."""
    if not understood.entities and not understood.aspects:
        return False
    rest = without_cues(understood.text)
    for entity in understood.entities:
        rest = rest.replace(entity.text, "")
    return sum(char not in _FILLER for char in rest) <= 1


def _talk(status: Status, text: str) -> Reply:
    return Reply(status, (Block("talk", (Statement(text),)),))


def _joined(replies: Sequence[Reply]) -> Reply:
    """Several questions' answers as one reply, in order."""
    first = replies[0]
    if len(replies) == 1:
        return first
    order = list(Status)
    return replace(
        first,
        status=max((reply.status for reply in replies), key=order.index),
        blocks=tuple(block for reply in replies for block in reply.blocks),
        citations=tuple(dict.fromkeys(c for reply in replies for c in reply.citations)),
        options=tuple(dict.fromkeys(o for reply in replies for o in reply.options)),
        missing=tuple(dict.fromkeys(m for reply in replies for m in reply.missing)),
        confidence=min(reply.confidence for reply in replies),
    )
