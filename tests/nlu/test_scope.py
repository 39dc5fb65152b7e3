"""The judge of the scope, on a small training set of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import model as model_file
from nlu.engine import EmbeddedClassifier
from nlu.features import PatternFeatures
from nlu.pipeline import Pipeline
from nlu.scope import Judge, fit_judge, patterns_of
from nlu.tokens import tokens
from nlu.training_data import Pattern, TrainingData, slips
from nlu.understand import Understander
from tests.nlu.conftest import example, stranger

OURS = {
    "refresher": [
        "回炉培训多久一次",
        "回炉要钱吗",
        "月嫂回炉去哪里",
        "保姆回炉必须去吗",
        "又要回炉",
    ],
    "training_bases": ["示范基地怎么认定", "培训基地有补贴吗", "基地谁来评", "家政基地在哪里"],
    "emergency": ["有人打我救命", "老人晕倒了救命", "救命他要打死我", "孩子晕倒了"],
}
FAR = [
    "火箭发射那天能参观吗",
    "种植番茄要浇多少水",
    "明天下雨吗",
    "足球比赛几点开始",
    "猫咪不吃饭怎么办",
    "电影里的火箭好大",
    "笑死我了这电影",
    "番茄炒蛋放糖吗",
]
PATTERNS = (Pattern("training", "培训|回炉"), Pattern("far_life", "电影|足球|番茄"))


@pytest.fixture(scope="module")
def data() -> TrainingData:
    ours = [example(text, intent) for intent, texts in OURS.items() for text in texts]
    far = [example(text, "out_of_scope") for text in FAR]
    return TrainingData((*ours, *far), PATTERNS)


@pytest.fixture(scope="module")
def engine(data: TrainingData, pipeline: Pipeline) -> EmbeddedClassifier:
    return EmbeddedClassifier.train(data, pipeline)


def judge_of(engine: EmbeddedClassifier) -> Judge:
    judge = engine.model.judge
    assert judge is not None
    return judge


@pytest.mark.parametrize(
    ("ours", "far"),
    [
        ("月嫂回炉多久一次", "足球明天几点开始"),
        # One of our words among strange ones is no question to us.
        ("示范基地在哪里认定", "火箭基地能参观吗"),
    ],
)
def test_what_is_far_scores_higher(engine: EmbeddedClassifier, ours: str, far: str) -> None:
    near_score, far_score = engine.far(ours), engine.far(far)
    assert near_score is not None
    assert far_score is not None
    assert near_score < 0.5 < far_score


def test_a_saved_judge_says_the_same(engine: EmbeddedClassifier, tmp_path: Path) -> None:
    engine.save(tmp_path / "model.npz")
    loaded = EmbeddedClassifier.load(tmp_path / "model.npz")
    for text in (*FAR, "回炉要钱吗", "从来没见过的字眼", ""):
        assert loaded.far(text) == pytest.approx(engine.far(text))


def test_a_judge_with_weights_missing_is_refused(
    engine: EmbeddedClassifier, tmp_path: Path
) -> None:
    judge = judge_of(engine)
    short = replace(engine.model, judge=replace(judge, weights=judge.weights[:-1]))
    model_file.save(short, tmp_path / "model.npz")
    with pytest.raises(model_file.ModelError, match="not complete"):
        EmbeddedClassifier.load(tmp_path / "model.npz")


def test_without_far_examples_there_is_no_judge(data: TrainingData, pipeline: Pipeline) -> None:
    ours = tuple(one for one in data.examples if one.intent != "out_of_scope")
    assert fit_judge(TrainingData(ours), [], PatternFeatures(())) is None
    engine = EmbeddedClassifier.train(TrainingData(ours), pipeline)
    assert engine.far("火箭") is None
    assert Understander(engine).understand("回炉要钱吗")[0].intent == "refresher"


def test_an_example_does_not_vouch_for_its_own_words(data: TrainingData) -> None:
    """Else every word of ours would look familiar in training, and strange words mean nothing."""
    judge = fit_judge(data, slips(data.examples), PatternFeatures(PATTERNS))
    assert judge is not None
    known, strange = "回炉要钱吗", "回炉龘靐吗"
    patterns = PatternFeatures(PATTERNS)
    assert judge.far(strange, tokens(strange), patterns) > judge.far(known, tokens(known), patterns)


def test_the_engines_own_patterns_are_used(pipeline: Pipeline) -> None:
    featurizers = pipeline.featurizers(PATTERNS)
    assert any(patterns_of(featurizers, PATTERNS) is one for one in featurizers)
    assert patterns_of([], PATTERNS).features("看电影", []) == ["far_life#1"]


@given(st.text(max_size=120))
def test_any_text_is_judged(engine: EmbeddedClassifier, text: str) -> None:
    sure = engine.far(text)
    assert sure is not None
    assert 0 <= sure <= 1


def test_the_ranking_follows_the_judge(engine: EmbeddedClassifier) -> None:
    (far,) = Understander(engine).understand("足球电影几点开始")
    assert far.intent == "out_of_scope"
    sure = engine.far("足球电影几点开始")
    assert sure is not None
    assert far.confidence == pytest.approx(stranger(sure), abs=1e-6)
    (ours,) = Understander(engine).understand("保姆回炉要钱吗")
    assert ours.intent == "refresher"
    assert sum(score.confidence for score in ours.ranking) == pytest.approx(1)
