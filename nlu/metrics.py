"""Figures on how well intents are told apart, from predictions alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nlu.intents import Intent


@dataclass(frozen=True)
class Prediction:
    """A message filed under `wanted` that was understood as `got`, with this confidence."""

    text: str
    wanted: str
    got: str
    confidence: float


@dataclass(frozen=True)
class IntentFigures:
    """How one intent fared in a test."""

    intent: str
    precision: float
    recall: float
    f1: float
    messages: int


@dataclass(frozen=True)
class CurvePoint:
    """What a threshold costs. `false_accepts`: far messages answered as one of our subjects;
    `false_rejects`: messages in scope that are refused. Shares, from 0 to 1."""

    threshold: float
    false_accepts: float
    false_rejects: float


def accuracy(predictions: Sequence[Prediction]) -> float:
    """The share of messages whose intent was found."""
    right = sum(one.wanted == one.got for one in predictions)
    return right / len(predictions) if predictions else 0.0


def by_intent(predictions: Sequence[Prediction]) -> list[IntentFigures]:
    """Precision, recall and F1 of every intent that was wanted, worst F1 first."""
    right = Counter(one.wanted for one in predictions if one.wanted == one.got)
    wanted = Counter(one.wanted for one in predictions)
    got = Counter(one.got for one in predictions)
    rows = []
    for intent, messages in wanted.items():
        precision = right[intent] / got[intent] if got[intent] else 0.0
        recall = right[intent] / messages
        rows.append(IntentFigures(intent, precision, recall, harmonic(precision, recall), messages))
    return sorted(rows, key=lambda row: (row.f1, row.intent))


def macro_f1(predictions: Sequence[Prediction]) -> float:
    """The mean of the intents' F1: a rare intent counts as much as a frequent one."""
    rows = by_intent(predictions)
    return sum(row.f1 for row in rows) / len(rows) if rows else 0.0


def harmonic(precision: float, recall: float) -> float:
    """The harmonic mean of precision and recall; 0 where both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def confusions(predictions: Sequence[Prediction]) -> list[tuple[str, str, int]]:
    """Pairs (wanted, got) that were confused, the commonest first."""
    pairs = Counter((one.wanted, one.got) for one in predictions if one.wanted != one.got)
    return [(wanted, got, times) for (wanted, got), times in pairs.most_common()]


def scope_curve(
    predictions: Sequence[Prediction], intents: Mapping[str, Intent], thresholds: Sequence[float]
) -> list[CurvePoint]:
    """False accepts against false rejects, were everything below each threshold refused.

    A message counts as answered when its best intent is a topic or a service and sure enough. One
    that is told apart as talk, as another office's matter or as out of scope is not.
    """
    ours = {name for name, intent in intents.items() if intent.kind in ("topic", "service")}
    far = [one for one in predictions if intents[one.wanted].kind == "far"]
    in_scope = [one for one in predictions if one.wanted in ours]
    points = []
    for threshold in thresholds:
        accepted = sum(one.got in ours and one.confidence >= threshold for one in far)
        refused = sum(
            one.confidence < threshold or intents[one.got].kind == "far" for one in in_scope
        )
        points.append(
            CurvePoint(
                threshold,
                accepted / len(far) if far else 0.0,
                refused / len(in_scope) if in_scope else 0.0,
            )
        )
    return points
