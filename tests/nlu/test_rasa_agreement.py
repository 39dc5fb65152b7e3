"""Rasa and the embedded engine, trained on the same examples with the same pipeline, say the same.

The embedded engine is trained here on what Rasa was trained on (models/rasa), not on what has been
written since, so a difference is one between the engines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nlu.engine import EmbeddedClassifier
from nlu.pipeline import read_pipeline
from nlu.rasa_engine import RasaClassifier
from nlu.rasa_export import DATA, EXAMPLES
from nlu.rasa_server import MODEL, RASA, serving
from nlu.report import EVALUATION
from nlu.training_data import read_files

pytestmark = [
    pytest.mark.rasa,
    pytest.mark.skipif(not RASA.exists(), reason="no .venv-rasa; run make rasa"),
]

PROJECT = Path(__file__).parents[2] / "models" / "rasa"
AGREEMENT = 0.98


@pytest.fixture(scope="module")
def rasa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RasaClassifier]:
    if not (PROJECT / MODEL).exists():
        pytest.skip(f"no {PROJECT / MODEL}; run make rasa")
    with serving(PROJECT / MODEL, tmp_path_factory.mktemp("rasa") / "run.log") as server:
        classifier = RasaClassifier(server.url, timeout=30)
        yield classifier
        classifier.close()


@pytest.fixture(scope="module")
def embedded(rasa: RasaClassifier) -> EmbeddedClassifier:
    data = read_files([PROJECT / DATA / EXAMPLES])
    return EmbeddedClassifier.train(data, read_pipeline(PROJECT / "config.yml"))


def test_engines_agree(
    rasa: RasaClassifier, embedded: EmbeddedClassifier, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("in_scope.yml", "out_of_scope.yml")
    messages = read_files([EVALUATION / name for name in names]).examples
    differ = []
    for message in messages:
        ours, theirs = embedded.classify(message.text)[0], rasa.classify(message.text)[0]
        if ours.intent != theirs.intent:
            differ.append(
                f"{message.written}: embedded {ours.intent} {ours.confidence:.4f}, "
                f"rasa {theirs.intent} {theirs.confidence:.4f}"
            )
    agreement = 1 - len(differ) / len(messages)
    with capsys.disabled():
        share = f"embedded and Rasa agree on {agreement:.2%} of {len(messages)} messages"
        sys.stdout.write("\n".join(["", share, *differ, ""]))
    assert agreement >= AGREEMENT


def test_rasa_ranks_every_intent(rasa: RasaClassifier, embedded: EmbeddedClassifier) -> None:
    scores = rasa.classify("培训补贴怎么领")
    assert {score.intent for score in scores} == set(embedded.model.intents)
    assert sum(score.confidence for score in scores) == pytest.approx(1, abs=1e-3)
