"""Conditions in three values: met, not met, unknown.

Kleene's strong logic, every branch evaluated: an unknown fact never becomes a no, nor a yes, and
the list of missing facts is complete. "Met" therefore holds however the unknown facts turn out, and
so does "not met" (tests/knowledge/test_rules.py checks both against every way of filling them in).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from knowledge.schema import Condition, Provision
from knowledge.vocabulary import Vocabulary


@dataclass(frozen=True)
class Groups:
    """The groups someone is known to belong to, and those known not to. The rest is unknown."""

    members: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


FactValue = str | bool | int | float | Groups
Facts = Mapping[str, FactValue]


class Truth(StrEnum):
    """Three values: what is not known is neither met nor unmet."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Step:
    """One condition as it was decided: the leaf, its truth, the fact it needs, where it stands.

    `fact` is None for a condition the document names without defining; no answer can settle it.
    `wanted` says whether the person does best with the leaf met (False below a `not`).
    """

    condition: Condition
    truth: Truth
    fact: str | None
    clause: str
    quote: str
    wanted: bool


@dataclass(frozen=True)
class Determination:
    """The outcome for one provision, with a step for each condition."""

    provision: Provision
    outcome: Truth
    steps: tuple[Step, ...]
    missing: tuple[str, ...]  # facts that could still change the outcome
    unspecified: tuple[str, ...]  # conditions the document names without defining


def determine(provision: Provision, facts: Facts, words: Vocabulary) -> Determination:
    """Evaluate the provision's condition tree over `facts`. No tree: met, with no steps."""
    if provision.when is None:
        return Determination(provision, Truth.MET, (), (), ())
    evaluation = _Evaluation(provision, facts, words)
    outcome = evaluation.value(provision.when, wanted=True)
    missing: tuple[str, ...] = ()
    unspecified: tuple[str, ...] = ()
    if outcome is Truth.UNKNOWN:
        leaves = list(evaluation.open_leaves(provision.when))
        missing = tuple(dict.fromkeys(leaf.fact for leaf in leaves if leaf.fact))
        unspecified = tuple(dict.fromkeys(leaf.unspecified for leaf in leaves if leaf.unspecified))
    return Determination(provision, outcome, tuple(evaluation.steps), missing, unspecified)


def deciding_question(
    determinations: Iterable[Determination], asked: Collection[str] = ()
) -> str | None:
    """The fact to ask for next: the first that the most undecided determinations wait for.

    What was `asked` is not asked again. None when nothing is left to ask.
    """
    counts = Counter(fact for d in determinations for fact in d.missing if fact not in asked)
    return max(counts, key=lambda fact: counts[fact], default=None)


class _Evaluation:
    def __init__(self, provision: Provision, facts: Facts, words: Vocabulary) -> None:
        self.provision = provision
        self.facts = facts
        self.words = words
        self.steps: list[Step] = []

    def value(self, node: Condition, *, wanted: bool) -> Truth:
        """The node's truth; records a step for every leaf below it, decided or not."""
        if node.all_ is not None:
            return _all([self.value(child, wanted=wanted) for child in node.all_])
        if node.any_ is not None:
            return _any([self.value(child, wanted=wanted) for child in node.any_])
        if node.not_ is not None:
            return _not(self.value(node.not_, wanted=not wanted))
        truth = self.leaf(node)
        self.steps.append(
            Step(
                condition=node,
                truth=truth,
                fact=node.fact,
                clause=node.clause or self.provision.clause,
                quote=node.quote or self.provision.quote,
                wanted=wanted,
            )
        )
        return truth

    def open_leaves(self, node: Condition) -> Iterable[Condition]:
        """Undecided leaves in undecided branches: only they can still change the outcome."""
        if self.silent(node) is not Truth.UNKNOWN:
            return
        children = node.all_ or node.any_ or ([node.not_] if node.not_ else None)
        if children is None:
            yield node
            return
        for child in children:
            yield from self.open_leaves(child)

    def silent(self, node: Condition) -> Truth:
        """The node's truth without recording steps."""
        if node.all_ is not None:
            return _all([self.silent(child) for child in node.all_])
        if node.any_ is not None:
            return _any([self.silent(child) for child in node.any_])
        if node.not_ is not None:
            return _not(self.silent(node.not_))
        return self.leaf(node)

    def leaf(self, node: Condition) -> Truth:
        if node.fact is None or node.fact not in self.facts:
            return Truth.UNKNOWN
        value = self.facts[node.fact]
        if node.includes is not None:
            return self.includes(value, node.includes)
        # A value of another type than the condition asks for decides nothing.
        if node.is_ is not None:
            return _truth(value == node.is_) if type(value) is type(node.is_) else Truth.UNKNOWN
        if node.in_ is not None:
            return _truth(value in node.in_) if isinstance(value, str) else Truth.UNKNOWN
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Truth.UNKNOWN
        if node.at_least is not None:
            return _truth(value >= node.at_least)
        return _truth(node.at_most is not None and value <= node.at_most)

    def includes(self, value: FactValue, group: str) -> Truth:
        if not isinstance(value, Groups):
            return Truth.UNKNOWN
        if any(group in self.words.groups_above(member) for member in value.members):
            return Truth.MET
        # Who is not disabled is not blind either.
        return _truth(False) if self.words.groups_above(group) & value.excluded else Truth.UNKNOWN


def _truth(holds: bool) -> Truth:
    return Truth.MET if holds else Truth.NOT_MET


def _all(values: list[Truth]) -> Truth:
    if Truth.NOT_MET in values:
        return Truth.NOT_MET
    return Truth.UNKNOWN if Truth.UNKNOWN in values else Truth.MET


def _any(values: list[Truth]) -> Truth:
    if Truth.MET in values:
        return Truth.MET
    return Truth.UNKNOWN if Truth.UNKNOWN in values else Truth.NOT_MET


def _not(value: Truth) -> Truth:
    return {Truth.MET: Truth.NOT_MET, Truth.NOT_MET: Truth.MET}.get(value, Truth.UNKNOWN)
