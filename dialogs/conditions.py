"""Condition trees and determinations in words."""

from __future__ import annotations

from dialogs.wording import listed, say
from knowledge.rules import Determination, Step, Truth
from knowledge.schema import Condition
from knowledge.vocabulary import Vocabulary

_SHORT = 3


def describe(node: Condition, words: Vocabulary) -> str:
    """The tree as one sentence part: 在员工制家政企业上班、依法签了劳动合同."""
    if node.all_ is not None:
        return listed([describe(child, words) for child in node.all_])
    if node.any_ is not None:
        return say("conditions.any", items="；".join(describe(child, words) for child in node.any_))
    if node.not_ is not None:
        return say("conditions.not", item=describe(node.not_, words))
    if node.unspecified is not None:
        return say("conditions.unspecified", text=node.unspecified)
    return _fact(node, words)


def _fact(node: Condition, words: Vocabulary) -> str:
    fact = words.facts[node.fact or ""]
    if node.includes is not None:
        return say("conditions.group", label=words.groups[node.includes].label)
    values = node.in_ or ([node.is_] if isinstance(node.is_, str) else [])
    if fact.type == "occupation":
        labels = [words.occupations[value].label for value in values]
        return say("conditions.occupation", label=_some(labels))
    if values:
        return "或".join(fact.options[value].phrase for value in values)
    phrase = fact.phrase or fact.label
    if node.is_ is not None:
        return say("conditions.holds" if node.is_ else "conditions.lacks", phrase=phrase)
    bound = "at_least" if node.at_least is not None else "at_most"
    value = node.at_least if node.at_least is not None else node.at_most
    return say(f"conditions.{bound}", phrase=phrase, value=f"{value:g}", unit=fact.unit or "")


def _some(labels: list[str]) -> str:
    """A short list whole; of a long one the first few, and that there are more."""
    if len(labels) <= _SHORT:
        return "或".join(labels)
    return say("conditions.many", some=listed(labels[:_SHORT]))


def explain(determination: Determination, words: Vocabulary) -> list[tuple[str, tuple[str, ...]]]:
    """What is met, not met and open, as sentences with the clauses they rest on."""
    sentences = []
    for truth in (Truth.NOT_MET, Truth.MET, Truth.UNKNOWN):
        steps = [step for step in determination.steps if _as_wished(step) is truth]
        if steps:
            items = listed(list(dict.fromkeys(_item(step, words) for step in steps)))
            clauses = tuple(dict.fromkeys(step.clause for step in steps))
            sentences.append((say(f"conditions.{truth.value}", items=items), clauses))
    return sentences


def _as_wished(step: Step) -> Truth:
    """Whether the condition stands as the person needs it: below a `not`, met is bad."""
    if step.wanted or step.truth is Truth.UNKNOWN:
        return step.truth
    return Truth.NOT_MET if step.truth is Truth.MET else Truth.MET


def _item(step: Step, words: Vocabulary) -> str:
    text = describe(step.condition, words)
    return text if step.wanted else say("conditions.not", item=text)
