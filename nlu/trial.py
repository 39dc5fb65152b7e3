"""A model trained with what staff taught, tried against the one without before it may serve.

Both are asked the same test messages (nlu/evaluation). A message that the new training data gives
away is asked of neither: a model that has seen the answer has not learnt anything. As a process of
its own (`python -m nlu.trial`), because training would slow down every answer of this one.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from knowledge.strict_yaml import DataError
from nlu.engine import EmbeddedClassifier, load_or_train, sources_digest
from nlu.intents import intents
from nlu.labels import with_labels
from nlu.pipeline import read_pipeline
from nlu.report import apart_messages
from nlu.similarity import near_duplicates
from nlu.training_data import Example, read_training_data
from nlu.understand import Understander

Progress = Callable[[str], None]
_SHOWN = 20
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
class Figures:
    """Old and new model on the same messages. `given_away`: messages asked of neither."""

    old: Tried
    new: Tried
    given_away: int
    examples: int  # that the new one was trained on
    slips: tuple[Slip, ...] = ()

    @property
    def worse(self) -> bool:
        """Whether the new model may not serve: any loss is one too many."""
        return self.new.right < self.old.right or self.new.far_answered > self.old.far_answered


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
    slips = [
        Slip(one.written, one.intent, now[0])
        for one, then, now in zip(apart, before, after, strict=True)
        if _well(one, then, sure) and not _well(one, now, sure)
    ]
    return Figures(
        old=_tried(apart, before, sure),
        new=_tried(apart, after, sure),
        given_away=len(given),
        examples=len(data.examples),
        slips=tuple(slips[:_SHOWN]),
    )


_Answer = tuple[str, float]


def _answers(classifier: EmbeddedClassifier, asked: Sequence[Example]) -> list[_Answer]:
    understander = Understander(classifier)
    found = (understander.understand_whole(one.written) for one in asked)
    return [(one.intent, one.confidence) for one in found]


def _answered_as_ours(answer: _Answer, sure: float) -> bool:
    return intents()[answer[0]].kind in ("topic", "service") and answer[1] >= sure


def _well(asked: Example, answer: _Answer, sure: float) -> bool:
    """In scope: the right intent. Far from us: not answered as ours."""
    kind = intents()[asked.intent].kind
    if kind == "far":
        return not _answered_as_ours(answer, sure)
    return kind == "near" or asked.intent == answer[0]


def _tried(asked: Sequence[Example], answers: Sequence[_Answer], sure: float) -> Tried:
    kinds = [intents()[one.intent].kind for one in asked]
    in_scope = [kind not in ("near", "far") for kind in kinds]
    far = [kind == "far" for kind in kinds]
    right = [one.intent == answer[0] for one, answer in zip(asked, answers, strict=True)]
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
