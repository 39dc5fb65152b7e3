"""The NLU measured on messages written apart from its training data (nlu/evaluation).

Test figures and cross-validation are two things: the second is made from the training data alone,
for choosing options, and says nothing about messages of other people.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.strict_yaml import DataError, Source, read
from nlu.engine import EmbeddedClassifier
from nlu.entities import entities_of
from nlu.intents import intents
from nlu.metrics import (
    CurvePoint,
    IntentFigures,
    Prediction,
    accuracy,
    by_intent,
    confusions,
    harmonic,
    macro_f1,
    scope_curve,
)
from nlu.noise import NOISES
from nlu.normalise import normalise
from nlu.pipeline import Pipeline
from nlu.similarity import near_duplicates
from nlu.training_data import Example, TrainingData, read_files
from nlu.understand import Understander
from nlu.understanding import Classifier

EVALUATION = Path(__file__).parent / "evaluation"
THRESHOLDS = (0.0, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6)
_NEGATED = "not_"


@dataclass(frozen=True)
class EntityFigures:
    """How one kind of entity fared in a test."""

    kind: str
    precision: float
    recall: float
    f1: float
    marked: int


@dataclass(frozen=True)
class Report:
    """All figures of one run on the test sets."""

    messages: int
    given_away: int  # left out of all figures: a training example is nearly the same
    accuracy: float
    macro_f1: float
    by_intent: list[IntentFigures]
    confusions: list[tuple[str, str, int]]
    noise: dict[str, float]  # accuracy on in-scope messages after each noise
    in_scope_accuracy: float
    near_accuracy: float
    curve: list[CurvePoint]
    entities: list[EntityFigures]  # all kinds together first
    several_divided: float  # share of messages divided into as many questions as they hold
    several_questions: float  # share of those divided so and each question understood, in order
    several_messages: int
    p50_ms: float
    p99_ms: float


def evaluate(
    classifier: Classifier, training: Sequence[Example], folder: Path = EVALUATION
) -> Report:
    """Measure `classifier`, trained on `training`, on the test sets in `folder`.

    Raises `DataError` for a broken set, `EngineUnavailable` when the engine is gone.
    """
    understander = Understander(classifier)
    written = apart_messages(folder)
    given_away = {pair.test.text for pair in near_duplicates(written, training)}
    apart = [example for example in written if example.text not in given_away]
    taken: list[float] = []
    predictions = [_predict(understander, example.written, example, taken) for example in apart]
    known = intents()
    in_scope = [one for one in predictions if known[one.wanted].kind not in ("near", "far")]
    near = [one for one in predictions if known[one.wanted].kind == "near"]
    ours = [example for example in apart if known[example.intent].kind not in ("near", "far")]
    several = _questions_found(understander, folder / "multi.yml")
    taken.sort()
    return Report(
        messages=len(predictions),
        given_away=len(written) - len(apart),
        accuracy=accuracy(predictions),
        macro_f1=macro_f1(predictions),
        by_intent=by_intent(predictions),
        confusions=confusions(predictions),
        noise={
            name: accuracy([_predict(understander, noise(e.written), e) for e in ours])
            for name, noise in NOISES.items()
        },
        in_scope_accuracy=accuracy(in_scope),
        near_accuracy=accuracy(near),
        curve=scope_curve(predictions, known, THRESHOLDS),
        entities=entity_figures(folder / "entities.yml"),
        several_divided=_share(len(got) == len(wanted) for wanted, got in several),
        several_questions=_share(got == wanted for wanted, got in several),
        several_messages=len(several),
        p50_ms=taken[len(taken) // 2],
        p99_ms=taken[len(taken) * 99 // 100],
    )


def apart_messages(folder: Path = EVALUATION) -> tuple[Example, ...]:
    """The messages written apart from the training data, with their intents."""
    return read_files([folder / "in_scope.yml", folder / "out_of_scope.yml"]).examples


def _predict(
    understander: Understander, text: str, example: Example, taken: list[float] | None = None
) -> Prediction:
    started = time.perf_counter()
    best = understander.understand_whole(text)
    if taken is not None:
        taken.append((time.perf_counter() - started) * 1000)
    return Prediction(example.text, example.intent, best.intent, best.confidence)


def _questions_found(understander: Understander, path: Path) -> list[tuple[list[str], list[str]]]:
    """Of each message the intents wanted and those got, in order."""
    return [
        (row["intents"], [one.intent for one in understander.understand(row["text"])])
        for row in _rows(read(path), "intents")
    ]


def _share(right: Iterable[bool]) -> float:
    judged = list(right)
    return sum(judged) / len(judged) if judged else 0.0


def entity_figures(path: Path) -> list[EntityFigures]:
    """Precision, recall and F1 of entities, of all kinds together and then of each.

    An entity is right when kind and canonical value are. `not_group` stands for negated ones. Only
    kinds that the set marks are judged: in a set without dates, a date found is no mistake.
    """
    rows_marked = _rows(read(path), "entities")
    judged = {kind for row in rows_marked for kind in row["entities"]}
    right: defaultdict[str, int] = defaultdict(int)
    marked: defaultdict[str, int] = defaultdict(int)
    found: defaultdict[str, int] = defaultdict(int)
    for row in rows_marked:
        wanted = {
            (kind, _value(value)) for kind, values in row["entities"].items() for value in values
        }
        got = {
            ((_NEGATED if entity.negated else "") + entity.kind, _value(entity.value))
            for entity in entities_of(normalise(row["text"]))
            if (_NEGATED if entity.negated else "") + entity.kind in judged
        }
        for counts, pairs in ((right, wanted & got), (marked, wanted), (found, got)):
            for kind, _ in pairs:
                counts[kind] += 1
                counts["all"] += 1
    kinds = ["all", *sorted(kind for kind in marked.keys() | found.keys() if kind != "all")]
    rows = []
    for kind in kinds:
        precision = right[kind] / found[kind] if found[kind] else 0.0
        recall = right[kind] / marked[kind] if marked[kind] else 0.0
        f1 = harmonic(precision, recall)
        rows.append(EntityFigures(kind, precision, recall, f1, marked[kind]))
    return rows


def _value(value: object) -> str:
    """Values are compared as text: 50 and 50.0 are one sum, 俺妈 and 我妈 one relation."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{float(value):g}"
    return normalise(str(value))


def _rows(source: Source, key: str) -> list[dict[str, Any]]:
    problems = [
        source.problem((place,), f"no text or no {key}", f"write {{text: …, {key}: …}}")
        for place, row in enumerate(source.data or [])
        if not isinstance(row, dict) or "text" not in row or key not in row
    ]
    if problems:
        raise DataError(problems)
    return list(source.data or [])


def cross_validate(
    data: TrainingData, pipeline: Pipeline, folds: int = 5, progress: Callable[[str], None] = print
) -> list[Prediction]:
    """Each training example predicted, as the bot would, by a model that has not seen it; intents
    dealt evenly."""
    parts = stratified(data.examples, folds)
    predictions: list[Prediction] = []
    for number, held_out in enumerate(parts, 1):
        progress(f"fold {number} of {folds}")
        rest = [example for part in parts if part is not held_out for example in part]
        classifier = EmbeddedClassifier.train(TrainingData(tuple(rest), data.patterns), pipeline)
        understander = Understander(classifier)
        predictions += [_predict(understander, one.text, one) for one in held_out]
    return predictions


def stratified(examples: Sequence[Example], folds: int) -> list[list[Example]]:
    """The examples dealt into `folds` parts, each intent evenly; always the same way."""
    shuffled = sorted(examples, key=lambda example: (example.intent, example.text))
    random.Random(0).shuffle(shuffled)  # noqa: S311
    dealt: defaultdict[str, int] = defaultdict(int)
    parts: list[list[Example]] = [[] for _ in range(folds)]
    for example in shuffled:
        parts[dealt[example.intent] % folds].append(example)
        dealt[example.intent] += 1
    return parts
