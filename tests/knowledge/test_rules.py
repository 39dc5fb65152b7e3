"""The three-valued rules against an evaluator that knows only yes and no.

The brute-force evaluator walks every world: every way in which the facts nobody told, and the
conditions the document names without defining, could turn out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.loader import LoadedDocument
from knowledge.rules import (
    Facts,
    FactValue,
    Groups,
    Truth,
    deciding_question,
    determine,
)
from knowledge.schema import Condition, Provision
from knowledge.vocabulary import Vocabulary, vocabulary

Node = dict[str, Any]
World = Mapping[str, Any]  # groups as a frozenset; undefined conditions under their words

# Thresholds are 16, 18 and 60, so one number from each stretch between them stands for all.
VALUES: dict[str, Sequence[Any]] = {
    "employment": ("employed", "flexible", "unemployed"),
    "occupation": ("housekeeper", "maternity_care", "massage"),
    "certificate": (True, False),
    "willing": (True, False),
    "age": (10, 16, 17.5, 18, 40, 60, 71),
    # Whoever is blind is disabled, and a self-employed veteran is a veteran.
    "groups": tuple(
        frozenset(one) | frozenset(other)
        for one in ((), ("disabled",), ("disabled", "blind"))
        for other in ((), ("veteran",), ("veteran", "self_employed_veteran"))
    ),
    "符合条件的": (True, False),
    "有条件的": (True, False),
}
UNDEFINED = ("符合条件的", "有条件的")


def some_of(fact: str) -> st.SearchStrategy[list[Any]]:
    values = VALUES[fact]
    return st.lists(st.sampled_from(values), min_size=1, max_size=len(values) - 1, unique=True)


LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.sampled_from(["employment", "occupation"]).flatmap(
        lambda fact: st.one_of(
            st.sampled_from(VALUES[fact]).map(lambda value: {"fact": fact, "is": value}),
            some_of(fact).map(lambda values: {"fact": fact, "in": values}),
        )
    ),
    st.builds(
        lambda fact, value: {"fact": fact, "is": value},
        st.sampled_from(["certificate", "willing"]),
        st.booleans(),
    ),
    st.builds(
        lambda comparison, bound: {"fact": "age", comparison: bound},
        st.sampled_from(["at_least", "at_most"]),
        st.sampled_from([16, 18, 60]),
    ),
    st.sampled_from(["disabled", "blind", "veteran", "self_employed_veteran"]).map(
        lambda group: {"fact": "groups", "includes": group}
    ),
    st.sampled_from(UNDEFINED).map(lambda words: {"unspecified": words}),
)
TREES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.builds(
            lambda kind, nodes: {kind: nodes},
            st.sampled_from(["all", "any"]),
            st.lists(below, min_size=1, max_size=4),
        ),
        below.map(lambda node: {"not": node}),
    ),
    max_leaves=7,
)


@st.composite
def known_facts(draw: st.DrawFn) -> dict[str, FactValue]:
    """Some facts of one world; of the groups only some memberships and some exclusions."""
    facts: dict[str, FactValue] = {}
    for fact in VALUES:
        if fact not in UNDEFINED and draw(st.booleans()):
            value = draw(st.sampled_from(VALUES[fact]))
            facts[fact] = some_groups(draw, value) if fact == "groups" else value
    return facts


def some_groups(draw: st.DrawFn, truly: frozenset[str]) -> Groups:
    every = frozenset().union(*VALUES["groups"])
    return Groups(
        members=frozenset(g for g in sorted(truly) if draw(st.booleans())),
        excluded=frozenset(g for g in sorted(every - truly) if draw(st.booleans())),
    )


def leaves(node: Node) -> Iterator[Node]:
    children = node.get("all") or node.get("any") or ([node["not"]] if "not" in node else None)
    if children is None:
        yield node
    else:
        for child in children:
            yield from leaves(child)


def names(node: Node) -> list[str]:
    """The facts, and the undefined conditions, of the tree's leaves."""
    return [leaf.get("fact") or leaf["unspecified"] for leaf in leaves(node)]


READ_ONCE = TREES.filter(lambda tree: len(set(names(tree))) == len(names(tree)))


def possible(name: str, facts: Facts) -> Sequence[Any]:
    """The values `name` may have, given what is known."""
    if name not in facts:
        return VALUES[name]
    known = facts[name]
    if isinstance(known, Groups):
        return [g for g in VALUES[name] if known.members <= g and not known.excluded & g]
    return [known]


def worlds(node: Node, facts: Facts) -> Iterator[World]:
    wanted = sorted(set(names(node)))
    for values in itertools.product(*(possible(name, facts) for name in wanted)):
        yield dict(zip(wanted, values, strict=True))


def holds(node: Node, world: World) -> bool:
    """Plain logic: every leaf is true or false."""
    if "all" in node:
        return all(holds(child, world) for child in node["all"])
    if "any" in node:
        return any(holds(child, world) for child in node["any"])
    if "not" in node:
        return not holds(node["not"], world)
    if "unspecified" in node:
        return bool(world[node["unspecified"]])
    value = world[node["fact"]]
    if "includes" in node:
        return node["includes"] in value
    if "in" in node:
        return value in node["in"]
    if "is" in node:
        return bool(value == node["is"])
    if "at_least" in node:
        return bool(value >= node["at_least"])
    return bool(value <= node["at_most"])


def provision(tree: Node | None) -> Provision:
    return Provision(
        id="good/1#x",
        clause="good/1",
        quote="可参加培训",
        kind="condition",
        topics=["training_eligibility"],
        audience=["worker"],
        strength="可",
        says="可参加培训。",
        when=None if tree is None else Condition.model_validate(tree),
    )


WORDS = vocabulary()


def outcome(tree: Node, facts: Facts) -> Truth:
    return determine(provision(tree), facts, WORDS).outcome


@settings(max_examples=400)
@given(TREES, known_facts())
def test_decided_means_decided_in_every_world(tree: Node, facts: Facts) -> None:
    results = {holds(tree, world) for world in worlds(tree, facts)}
    decided = outcome(tree, facts)
    if decided is Truth.MET:
        assert results == {True}
    if decided is Truth.NOT_MET:
        assert results == {False}


@settings(max_examples=300)
@given(READ_ONCE, known_facts())
def test_unknown_means_both_are_possible_where_no_fact_is_used_twice(
    tree: Node, facts: Facts
) -> None:
    if outcome(tree, facts) is Truth.UNKNOWN:
        assert {holds(tree, world) for world in worlds(tree, facts)} == {True, False}


@settings(max_examples=300)
@given(READ_ONCE, known_facts())
def test_nothing_is_asked_that_cannot_matter(tree: Node, facts: Facts) -> None:
    for name in determine(provision(tree), facts, WORDS).missing:
        results: dict[tuple[Any, ...], set[bool]] = {}
        for world in worlds(tree, facts):
            others = tuple(value for other, value in world.items() if other != name)
            results.setdefault(others, set()).add(holds(tree, world))
        assert {True, False} in results.values(), name


@settings(max_examples=300)
@given(TREES, known_facts(), known_facts())
def test_a_fact_that_is_not_missing_changes_nothing(
    tree: Node, facts: Facts, others: Facts
) -> None:
    before = determine(provision(tree), facts, WORDS)
    # One by one in every way, and a random handful together.
    for name in set(names(tree)) - set(UNDEFINED) - set(facts) - set(before.missing):
        for value in VALUES[name]:
            told = Groups(value, frozenset()) if name == "groups" else value
            assert outcome(tree, {**facts, name: told}) is before.outcome
    told_together = {k: v for k, v in others.items() if k not in facts and k not in before.missing}
    assert outcome(tree, {**told_together, **facts}) is before.outcome


@settings(max_examples=300)
@given(TREES, known_facts(), known_facts())
def test_a_decision_is_never_taken_back(tree: Node, facts: Facts, others: Facts) -> None:
    before = outcome(tree, facts)
    if before is not Truth.UNKNOWN:
        assert outcome(tree, {**others, **facts}) is before


@settings(max_examples=300)
@given(TREES, known_facts())
def test_what_is_missing_is_what_could_still_decide(tree: Node, facts: Facts) -> None:
    found = determine(provision(tree), facts, WORDS)
    if found.outcome is Truth.UNKNOWN:
        assert found.missing or found.unspecified
    else:
        assert (found.missing, found.unspecified) == ((), ())
    assert set(found.missing) <= set(names(tree)) - set(UNDEFINED)
    assert len(set(found.missing)) == len(found.missing)
    assert (deciding_question([found]) is None) == (not found.missing)
    assert deciding_question([found], found.missing) is None


@settings(max_examples=200)
@given(TREES, known_facts())
def test_every_leaf_has_its_step(tree: Node, facts: Facts) -> None:
    steps = determine(provision(tree), facts, WORDS).steps
    assert [step.fact or step.condition.unspecified for step in steps] == names(tree)
    assert all((step.clause, step.quote) == ("good/1", "可参加培训") for step in steps)


@settings(max_examples=200)
@given(st.lists(TREES, max_size=3), known_facts())
def test_what_is_not_defined_is_never_met(others: list[Node], facts: Facts) -> None:
    undefined = {"unspecified": "符合条件的"}
    both = {"all": [undefined, *others]}
    assert outcome(both, facts) is not Truth.MET
    assert outcome({"any": [undefined, *others]}, facts) is not Truth.NOT_MET
    found = determine(provision(both), facts, WORDS)
    if found.outcome is Truth.UNKNOWN:
        assert "符合条件的" in found.unspecified


def test_another_branch_may_decide_what_is_not_defined() -> None:
    tree = {"any": [{"unspecified": "符合条件的"}, {"fact": "certificate", "is": True}]}
    assert outcome(tree, {}) is Truth.UNKNOWN
    assert outcome(tree, {"certificate": False}) is Truth.UNKNOWN
    assert outcome(tree, {"certificate": True}) is Truth.MET


@pytest.mark.parametrize(
    ("known", "group", "truth"),
    [
        (Groups(frozenset({"blind"})), "disabled", Truth.MET),
        (Groups(frozenset({"disabled"})), "blind", Truth.UNKNOWN),
        (Groups(frozenset(), frozenset({"disabled"})), "blind", Truth.NOT_MET),
        (Groups(frozenset(), frozenset({"blind"})), "disabled", Truth.UNKNOWN),
        (Groups(frozenset({"veteran"})), "disabled", Truth.UNKNOWN),
        (Groups(), "veteran", Truth.UNKNOWN),
        ("veteran", "veteran", Truth.UNKNOWN),
    ],
)
def test_groups_widen_and_are_never_guessed(known: FactValue, group: str, truth: Truth) -> None:
    assert outcome({"fact": "groups", "includes": group}, {"groups": known}) is truth


@pytest.mark.parametrize(
    ("leaf", "value"),
    [
        ({"fact": "certificate", "is": True}, 1),
        ({"fact": "certificate", "is": True}, "yes"),
        ({"fact": "age", "at_least": 18}, True),
        ({"fact": "age", "at_least": 18}, "十八"),
        ({"fact": "employment", "in": ["employed"]}, Groups()),
        ({"fact": "employment", "is": "employed"}, False),
        ({"fact": "groups", "includes": "veteran"}, True),
    ],
)
def test_a_value_of_another_type_decides_nothing(leaf: Node, value: FactValue) -> None:
    assert outcome(leaf, {str(leaf["fact"]): value}) is Truth.UNKNOWN


def test_a_boundary_belongs_to_both_sides() -> None:
    for age, young, old in ((17, True, False), (18, True, True), (19, False, True)):
        assert (outcome({"fact": "age", "at_most": 18}, {"age": age}) is Truth.MET) == young
        assert (outcome({"fact": "age", "at_least": 18}, {"age": age}) is Truth.MET) == old


def test_without_conditions_it_is_met() -> None:
    found = determine(provision(None), {}, WORDS)
    assert found.outcome is Truth.MET
    assert (found.steps, found.missing, found.unspecified) == ((), (), ())
    assert deciding_question([found]) is None


def test_below_a_not_the_leaf_is_not_wanted() -> None:
    tree = {"all": [{"fact": "willing", "is": True}, {"not": {"fact": "certificate", "is": True}}]}
    assert [s.wanted for s in determine(provision(tree), {}, WORDS).steps] == [True, False]


def test_the_question_asked_touches_most() -> None:
    age = {"fact": "age", "at_least": 18}
    tree = {
        "any": [{"all": [age, {"fact": "willing", "is": True}]}, {"fact": "age", "at_most": 60}]
    }
    waiting = [determine(provision(t), {}, WORDS) for t in (tree, age, {"unspecified": "有条件的"})]
    assert deciding_question(waiting) == "age"
    assert deciding_question(waiting, ["age"]) == "willing"
    assert deciding_question(waiting[2:]) is None
    assert deciding_question([]) is None


def test_a_condition_keeps_its_own_clause_and_quote() -> None:
    tree = {"fact": "age", "at_least": 18, "clause": "good/2", "quote": "年满18岁"}
    (step,) = determine(provision(tree), {}, WORDS).steps
    assert (step.clause, step.quote) == ("good/2", "年满18岁")


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"groups": Groups(frozenset({"disabled", "veteran"})), "age": 40, "willing": True},
        {"occupation": "maternity_care", "employer_type": "agency", "certificate": False},
    ],
)
def test_every_step_of_the_library_is_cited_verbatim(
    facts: Facts, documents: Sequence[LoadedDocument], words: Vocabulary
) -> None:
    steps = 0
    for doc in documents:
        for one in doc.document.provisions:
            for step in determine(one, facts, words).steps:
                assert step.quote in doc.clauses[step.clause].text, one.id
                steps += 1
    assert steps > 50
