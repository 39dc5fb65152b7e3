"""Condition trees and determinations in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dialogs.wording import listed, say
from knowledge.rules import Determination, Step, Truth
from knowledge.schema import Condition
from knowledge.vocabulary import Vocabulary

_SHORT = 3
_OPPOSITE = {Truth.MET: Truth.NOT_MET, Truth.NOT_MET: Truth.MET}


def describe(node: Condition, words: Vocabulary) -> str:
    """The tree as one sentence part: 在员工制家政企业上班、依法签了劳动合同."""
    if node.says is not None:
        return node.says
    if node.all_ is not None:
        named = [one.unspecified for one in node.all_ if one.unspecified and not one.says]
        # One of several ways last: it would not be seen where it ends.
        ordered = sorted(node.all_, key=lambda one: one.any_ is not None and one.says is None)
        defined = [describe(one, words) for one in ordered if one.says or not one.unspecified]
        return listed([*defined, _undefined(named)] if named else defined)
    if node.any_ is not None:
        return say("conditions.any", items="；".join(describe(child, words) for child in node.any_))
    if node.not_ is not None:
        return say("conditions.not", item=describe(node.not_, words))
    if node.unspecified is not None:
        return _undefined([node.unspecified])
    return _fact(node, words)


def _undefined(named: Sequence[str]) -> str:
    """Conditions that the document names without saying what they are."""
    return say("conditions.unspecified", text="".join(f"“{text}”" for text in named))


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
    """What is met, not met and open, as sentences with the clauses they rest on.

    What can no longer change the outcome is left out: of a benefit that is hers, what is open; of
    one that is not, what is open as well. Of one that is open, one of several ways that is not hers
    is no refusal.
    """
    sentences = []
    decides = determination.outcome is Truth.NOT_MET
    shown = [Truth.NOT_MET, Truth.MET] if decides else [Truth.MET]
    for truth in shown:
        steps = [step for step in determination.steps if _as_wished(step) is truth]
        if steps:
            items = listed(list(dict.fromkeys(_item(step, words) for step in steps)))
            clauses = tuple(dict.fromkeys(step.clause for step in steps))
            sentences.append((say(f"conditions.{truth.value}", items=items), clauses))
    when = determination.provision.when
    if determination.outcome is Truth.UNKNOWN and when is not None:
        items = describe(_open(when, iter(determination.steps))[1] or when, words)
        steps = [step for step in determination.steps if step.truth is Truth.UNKNOWN]
        clauses = tuple(dict.fromkeys(step.clause for step in steps))
        sentences.append((say("conditions.unknown", items=items), clauses))
    return sentences


def _open(node: Condition, steps: Iterator[Step]) -> tuple[Truth, Condition | None]:
    """The node's truth, and the part of it that is still open; `steps` are its leaves in order."""
    if node.not_ is not None:
        truth, rest = _open(node.not_, steps)
        truth = _OPPOSITE.get(truth, truth)
        return truth, node.model_copy(update={"not_": rest}) if rest else None
    children = node.all_ or node.any_
    if children is None:
        truth = next(steps).truth
        return truth, node if truth is Truth.UNKNOWN else None
    found = [_open(child, steps) for child in children]
    rests = [rest for _, rest in found if rest is not None]
    settled = Truth.NOT_MET if node.all_ else Truth.MET
    if any(truth is settled for truth, _ in found):
        return settled, None
    if not rests:
        return (Truth.MET if node.all_ else Truth.NOT_MET), None
    kept = {"all_": rests} if node.all_ else {"any_": rests}
    return Truth.UNKNOWN, rests[0] if len(rests) == 1 else node.model_copy(update=kept)


def _as_wished(step: Step) -> Truth:
    """Whether the condition stands as the person needs it: below a `not`, met is bad."""
    return step.truth if step.wanted else _OPPOSITE.get(step.truth, step.truth)


def _item(step: Step, words: Vocabulary) -> str:
    text = describe(step.condition, words)
    return text if step.wanted else say("conditions.not", item=text)
