"""A model trained with what staff taught, tried against the one without before it may serve.

Both are asked the same test messages (nlu/evaluation). A message that the new training data gives
away is asked of neither: a model that has seen the answer has not learnt anything. As a process of
its own (`python -m nlu.trial`), because training would slow down every answer of this one.
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
# A loss counts when chance would make one as great less often than this. Four messages lost and
# none won is no chance; one label taught moves a message or two at the border either way.
_CHANCE = 0.1
_SHARE = 0.01  # and a loss of more than this share of the messages counts, however it came
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
    """Messages that one model alone did well: `lost` by the old one, `won` by the new one."""

    lost: int = 0
    won: int = 0
    messages: int = 0  # asked in all

    @property
    def worse(self) -> bool:
        """Whether so much more was lost than won that it is hardly chance (a sign test), or that it
        is much."""
        moved = self.lost + self.won
        as_bad = sum(math.comb(moved, lost) for lost in range(self.lost, moved + 1))
        by_chance = as_bad / 2**moved >= _CHANCE
        much = self.lost - self.won > _SHARE * self.messages
        return self.lost > self.won and (much or not by_chance)


@dataclass(frozen=True)
class Figures:
    """Old and new model on the same messages. `given_away`: messages asked of neither."""

    old: Tried
    new: Tried
    given_away: int
    examples: int  # that the new one was trained on
    slips: tuple[Slip, ...] = ()
    in_scope: Change = Change()
    far: Change = Change()

    @property
    def worse(self) -> bool:
        """Whether the new model may not serve."""
        return self.in_scope.worse or self.far.worse


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
    done = [
        (one, _well(one, then, sure), _well(one, now, sure), now[0])
        for one, then, now in zip(apart, before, after, strict=True)
    ]
    slips = [Slip(one.written, one.intent, got) for one, then, now, got in done if then and not now]
    return Figures(
        old=_tried(apart, before, sure),
        new=_tried(apart, after, sure),
        given_away=len(given),
        examples=len(data.examples),
        slips=tuple(slips[:_SHOWN]),
        in_scope=_change((then, now) for one, then, now, _ in done if not _is_far(one)),
        far=_change((then, now) for one, then, now, _ in done if _is_far(one)),
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
    if _is_far(asked):
        return not _answered_as_ours(answer, sure)
    return intents()[asked.intent].kind == "near" or asked.intent == answer[0]


def _is_far(asked: Example) -> bool:
    return intents()[asked.intent].kind == "far"


def _change(pairs: Iterable[tuple[bool, bool]]) -> Change:
    moved = Counter(pairs)
    return Change(moved[True, False], moved[False, True], moved.total())


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
