"""Fixtures of the NLU's tests: a small model, trained once, that knows five subjects."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlu.engine import CONFIG, EmbeddedClassifier
from nlu.pipeline import Pipeline, read_pipeline
from nlu.training_data import TrainingData, read_training_data

SMALL = Path(__file__).parent / "small_training"


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    return read_pipeline(CONFIG)


@pytest.fixture(scope="session")
def small_data() -> TrainingData:
    return read_training_data(SMALL)


@pytest.fixture(scope="session")
def small(small_data: TrainingData, pipeline: Pipeline) -> EmbeddedClassifier:
    return EmbeddedClassifier.train(small_data, pipeline)
