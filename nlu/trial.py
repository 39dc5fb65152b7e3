"""A model trained with what staff taught, tried against the one without before it may serve.

Both are asked the same test messages (nlu/evaluation). A message that the new training data gives
away is asked of neither: a model that has seen the answer has not learnt anything.

What is compared is how sure each is of the right answer. Whether it comes first is too coarse: with
any label taught a handful of messages at the border between two intents change sides, with good
ones as with bad (docs/measurements.md), and a dozen bad labels are no louder. The subjects
that labels take messages away from are looked at by themselves, or the rest of the test would drown
them. As a process of its own (`python -m nlu.trial`), because training would slow down every answer
of this one.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import stdev
from typing import Literal

from knowledge.strict_yaml import DataError
from nlu.engine import EmbeddedClassifier, load_or_train, sources_digest
from nlu.intents import intents
from nlu.labels import with_labels
from nlu.pipeline import read_pipeline
from nlu.report import apart_messages
from nlu.similarity import near_duplicates
from nlu.training_data import Example, TrainingData, read_training_data
from nlu.understand import Understander

Progress = Callable[[str], None]
_SHOWN = 20
# A loss of certainty counts when chance would make one as great one time in ten, and when it comes
# to a tenth of a message: a loss that is the same for all is beyond chance however small it is.
_UNLIKELY = 1.28  # standard errors
_LEAST = 0.1
_SHARE = 0.005  # and more than this share of the messages lost counts, however it came
_POLITE = 10  # how much the trial stands back behind those who answer


@dataclass(frozen=True)
class Tried:
    """How a model did: right answers of `in_scope` messages, and of `far` ones how many it would
    have answered as ours. Counts of messages."""

    right: int
    in_scope: int
    far_answered: int
    far: int


@dataclass(frozen=True)
class Slip:
    """A test message that the old model understood and the new one does not."""

    text: str
    wanted: str
    got: str


@dataclass(frozen=True)
class Change:
    """How some of the test messages fared: `lost` are those that the old model alone did well,
    `won` those that the new one alone did. `shift` is by how much the new one is surer of what is
    right, summed over the messages (1: from not at all to certain of one message), and `error` how
    far chance takes that sum (one standard error)."""

    lost: int = 0
    won: int = 0
    messages: int = 0
    shift: float = 0.0
    error: float = 0.0

    @property
    def much_lost(self) -> bool:
        """Whether so many more were lost than won that it needs no statistics."""
        return self.lost - self.won > _SHARE * self.messages

    @property
    def less_sure(self) -> bool:
        """Whether the new one is less sure of what is right, by more than chance or a trifle."""
        return self.shift <= -_LEAST and self.shift <= -_UNLIKELY * self.error


Reason = Literal["in_scope", "far", "less_sure", "taken_from"]


@dataclass(frozen=True)
class Figures:
    """Old and new model on the same messages. `given_away`: messages asked of neither; `whole`:
    all that were asked; `taken_from`: those of intents that the old model takes the new labels for
    where the labels say otherwise."""

    old: Tried
    new: Tried
    given_away: int
    examples: int  # that the new one was trained on
    slips: tuple[Slip, ...] = ()
    in_scope: Change = Change()
    far: Change = Change()
    whole: Change = Change()
    taken_from: Change = Change()

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why the new model may not serve; empty: it may."""
        found: dict[Reason, bool] = {
            "in_scope": self.in_scope.much_lost,
            "far": self.far.much_lost,
            "less_sure": self.whole.less_sure,
            "taken_from": self.taken_from.less_sure,
        }
        return tuple(reason for reason, holds in found.items() if holds)

    @property
    def worse(self) -> bool:
        """Whether the new model may not serve."""
        return bool(self.reasons)


def try_labels(
    training: Path,
    config: Path,
    evaluation: Path,
    model_dir: Path,
    labels: Path,
    candidate: Path,
    sure: float,
    progress: Progress,
) -> Figures:
    """Train a model on the training data and `labels`, save it as `candidate`, and compare it with
    the one that `model_dir` serves. `sure`: from this confidence on a message is answered.

    `progress` is told one of: old, training, testing. Raises `DataError`, `ValueError`, `OSError`.
    """
    progress("old")
    old = load_or_train(model_dir, training, config)
    progress("training")
    data = with_labels(read_training_data(training), labels)
    made_from = sources_digest(training, config, labels)
    new = EmbeddedClassifier.train(data, read_pipeline(config), made_from)
    new.save(candidate)
    progress("testing")
    written = apart_messages(evaluation)
    given = {pair.test.text for pair in near_duplicates(written, data.examples)}
    apart = [one for one in written if one.text not in given]
    before, after = _answers(old, apart), _answers(new, apart)
    asked = [
        _Asked(one, then, now, _well(one, then, sure), _well(one, now, sure))
        for one, then, now in zip(apart, before, after, strict=True)
    ]
    slips = [
        Slip(one.test.written, one.test.intent, one.now.intent)
        for one in asked
        if one.then_well and not one.now_well
    ]
    taken_from = _taken_from(old, labels)
    return Figures(
        old=_tried(apart, before, sure),
        new=_tried(apart, after, sure),
        given_away=len(given),
        examples=len(data.examples),
        slips=tuple(slips[:_SHOWN]),
        in_scope=_change(one for one in asked if not _is_far(one.test)),
        far=_change(one for one in asked if _is_far(one.test)),
        whole=_change(asked),
        taken_from=_change(one for one in asked if one.test.intent in taken_from),
    )


@dataclass(frozen=True)
class _Answer:
    intent: str
    confidence: float
    of_right: float  # the confidence of the intent that is right


@dataclass(frozen=True)
class _Asked:
    test: Example
    then: _Answer
    now: _Answer
    then_well: bool
    now_well: bool


def _taken_from(old: EmbeddedClassifier, labels: Path) -> frozenset[str]:
    """The intents that lose messages to the labels."""
    taught = with_labels(TrainingData(()), labels).examples
    understander = Understander(old)
    taken_for = ((one, understander.understand_whole(one.written).intent) for one in taught)
    return frozenset(intent for one, intent in taken_for if intent != one.intent)


def _answers(classifier: EmbeddedClassifier, asked: Sequence[Example]) -> list[_Answer]:
    understander = Understander(classifier)
    answers = []
    for one in asked:
        found = understander.understand_whole(one.written)
        of_right = next((s.confidence for s in found.ranking if s.intent == one.intent), 0.0)
        answers.append(_Answer(found.intent, found.confidence, of_right))
    return answers


def _answered_as_ours(answer: _Answer, sure: float) -> bool:
    return intents()[answer.intent].kind in ("topic", "service") and answer.confidence >= sure


def _well(asked: Example, answer: _Answer, sure: float) -> bool:
    """In scope: the right intent. Far from us: not answered as ours."""
    if _is_far(asked):
        return not _answered_as_ours(answer, sure)
    return intents()[asked.intent].kind == "near" or asked.intent == answer.intent


def _is_far(asked: Example) -> bool:
    return intents()[asked.intent].kind == "far"


def _change(asked: Iterable[_Asked]) -> Change:
    asked = list(asked)
    moved = Counter((one.then_well, one.now_well) for one in asked)
    shifts = [one.now.of_right - one.then.of_right for one in asked]
    return Change(
        lost=moved[True, False],
        won=moved[False, True],
        messages=len(asked),
        shift=sum(shifts),
        error=stdev(shifts) * math.sqrt(len(shifts)) if len(shifts) > 1 else 0.0,
    )


def _tried(asked: Sequence[Example], answers: Sequence[_Answer], sure: float) -> Tried:
    kinds = [intents()[one.intent].kind for one in asked]
    in_scope = [kind not in ("near", "far") for kind in kinds]
    far = [kind == "far" for kind in kinds]
    right = [one.intent == answer.intent for one, answer in zip(asked, answers, strict=True)]
    return Tried(
        right=sum(r for r, inside in zip(right, in_scope, strict=True) if inside),
        in_scope=sum(in_scope),
        far_answered=sum(
            _answered_as_ours(answer, sure)
            for answer, is_far in zip(answers, far, strict=True)
            if is_far
        ),
        far=sum(far),
    )


def main() -> None:
    """One JSON object a line on standard output: {"progress": …} as it goes, {"figures": …} at the
    end. A failure is one line on standard error."""
    parser = argparse.ArgumentParser(prog="nlu.trial")
    for name in ("training", "config", "evaluation", "model-dir", "labels", "candidate"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--sure", type=float, required=True)
    given = parser.parse_args()
    os.nice(_POLITE)
    try:
        figures = try_labels(**vars(given), progress=lambda step: _tell(progress=step))
    except (DataError, ValueError, OSError) as error:
        raise SystemExit(str(error)) from error
    _tell(figures=asdict(figures))


def _tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
