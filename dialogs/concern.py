"""Whom a provision concerns: the one who asks, or people that she has not said to be one of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from dialogs.asking import Ask
from dialogs.reading import says
from knowledge.library import Entry
from knowledge.rules import Groups
from knowledge.vocabulary import Group, Vocabulary
from nlu.understanding import Aspect

# Groups whose own plans answer them, whatever the topic asked.
_TOPIC_OF_GROUP = {
    "veteran": "veterans",
    "disabled": "disabled",
    "rural_labourer": "rural",
    "unenrolled_graduate": "unenrolled_graduates",
    "hardship": "hardship_groups",
    "out_of_poverty": "hardship_groups",
}
# What is given to some groups beside what there is for everybody, asked in this way.
GIVEN_BY_GROUP = frozenset(
    ("training_subsidy", "training_eligibility", "certificate_subsidy", "living_subsidy")
)
_WHAT_THERE_IS = frozenset[Aspect](("benefit", "condition", "everyone"))
GROUP_TOPICS = frozenset(_TOPIC_OF_GROUP.values())


def programmes_meant(ask: Ask, words: Vocabulary) -> dict[str, float]:
    """The topics that may be a programme's, as far as the question is about them: what it may be
    about, what the person's groups have of their own, and what it names in so many words."""
    meant = dict(ask.topics)
    for group in ask.groups:
        for wider in words.groups_above(group):
            if wider in _TOPIC_OF_GROUP:
                meant[_TOPIC_OF_GROUP[wider]] = 1.0
    return meant | dict.fromkeys(topics_named(ask.text, words), 1.0)


@lru_cache(64)  # asked at each step of an answer
def topics_named(text: str, words: Vocabulary) -> tuple[str, ...]:
    """The topics that a text names."""
    topics = words.topics.values()
    return tuple(topic.id for topic in topics if any(name in text for name in topic.called))


def may_concern(limited_to: Sequence[str], ask: Ask, words: Vocabulary) -> bool:
    """Whether a provision for these groups may be the person's: she belongs to one of them, or to
    a wider one (盲人 when 残疾人 was said); none given is everybody."""
    if not limited_to or not belongs(ask.groups, words).isdisjoint(limited_to):
        return True
    return any(words.groups_above(group) & ask.groups for group in limited_to)


@lru_cache(64)  # asked once a provision
def belongs(groups: frozenset[str], words: Vocabulary) -> frozenset[str]:
    """The groups, and all wider ones."""
    return frozenset().union(*(words.groups_above(group) for group in groups))


def for_others(entry: Entry, ask: Ask, meant: Mapping[str, float]) -> bool:
    """Whether a provision is for people the one who asks has not said to be one of: a plan's that
    is not `meant`, or one for firms and schools where somebody wants to learn."""
    plan = entry.document.programme
    if plan is not None:
        return plan not in meant
    learner = ask.role in (None, "worker") and ask.learns
    return learner and not {"worker", "public"} & set(entry.provision.audience)


def asks_what_there_is(ask: Ask) -> bool:
    """Whether a person asks what there is of that of which groups have something of their own, and
    has not said whether she is of one."""
    if ask.topic not in GIVEN_BY_GROUP or ask.groups or ask.role not in (None, "worker"):
        return False
    return not (ask.aspects - _WHAT_THERE_IS or ask.feared) and says("what_is_given", ask.text)


def groups_beside(entries: Sequence[Entry], ask: Ask, words: Vocabulary) -> list[Group]:
    """The groups, not ruled out, for which `entries` give something on the subject asked about."""
    told = ask.facts.get("groups")
    excluded = told.excluded if isinstance(told, Groups) else frozenset()
    found = {
        group: None
        for entry in entries
        for group in entry.provision.groups
        if group in _TOPIC_OF_GROUP.keys() - excluded
        and ask.topic in entry.provision.topics
        and "worker" in entry.provision.audience
    }
    return [words.groups[group] for group in found]
