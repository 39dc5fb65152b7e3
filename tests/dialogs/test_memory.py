"""What a conversation remembers, of whom, and for how long."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from dialogs.memory import (
    FORGET_AFTER,
    MYSELF,
    QUESTION_STANDS,
    Interview,
    Memory,
    Pending,
    Subject,
)
from dialogs.reply import Option
from knowledge.rules import Groups
from tests.conversing import NOW

VETERAN = Groups(frozenset(("veteran",)))


def _subject(intent: str) -> Subject:
    return Subject(intent, {intent: 1.0}, "问", frozenset())


def test_what_was_told_is_kept_for_a_day_with_how_it_was_told() -> None:
    memory = Memory().learn({"age": 40}, NOW, "said")
    assert memory.told["age"].how == "said"
    assert memory.fresh(NOW + FORGET_AFTER - dt.timedelta(seconds=1)).facts == {"age": 40}
    assert memory.fresh(NOW + FORGET_AFTER).facts == {}


def test_facts_grow_old_one_by_one() -> None:
    memory = Memory().learn({"age": 40}, NOW, "said")
    memory = memory.learn({"region": "140400"}, NOW + dt.timedelta(hours=23), "said")
    assert memory.fresh(NOW + dt.timedelta(hours=25)).facts == {"region": "140400"}


def test_a_question_stands_half_an_hour() -> None:
    asked = Memory(
        pending=Pending("age", NOW), interview=Interview(()), options=(Option("1", "1"),)
    )
    assert asked.fresh(NOW + QUESTION_STANDS) == asked
    late = asked.fresh(NOW + QUESTION_STANDS + dt.timedelta(seconds=1))
    assert (late.pending, late.interview, late.options) == (None, None, ())


def test_groups_are_added_to_and_taken_back() -> None:
    memory = Memory().learn({"groups": VETERAN}, NOW, "said")
    memory = memory.learn({"groups": Groups(frozenset(("disabled",)))}, NOW, "said")
    memory = memory.learn({"groups": Groups(excluded=frozenset(("veteran",)))}, NOW, "said")
    assert memory.facts["groups"] == Groups(frozenset(("disabled",)), frozenset(("veteran",)))
    memory = memory.learn({"groups": VETERAN}, NOW, "said")
    assert memory.facts["groups"] == Groups(frozenset(("disabled", "veteran")))


def test_another_person_has_facts_of_her_own_but_lives_here_too() -> None:
    mine = Memory().learn({"region": "140400", "age": 40}, NOW, "said")
    hers = mine.about("我妈")
    assert hers.facts == {"region": "140400"}
    hers = hers.learn({"age": 66, "region": "440100"}, NOW, "said")
    back = hers.about(MYSELF)
    assert back.facts == {"region": "140400", "age": 40}
    assert back.about("我妈").facts == {"region": "440100", "age": 66}


def test_earlier_subjects_are_kept_latest_first() -> None:
    memory = Memory()
    for intent in ("permit", "refresher", "refresher", "disabled", "veterans", "rural"):
        memory = memory.asks(_subject(intent))
    assert memory.subject == _subject("rural")
    assert [one.intent for one in memory.earlier] == ["veterans", "disabled", "refresher"]


def test_a_memory_never_changes() -> None:
    memory = Memory()
    memory.learn({"age": 40}, NOW, "said")
    assert memory == Memory()


def test_a_question_can_be_put_once_more() -> None:
    once = Interview(("permit",), ("age", "groups")).again("age")
    assert once == Interview(("permit",), ("groups",), repeated=("age",))
    asked = replace(once, asked=("groups", "age"))
    assert asked.again("age") == asked
