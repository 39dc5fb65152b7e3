"""What the NLU's tests share: a small model, trained once, that knows five subjects, and more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from nlu.engine import CONFIG, EmbeddedClassifier
from nlu.pipeline import Pipeline, read_pipeline
from nlu.training_data import Example, TrainingData, read_training_data
from nlu.understanding import Score

SMALL = Path(__file__).parent / "small_training"


def stranger(sure: float) -> float:
    """How sure the bot is where the judge is so sure: its odds count 1.2 times."""
    return 1.2 * sure / (1.2 * sure + 1 - sure)


def example(text: str, intent: str = "refresher") -> Example:
    """An example of the training data."""
    return Example(text, intent, text, Path("x.yml"), 1)


class Said:
    """An engine that says what a function says."""

    name = "said"

    def __init__(self, answer: Callable[[str], tuple[Score, ...]]) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def classify(self, text: str) -> tuple[Score, ...]:
        self.asked.append(text)
        return self.answer(text)


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    return read_pipeline(CONFIG)


@pytest.fixture(scope="session")
def small_data() -> TrainingData:
    return read_training_data(SMALL)


@pytest.fixture(scope="session")
def small(small_data: TrainingData, pipeline: Pipeline) -> EmbeddedClassifier:
    return EmbeddedClassifier.train(small_data, pipeline)
