"""What may be said to a question of ours beside an answer: why it is asked, what it means, no more
questions, back to the one before, go on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from dialogs import interview
from dialogs.asking import Ask
from dialogs.memory import Memory
from dialogs.reading import says
from dialogs.replies import Replies
from dialogs.reply import Block, Reply, Statement, Status
from dialogs.talking import talk
from dialogs.wording import listed, say
from knowledge.vocabulary import Vocabulary
from nlu.understanding import Understanding


def steered(one: Understanding, memory: Memory, replies: Replies) -> tuple[Reply, Memory] | None:
    """The turn of a message that steers the question now pending; None for any other message."""
    if says("asks_why", one.text):
        return again(_why(one, memory, replies), memory, replies)
    if says("not_clear", one.text):
        return again(talk(Status.NEEDS_INFO, say("interview.unclear")), memory, replies)
    if memory.interview is None:
        return None
    if says("stops_asking", one.text) or one.text == say("interview.finish"):
        return _stopped(one, memory, replies)
    if says("goes_on", one.text):
        return again(Reply(Status.NEEDS_INFO, ()), memory, replies)
    if says("back", one.text):
        return _before(one, memory, replies)
    return None


def late(
    memory: Memory, fresh: Memory, now: dt.datetime, words: Vocabulary
) -> tuple[Reply, Memory]:
    """The turn of an answer that comes so late that it may be meant otherwise: the question is put
    once more. `fresh` is the memory without it."""
    pending = memory.pending
    assert pending is not None  # noqa: S101 - only called while one is pending
    pending = replace(pending, asked_at=now)
    kept = replace(fresh, pending=pending, interview=memory.interview, options=pending.options)
    reply = talk(Status.CLARIFY, say("late_answer"))
    blocks = (*reply.blocks, interview.put_again(kept, words))
    return replace(reply, blocks=blocks, options=pending.options, missing=(pending.fact,)), kept


def _why(one: Understanding, memory: Memory, replies: Replies) -> Reply:
    composer = replies.composer()
    ask = Ask(one.text, {"training_subsidy": 1.0}, frozenset(), memory.facts)
    found = interview.reason(memory, composer, ask, replies.desk)
    if found is not None:
        statement, names = found
        composer.add("conclusion", statement)
        composer.talk(say("interview.reason_hangs", names=listed(names)))
    elif memory.pending is not None and memory.pending.fact == "region":
        composer.talk(say("interview.reason_region"))
    else:
        composer.talk(say("interview.reason_else"))
    return composer.reply(Status.NEEDS_INFO, intent="what_can_i_get")


def again(reply: Reply, memory: Memory, replies: Replies) -> tuple[Reply, Memory]:
    """The reply with the pending question put once more below it."""
    pending = memory.pending
    assert pending is not None  # noqa: S101 - only called while one is pending
    memory = replace(memory, pending=replace(pending, asked_at=replies.now))
    block = interview.put_again(memory, replies.desk.words)
    missing = (*reply.missing, pending.fact)
    again = replace(reply, blocks=(*reply.blocks, block), options=pending.options, missing=missing)
    return again, memory


def _stopped(one: Understanding, memory: Memory, replies: Replies) -> tuple[Reply, Memory] | None:
    """No more questions: what is known decides. Without a place nothing can be decided."""
    if one.intent in replies.desk.words.topics and one.aspects:
        return replies.question(one, replace(memory, pending=None, interview=None))
    if memory.region is None:
        block = Block("talk", (Statement(say("interview.reason_region")),))
        return again(Reply(Status.NEEDS_INFO, (block,)), memory, replies)
    return replies.interview(interview.finished(memory, replies.desk), one)


def _before(one: Understanding, memory: Memory, replies: Replies) -> tuple[Reply, Memory]:
    """The question before this one, its answer forgotten; the first is put again."""
    asked = memory.interview.asked if memory.interview else ()
    if len(asked) < 2:
        return again(Reply(Status.NEEDS_INFO, ()), memory, replies)
    memory = memory.forgets(asked[-2:])
    kept = replace(memory.interview, asked=asked[:-2]) if memory.interview else None
    return replies.interview(replace(memory, pending=None, interview=kept), one)
