from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.strict_yaml import DataError
from nlu.engine import TRAINING, EmbeddedClassifier
from nlu.intents import intents
from nlu.metrics import Prediction, accuracy, by_intent, confusions, macro_f1, scope_curve
from nlu.noise import NOISES, mistyped, traditional, unpunctuated
from nlu.pipeline import Pipeline
from nlu.report import apart_messages, cross_validate, entity_figures, evaluate, stratified
from nlu.similarity import LONG, near_duplicates, skeleton, skeletons
from nlu.training_data import TrainingData, read_training_data
from tests.nlu.conftest import example


def predictions() -> list[Prediction]:
    rows = [
        ("refresher", "refresher", 0.9),
        ("refresher", "permit", 0.4),
        ("permit", "permit", 0.8),
        ("out_of_scope", "permit", 0.3),
        ("out_of_scope", "out_of_scope", 0.9),
        ("permit", "out_of_scope", 0.6),
    ]
    return [Prediction("text", *row) for row in rows]


def test_accuracy_and_f1() -> None:
    assert accuracy(predictions()) == pytest.approx(3 / 6)
    figures = {row.intent: row for row in by_intent(predictions())}
    assert figures["refresher"].precision == 1
    assert figures["refresher"].recall == 0.5
    assert figures["permit"].precision == pytest.approx(1 / 3)
    assert macro_f1(predictions()) == pytest.approx((2 / 3 + 0.4 + 0.5) / 3)
    assert accuracy([]) == macro_f1([]) == 0


def test_confusions_are_counted() -> None:
    assert ("refresher", "permit", 1) in confusions(predictions())
    assert all(wanted != got for wanted, got, _ in confusions(predictions()))


def test_the_curve_trades_false_accepts_for_false_rejects() -> None:
    low, high = scope_curve(predictions(), intents(), (0.0, 0.5))
    assert (low.false_accepts, low.false_rejects) == (0.5, 0.25)
    assert (high.false_accepts, high.false_rejects) == (0.0, 0.5)


def test_a_skeleton_forgets_what_is_named() -> None:
    assert skeleton("在长治做月嫂，一个月3000") == skeleton("在肇庆做保洁 一个月450")
    assert skeleton("长治怎么报名") != skeleton("长治怎么领钱")


def test_template_multiplication_shows() -> None:
    rows = [example("长治怎么报名"), example("肇庆怎么报名"), example("报名费多少")]
    assert skeletons(rows) == {"refresher": (3, 2)}


def test_near_duplicates_are_found() -> None:
    training = [example("月嫂回炉培训要不要自己交钱"), example("转人工")]
    tests = [
        example("月嫂回炉培训要不要自己交钱？"),
        example("转人工"),
        example("回炉多久一次"),
    ]
    pairs = near_duplicates(tests, training)
    assert [(pair.test.text, pair.training.text) for pair in pairs] == [
        ("月嫂回炉培训要不要自己交钱？", "月嫂回炉培训要不要自己交钱"),
        ("转人工", "转人工"),
    ]
    assert near_duplicates(tests, []) == []


def test_no_test_message_is_given_away_by_the_training_data() -> None:
    pairs = near_duplicates(apart_messages(), read_training_data(TRAINING).examples)
    given = [
        f"{pair.training.path.name}:{pair.training.line} ~ {pair.test.path.name}:{pair.test.line}"
        for pair in pairs
        if len(pair.test.text) >= LONG
    ]
    assert given == [], "remove these training examples"


def test_noise_is_the_same_each_time_and_keeps_the_length() -> None:
    text = "我妈在长治做月嫂，没交社保，能不能领补贴"
    assert mistyped(text) == mistyped(text)
    assert len(mistyped(text, harsh=True)) == len(text)
    assert mistyped("补贴", harsh=True) != "补贴"
    assert mistyped("abc", harsh=True) == "abc"
    assert traditional("补贴") == "補貼"
    assert unpunctuated("你好，在吗？") == "你好在吗"
    assert set(NOISES) >= {"traditional", "no punctuation", "typos", "voice"}


def write_sets(folder: Path) -> None:
    (folder / "in_scope.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: refresher\n  examples: |\n'
        "    - 公司通知我去回炉，这钱谁出\n    - 回炉要钱吗\n",
        encoding="utf-8",
    )
    (folder / "out_of_scope.yml").write_text(
        'version: "3.1"\nnlu:\n- intent: out_of_scope\n  examples: |\n    - 猫咪掉毛很厉害\n',
        encoding="utf-8",
    )
    (folder / "entities.yml").write_text(
        "- text: 我在长治做月嫂\n"
        "  entities: {region: ['140400'], occupation: [maternity_care]}\n"
        "- text: 我不是残疾人，今年52岁\n  entities: {not_group: [disabled], age: [52]}\n",
        encoding="utf-8",
    )
    (folder / "multi.yml").write_text(
        "- text: 回炉多久一次，另外社保补贴怎么领\n"
        "  intents: [refresher, social_insurance_subsidy]\n"
        "- text: 回炉要钱吗\n  intents: [handoff]\n",
        encoding="utf-8",
    )


def test_everything_is_measured(
    small: EmbeddedClassifier, small_data: TrainingData, tmp_path: Path
) -> None:
    write_sets(tmp_path)
    report = evaluate(small, small_data.examples, tmp_path)
    assert report.messages == 2
    assert report.given_away == 1  # 回炉要钱吗 is a training example
    assert report.in_scope_accuracy == 1
    assert report.several_divided == 1
    assert report.several_questions == 0.5
    assert report.entities[0].kind == "all"
    assert report.entities[0].f1 == 1
    assert 0 < report.p50_ms <= report.p99_ms


def test_kinds_that_a_set_does_not_mark_are_not_judged(tmp_path: Path) -> None:
    file = tmp_path / "entities.yml"
    file.write_text("- text: 2021年在长治\n  entities: {region: ['140400']}\n", encoding="utf-8")
    assert [row.kind for row in entity_figures(file)] == ["all", "region"]
    assert entity_figures(file)[0].precision == 1


def test_a_bad_row_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "entities.yml"
    file.write_text("- text: x\n  entities: {}\n- texts: x\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"entities\.yml:3: no text or no entities"):
        entity_figures(file)


def test_folds_are_even_and_hold_everything_once(small_data: TrainingData) -> None:
    parts = stratified(small_data.examples, 3)
    assert sorted(e.text for part in parts for e in part) == sorted(
        e.text for e in small_data.examples
    )
    for part in parts:
        assert sum(e.intent == "refresher" for e in part) in (2, 3)


def test_cross_validation_predicts_each_example_once(
    small_data: TrainingData, pipeline: Pipeline
) -> None:
    said: list[str] = []
    found = cross_validate(small_data, pipeline, folds=3, progress=said.append)
    assert len(found) == len(small_data.examples)
    assert said == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3"]
