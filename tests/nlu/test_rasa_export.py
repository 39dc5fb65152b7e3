from __future__ import annotations

from pathlib import Path

import yaml

from nlu.engine import CONFIG
from nlu.rasa_export import export, shortened
from nlu.training_data import Example, Pattern, TrainingData, slips


def test_the_project_is_what_the_embedded_engine_learns_from(tmp_path: Path) -> None:
    data = TrainingData(
        (
            Example('问"[回炉](要钱)吗', "refresher", "", Path("x"), 1),
            Example("转人工", "handoff", "", Path("x"), 2),
        ),
        (Pattern("refresher_words", "回炉|复训"), Pattern("refresher_words", "再培训")),
    )
    export(data, CONFIG, tmp_path)
    written = yaml.safe_load((tmp_path / "data" / "nlu.yml").read_text(encoding="utf-8"))["nlu"]
    assert written == [
        {"regex": "refresher_words", "examples": "- 回炉|复训\n"},
        {"regex": "refresher_words", "examples": "- 再培训\n"},
        # An entity's mark of Rasa's would change the text.
        {"intent": "refresher", "examples": '- 问"【回炉】(要钱)吗\n'},
        {"intent": "handoff", "examples": "- 转人工\n"},
    ]
    assert yaml.safe_load((tmp_path / "domain.yml").read_text())["intents"] == [
        "handoff",
        "refresher",
    ]
    assert (tmp_path / "config.yml").read_text() == CONFIG.read_text()
    words = (tmp_path / "dictionary" / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
    assert all(line.rsplit(" ", 1)[1].isdigit() for line in words)


def test_rasa_learns_the_slips_that_the_embedded_engine_learns(tmp_path: Path) -> None:
    texts = ("回炉培训要不要钱", "月嫂多久回炉一次", "转人工", "社保补贴怎么领", "证书在哪里考")
    examples = tuple(Example(text, "refresher", text, Path("x"), 1) for text in texts)
    found = [slip.text for _, slip in slips(examples)]
    assert found
    export(TrainingData(examples), CONFIG, tmp_path)
    (written,) = yaml.safe_load((tmp_path / "data" / "slips.yml").read_text("utf-8"))["nlu"]
    assert written == {
        "intent": "refresher",
        "examples": "".join(f"- {text}\n" for text in found),
    }


def test_a_story_is_cut_to_its_question() -> None:
    story = "我在城里做了三年保姆，去年摔了一跤，东家不认账。" * 3 + "这种情况意外险赔不赔？"
    short = Example("意外险赔不赔", "insurance", "", Path("x"), 1)
    data = TrainingData((Example(story, "insurance", "", Path("x"), 2), short))
    cut, kept = shortened(data, 60).examples
    assert kept == short
    assert len(cut.text) <= 60
    assert cut.text.endswith("这种情况意外险赔不赔？")
