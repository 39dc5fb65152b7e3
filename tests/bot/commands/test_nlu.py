from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.commands import nlu as nlu_cli
from bot.commands.nlu import nlu_app
from bot.settings import settings
from nlu.engine import CONFIG, MODEL_NAME, EmbeddedClassifier, load_or_train
from tests.nlu.conftest import SMALL
from tests.nlu.test_report import write_sets

RUN = CliRunner()


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model folder of the test's own, with a small model in it."""
    folder = tmp_path / "models"
    monkeypatch.setenv("ANXIN_MODEL_DIR", str(folder))
    settings.cache_clear()
    return folder


@pytest.fixture(autouse=True)
def small_sources(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(folder: Path, progress: Callable[[str], None]) -> EmbeddedClassifier:
        return load_or_train(folder, SMALL, CONFIG, progress)

    monkeypatch.setattr(nlu_cli, "load_or_train", load)
    monkeypatch.setattr(nlu_cli, "TRAINING", SMALL)


def test_train_saves_a_model(models: Path) -> None:
    result = RUN.invoke(nlu_app, ["train", "--training", str(SMALL)])
    assert result.exit_code == 0, result.output
    assert (models / MODEL_NAME).exists()
    assert re.search(r"trained in \d+ s", result.output)


def test_train_refuses_bad_data_in_a_line_with_file_and_mend(tmp_path: Path) -> None:
    folder = tmp_path / "training"
    folder.mkdir()
    bad = Path(__file__).parents[2] / "nlu" / "bad_training" / "unknown_intent.yml"
    shutil.copy(bad, folder)
    result = RUN.invoke(nlu_app, ["train", "--training", str(folder)])
    assert result.exit_code == 1
    assert "unknown_intent.yml:4: unknown intent 'refreshr' → use an intent of" in result.output


def test_parse_explains_itself() -> None:
    result = RUN.invoke(nlu_app, ["parse", "我在长治，回炉要钱吗，另外转人工"])
    assert result.exit_code == 0, result.output
    for part in (
        *("question 2", "tokens", "refresher_words#0 ← 回炉", "140400 ← 长治", "engine 0."),
        *(
            "characters and sounds",
            "far from our subject",
            "spoke for refresher",
            "spoke for handoff",
        ),
    ):
        assert part in result.output, part


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_sets(tmp_path)
    monkeypatch.setattr("nlu.report.EVALUATION", tmp_path)
    monkeypatch.setattr("nlu.report.evaluate.__defaults__", (tmp_path,))
    monkeypatch.setattr("nlu.report.apart_messages.__defaults__", (tmp_path,))


@pytest.mark.usefixtures("sets")
def test_test_prints_one_screen() -> None:
    result = RUN.invoke(nlu_app, ["test"])
    assert result.exit_code == 0, result.output
    assert "intent accuracy" in result.stdout
    assert len(result.stdout.splitlines()) <= 45


@pytest.mark.usefixtures("sets")
def test_test_prints_json() -> None:
    result = RUN.invoke(nlu_app, ["test", "--json"])
    assert json.loads(result.stdout)["messages"] == 2


@pytest.mark.usefixtures("sets")
def test_an_absent_rasa_is_one_line() -> None:
    result = RUN.invoke(nlu_app, ["test", "--rasa", "http://127.0.0.1:9"])
    assert result.exit_code == 1
    assert "rasa" in result.output


@pytest.mark.usefixtures("sets")
def test_report_keeps_cross_validation_apart() -> None:
    result = RUN.invoke(nlu_app, ["report", "--training", str(SMALL)])
    assert result.exit_code == 0, result.output
    assert "skeletons" in result.stdout
    assert "too near to a training example, left out of every test: 1, 0 of them" in result.stdout
    assert "far answered" in result.stdout
    assert "(not a test)" in result.stdout


def test_export_writes_what_rasa_trains(tmp_path: Path) -> None:
    result = RUN.invoke(nlu_app, ["export", str(tmp_path / "rasa"), "--training", str(SMALL)])
    assert result.exit_code == 0, result.output
    assert yaml.safe_load((tmp_path / "rasa" / "config.yml").read_text())["language"] == "zh"
