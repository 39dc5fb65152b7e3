"""What goes on about the last answer in a few words, and is no question of its own."""

from __future__ import annotations

from dataclasses import replace

from dialogs.aside import aside
from dialogs.asking import Ask
from dialogs.concern import GROUP_TOPICS, programmes_meant
from dialogs.follow_up import asks, rest_of
from dialogs.memory import Memory, Subject
from dialogs.reading import how_many, says
from dialogs.replies import Replies
from dialogs.reply import Reply
from knowledge.rules import Groups
from knowledge.vocabulary import Vocabulary
from nlu.understanding import Understanding

# Surer than this, all there is at all is asked for.
_WISHED = 0.8
# Surer than this, a few words are about a subject of their own.
_OWN = 0.5
# So short is a question that means nothing without the one before.
_SHORT = 6


def gone_on(
    one: Understanding, memory: Memory, replies: Replies, *, anything: bool
) -> tuple[Reply, Memory] | None:
    """The turn of a few words that go on about the last answer; None for anything else. `anything`:
    it may be asked what there is at all."""
    wished = anything and one.confidence >= _WISHED and not how_many(one.text)
    if not (wished or says("anything", one.text) or says("correction", one.text)):
        found = aside(one, memory, replies.desk, replies.day)
        if found is not None:
            return replies.beside(found, one, memory)
    if (subject := _of_other_people(one, memory, replies.desk.words)) is not None:
        memory = replace(memory, subject=subject)
        reply, memory = replies.same(memory, replace(one, text=subject.question))
        return replies.corrected(reply, one), memory
    return replies.follow_up(one, memory) if _tells_no_subject(one, memory) else None


def _tells_no_subject(one: Understanding, memory: Memory) -> bool:
    """Whether a few words ask on, and tell no other subject: 给谁, 多少份, 谁负责认定."""
    if memory.subject is None or not memory.shown or not asks(one) or one.values("region"):
        return False
    if len(one.text) > _SHORT or one.entities or says("and_that", one.text):
        return False
    whose = one.intent == "organisation" and one.aspects == {"office"}
    nothing = len(rest_of(one)) <= 1 and one.confidence < _WISHED
    return whose or nothing or one.confidence < _OWN


def _of_other_people(one: Understanding, memory: Memory, words: Vocabulary) -> Subject | None:
    """The question before, asked of the plan for the people that she is of after all: 我不是退伍
    的，我是残疾人."""
    subject, groups = memory.subject, one.facts.get("groups")
    if subject is None or not isinstance(groups, Groups) or not groups.members:
        return None
    label = words.groups[min(groups.members)].label
    question = subject.question
    names = {name for group in words.groups.values() for name in (group.label, *group.called)}
    for name in sorted(names, key=len, reverse=True):
        question = question.replace(name, label if says("and_that", one.text) else "")
    if subject.intent not in GROUP_TOPICS:
        # 两后生的呢 behind a question of others: the same of these.
        named = question != subject.question and says("and_that", one.text)
        return replace(subject, question=question) if named else None
    meant = programmes_meant(Ask("", {}, frozenset(), {"groups": groups}), words)
    if not meant or subject.intent in meant:
        return None
    if subject.question.endswith("。"):  # a provision that was told stands for the question
        question = label + words.topics[min(meant)].label
    elif label not in question:
        question = label + question
    return replace(subject, intent=min(meant), topics=meant, question=question)
