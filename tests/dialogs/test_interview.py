"""The interview's own rules; its course in people's words stands in tests/conversations."""

from __future__ import annotations

import pytest

from dialogs import interview
from dialogs.asking import Ask
from dialogs.benefits import benefits, topics_for
from dialogs.composer import Composer
from dialogs.desk import Desk
from dialogs.interview import MOST_QUESTIONS, options_for
from dialogs.memory import Interview, Memory
from dialogs.reply import Reply, Status
from knowledge.library import Library
from knowledge.rules import FactValue, Groups
from knowledge.vocabulary import Vocabulary
from tests.conversing import NOW

TODAY = NOW.date()


@pytest.fixture
def desk(library: Library, words: Vocabulary) -> Desk:
    return Desk(library, words, TODAY)


def _step(desk: Desk, facts: dict[str, FactValue], *asked: str) -> tuple[Reply, Memory]:
    role = facts.get("role")
    topics = topics_for(role if isinstance(role, str) else None)
    memory = Memory(interview=Interview(topics, asked)).learn(facts, NOW, "said")
    composer = Composer(desk.words, desk.library, TODAY, TODAY)
    return interview.step(Ask("", {"permit": 1.0}, frozenset(), facts), memory, composer, desk, NOW)


def _offered(desk: Desk, facts: dict[str, FactValue]) -> set[str]:
    role = facts.get("role")
    topics = topics_for(role if isinstance(role, str) else None)
    ask = Ask("", {"permit": 1.0}, frozenset(), facts)
    found = benefits(ask, topics, str(facts["region"]), TODAY, desk)
    return {benefit.entry.provision.id for benefit in found}


def test_the_place_is_asked_first(desk: Desk) -> None:
    reply, memory = _step(desk, {})
    assert reply.missing == ("region",)
    assert memory.pending is not None
    assert memory.pending.options == reply.options


@pytest.mark.parametrize("region", ["140400", "150203", "210000", "440100", "441200"])
@pytest.mark.parametrize("role", ["worker", "household", "enterprise", "institution", "school"])
def test_it_ends_within_five_questions_and_asks_nothing_twice(
    desk: Desk, region: str, role: str
) -> None:
    memory = Memory(interview=Interview(topics_for(role)))
    memory = memory.learn({"region": region, "role": role}, NOW, "said")
    asked: list[str] = []
    for _ in range(MOST_QUESTIONS + 1):
        ask = Ask("", {"permit": 1.0}, frozenset(), memory.facts)
        composer = Composer(desk.words, desk.library, TODAY, TODAY)
        reply, memory = interview.step(ask, memory, composer, desk, NOW)
        if memory.interview is None:
            break
        assert memory.pending is not None
        assert reply.status is Status.NEEDS_INFO
        assert [option.label for option in reply.options[-2:]] == ["不清楚", "直接看结果"]
        asked.append(memory.pending.fact)
    assert memory.interview is None
    assert len(asked) == len(set(asked)) <= MOST_QUESTIONS


def test_each_question_says_why(desk: Desk) -> None:
    reply, memory = _step(desk, {"region": "140400"})
    assert memory.pending is not None
    fact = desk.words.facts[memory.pending.fact]
    assert reply.blocks[-1].statements[0].text.startswith(f"{fact.question}（社保补贴")


def test_only_what_decides_is_asked(desk: Desk) -> None:
    """What is known already, and what no open condition needs, is not asked."""
    facts: dict[str, FactValue] = {"region": "140400", "employer_type": "independent"}
    _, memory = _step(desk, facts)
    assert memory.pending is None or memory.pending.fact not in ("employer_type", "labour_contract")


def test_a_plan_for_others_is_dropped_once_groups_are_told(desk: Desk) -> None:
    unknown = _offered(desk, {"region": "440100"})
    veteran = _offered(desk, {"region": "440100", "groups": Groups(frozenset(("veteran",)))})
    assert any(one.startswith("guangzhou/10/") for one in unknown)
    assert any(one.startswith("guangzhou/7/") for one in veteran)
    assert not any(one.startswith("guangzhou/10/") for one in veteran)


def test_a_list_the_document_leaves_open_stays_open(desk: Desk) -> None:
    """Seven groups get vouchers, three are named: being none of the three decides nothing."""
    excluded = frozenset(("unemployed", "hardship", "model_worker"))
    offered = _offered(
        desk, {"region": "150203", "role": "household", "groups": Groups(excluded=excluded)}
    )
    assert "kundulun/三/14#vouchers" in offered


def test_for_a_firm_groups_are_those_it_hires(desk: Desk) -> None:
    offered = _offered(desk, {"region": "150203", "role": "enterprise"})
    assert any("就业困难" in _says(desk, one) for one in offered)


def _says(desk: Desk, provision: str) -> str:
    found = desk.library.document(provision.partition("/")[0])
    assert found is not None
    return next(e.provision.says for e in found[1] if e.provision.id == provision)


def test_a_repealed_benefit_is_never_plainly_met(desk: Desk) -> None:
    reply, _ = _step(
        desk,
        {"region": "150203", "role": "enterprise", "employer_type": "employee_model"},
        *desk.words.facts,
    )
    headings = [block.heading or "" for block in reply.blocks if block.kind == "conditions"]
    assert headings
    assert all("已废止" in heading and "【符合】" not in heading for heading in headings)


def test_options_of_each_type_end_with_not_knowing(words: Vocabulary) -> None:
    for fact in words.facts.values():
        options = options_for(fact, fact.asked(None), (), words)
        assert [option.label for option in options[-2:]] == ["不清楚", "直接看结果"]
        if fact.type == "yes_no":
            assert [option.label for option in options[:-2]] == ["是", "不是"]
