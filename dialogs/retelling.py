"""The last answer once more: in full (详细点, 原文), one part of it (第二个说清楚点), or short."""

from __future__ import annotations

from dataclasses import replace

from dialogs.memory import Memory, Shown
from dialogs.reading import ordinal_in, says
from dialogs.replies import Replies
from dialogs.reply import Block, Reply, Statement, Status
from dialogs.standings import standing_sentence
from dialogs.text import clause_name
from dialogs.wording import say
from nlu.understanding import Understanding

_BRIEF = frozenset(("talk", "conclusion", "question", "standing"))


def told_again(one: Understanding, memory: Memory, replies: Replies) -> tuple[Reply, Memory] | None:
    """The turn of somebody who wants the last answer in another length; None for anything else."""
    if not memory.shown or memory.subject is None:
        return None
    if says("briefly", one.text):
        # The wish for fewer words is no part of the question.
        reply, memory = replies.same(memory, replace(one, text=memory.subject.question))
        kept = tuple(block for block in reply.blocks if block.kind in _BRIEF)
        return replace(reply, blocks=kept), memory
    if not says("in_full", one.text):
        return None
    number = ordinal_in(one.text) or 1
    if not 1 <= number <= len(memory.shown):
        reply = Reply(Status.CLARIFY, (Block("talk", (Statement(say("no_more_parts")),)),))
        return replace(reply, options=memory.options), memory
    return _in_full(memory.shown[number - 1], memory, replies), memory


def _in_full(shown: Shown, memory: Memory, replies: Replies) -> Reply:
    """The whole clause in its own words, and what its document is worth."""
    found = replies.desk.library.clause(shown.clause)
    if found is None:
        return Reply(Status.CLARIFY, (Block("talk", (Statement(say("no_more_parts")),)),))
    clause, document = found
    composer = replies.composer()
    cited = composer.cite(document, clause.id, clause.text, clause.heading)
    text = say("in_full", name=document.name, clause=clause_name(clause.id), quote=clause.text)
    composer.add("quotation", Statement(text, cited))
    worth = standing_sentence([document], composer.as_of)
    composer.add("standing", Statement(worth, cited), heading=say("standing.heading"))
    intent = memory.subject.intent if memory.subject else ""
    return composer.reply(Status.ANSWERED, intent=intent)
