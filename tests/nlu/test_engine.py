from __future__ import annotations

import ast
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.strict_yaml import DataError
from nlu import engine
from nlu import model as model_file
from nlu.engine import (
    CONFIG,
    MODEL_NAME,
    TRAINING,
    EmbeddedClassifier,
    load_or_train,
    sources_digest,
    train,
)
from nlu.model import ModelError
from nlu.normalise import normalise
from nlu.pipeline import Pipeline
from nlu.training_data import TrainingData, read_training_data, untaught
from tests.nlu.conftest import SMALL


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("回炉培训多少钱", "refresher"),
        ("社保补贴去哪里领", "social_insurance_subsidy"),
        ("公司给不给买意外险", "accident_insurance"),
        ("帮我转人工", "handoff"),
        ("你好", "greet"),
        ("火车票怎么退", "out_of_scope"),
    ],
)
def test_new_sentences_are_understood(small: EmbeddedClassifier, text: str, intent: str) -> None:
    assert small.classify(text)[0].intent == intent


@given(st.text(max_size=80))
def test_any_text_gets_all_intents_best_first(small: EmbeddedClassifier, text: str) -> None:
    scores = small.classify(normalise(text))
    assert {score.intent for score in scores} == set(small.model.intents)
    confidences = [score.confidence for score in scores]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) == pytest.approx(1)


def test_a_saved_model_answers_as_before(small: EmbeddedClassifier, tmp_path: Path) -> None:
    path = tmp_path / "deep" / MODEL_NAME
    small.save(path)
    loaded = EmbeddedClassifier.load(path)
    assert loaded.classify("回炉多少钱") == small.classify("回炉多少钱")
    assert [file.name for file in path.parent.iterdir()] == [MODEL_NAME]


def test_two_trainings_make_the_same_model(
    small: EmbeddedClassifier, small_data: TrainingData, pipeline: Pipeline
) -> None:
    again = EmbeddedClassifier.train(small_data, pipeline)
    assert np.array_equal(again.model.weights, small.model.weights)


def test_equal_columns_share_what_scikit_learn_gives_them(
    small: EmbeddedClassifier, small_data: TrainingData
) -> None:
    # A feature that stands in the same examples as another must weigh as much.
    rows = small.model.rows[0]
    words = [row for name, row in rows.items() if name.startswith("refresher_words")]
    assert len(words) == 1
    assert np.abs(small.model.weights[words[0]]).max() > 0


def test_the_winner_explains_itself(small: EmbeddedClassifier) -> None:
    reasons = small.explain("回炉要不要钱")
    assert reasons.scores[0].intent == "refresher"
    assert "".join(reasons.tokens) == "回炉要不要钱"
    names = [name for name, _ in reasons.spoke_for]
    assert any("回炉" in name for name in names)
    gains = [gain for _, gain in reasons.spoke_for]
    assert gains == sorted(gains, reverse=True)


def test_one_intent_alone_cannot_be_learnt(small_data: TrainingData, pipeline: Pipeline) -> None:
    one = [example for example in small_data.examples if example.intent == "greet"]
    with pytest.raises(ValueError, match="at least two intents"):
        EmbeddedClassifier.train(TrainingData(tuple(one)), pipeline)


def test_a_missing_model_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"there is no model → run `anxin nlu train`"):
        EmbeddedClassifier.load(tmp_path / MODEL_NAME)


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04broken"])
def test_a_broken_model_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / MODEL_NAME
    path.write_bytes(content)
    with pytest.raises(ModelError) as refused:
        EmbeddedClassifier.load(path)
    said = str(refused.value)
    assert "\n" not in said
    assert said.startswith(f"{path}: the model cannot be read (")
    assert said.endswith("run `anxin nlu train`")
    assert "pickle" not in said.removeprefix(str(path))


def test_half_a_model_is_refused(small: EmbeddedClassifier, tmp_path: Path) -> None:
    path = tmp_path / MODEL_NAME
    small.save(path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(ModelError, match="cannot be read"):
        EmbeddedClassifier.load(path)


def with_header(path: Path, **changes: object) -> None:
    """The model at `path` with some of its header changed."""
    with np.load(path) as arrays:
        header = json.loads(arrays["header"].tobytes()) | changes
        kept = {name: array for name, array in arrays.items() if name != "header"}
    np.savez(path, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **kept)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 99}, "format 99, this version reads 4"),
        ({"intents": ["greet"]}, "not complete"),
        ({"features": None}, "not complete"),
        ({"pipeline": "[]"}, "cannot run"),
        ({"pipeline": '[{"name": "DIETClassifier"}]'}, "cannot run"),
    ],
)
def test_a_model_of_another_version_is_refused(
    small: EmbeddedClassifier, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    path = tmp_path / MODEL_NAME
    small.save(path)
    with_header(path, **changes)
    with pytest.raises(ModelError, match=message):
        EmbeddedClassifier.load(path)


def test_a_pickle_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / MODEL_NAME
    np.savez(path, header=np.array([{"format": 1}], dtype=object), weights=0, intercept=0)
    with pytest.raises(ModelError, match="cannot be read") as refused:
        model_file.load(path)
    assert "pickle" not in str(refused.value).removeprefix(str(path))


def test_a_model_that_is_a_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot be read \(Is a directory\) → let this program"):
        model_file.load(tmp_path)


@pytest.fixture
def sources(tmp_path: Path) -> tuple[Path, Path]:
    """A training folder and a config of the test's own."""
    training = tmp_path / "training"
    shutil.copytree(SMALL, training)
    config = tmp_path / "config.yml"
    shutil.copy(CONFIG, config)
    return training, config


def test_it_is_trained_once_and_then_loaded(tmp_path: Path, sources: tuple[Path, Path]) -> None:
    said: list[str] = []
    first = load_or_train(tmp_path / "models", *sources, said.append)
    assert said[-1].startswith("saved")
    said.clear()
    second = load_or_train(tmp_path / "models", *sources, said.append)
    assert said == []
    assert second.model.header.made_from == first.model.header.made_from


def test_intents_without_any_example_are_told_in_one_line(
    tmp_path: Path, sources: tuple[Path, Path]
) -> None:
    said: list[str] = []
    train(tmp_path / "models", *sources, said.append)
    (told,) = [line for line in said if "without any example" in line]
    assert "intents.yaml" in told
    assert "→ write examples of them" in told
    assert ", work_injury," in told
    assert "refresher" not in told


def test_every_intent_of_the_project_has_examples() -> None:
    assert untaught(read_training_data(TRAINING)) == ""


def test_changed_sources_are_trained_anew(tmp_path: Path, sources: tuple[Path, Path]) -> None:
    training, config = sources
    before = load_or_train(tmp_path / "models", *sources)
    with (training / "small.yml").open("a", encoding="utf-8") as file:
        file.write("- intent: thank\n  examples: |\n    - 谢谢你\n    - 多谢\n")
    after = load_or_train(tmp_path / "models", *sources)
    assert "thank" in after.model.intents
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("tol: 0.01", "tol: 0.02"), encoding="utf-8")
    again = load_or_train(tmp_path / "models", *sources)
    digests = [c.model.header.made_from for c in (before, after, again)]
    assert digests[0] != digests[1] != digests[2]


@pytest.mark.parametrize("broken", ["training", "config"])
def test_the_last_good_model_serves_when_training_fails(
    tmp_path: Path, sources: tuple[Path, Path], broken: str
) -> None:
    training, config = sources
    good = load_or_train(tmp_path / "models", *sources)
    spoilt = training / "small.yml" if broken == "training" else config
    spoilt.write_text("nlu: [", encoding="utf-8")
    said: list[str] = []
    serving = load_or_train(tmp_path / "models", *sources, said.append)
    assert serving.classify("转人工") == good.classify("转人工")
    assert "the last good model keeps serving" in said[-1]
    assert spoilt.name in said[-1]
    with pytest.raises(DataError):
        train(tmp_path / "models", *sources)


def test_without_any_model_broken_sources_are_an_error(
    tmp_path: Path, sources: tuple[Path, Path]
) -> None:
    training, _ = sources
    (training / "small.yml").write_text("nlu: [", encoding="utf-8")
    with pytest.raises(DataError):
        load_or_train(tmp_path / "models", *sources)


def test_a_broken_model_is_replaced(tmp_path: Path, sources: tuple[Path, Path]) -> None:
    path = tmp_path / "models" / MODEL_NAME
    path.parent.mkdir()
    path.write_bytes(b"no model")
    said: list[str] = []
    load_or_train(path.parent, *sources, said.append)
    assert "cannot be read" in said[0]
    assert EmbeddedClassifier.load(path)


def test_the_digest_notices_every_source(tmp_path: Path, sources: tuple[Path, Path]) -> None:
    digest = sources_digest(*sources)
    assert set(digest) == {"data", "config", "vocabulary", "code", "jieba"}
    assert sources_digest(sources[0], tmp_path / "none.yml")["config"] != digest["config"]


# What these say of a model is kept otherwise: the intents and the words by hashes of their own, the
# options by the config's, the file's form by its number.
_HASHED_OTHERWISE = frozenset(
    ["nlu.intents", "nlu.model", "nlu.pipeline", "knowledge.strict_yaml", "knowledge.vocabulary"]
)
# Types alone, and what is made of facts: places are not found by them.
_NO_FEATURES = frozenset(["nlu.understanding", "knowledge.rules"])


def test_all_that_makes_features_is_hashed() -> None:
    root = Path(engine.__file__).parents[1]
    left, seen = ["nlu.fit", "nlu.places"], set[str]()
    while left:
        name = left.pop()
        path = root.joinpath(*name.split(".")).with_suffix(".py")
        if name in seen | _HASHED_OTHERWISE | _NO_FEATURES or not path.exists():
            continue
        seen.add(name)
        source = path.read_text(encoding="utf-8")
        assert path in engine.CODE, f"{name} makes features, and is not in nlu.engine.CODE"
        for data in re.findall(r'"(\w+\.yaml)"', source):
            if data != "synonyms.yaml":  # for search alone
                assert path.parent / data in engine.CODE, data
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module:
                left += [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
    assert {"nlu.sounds", "nlu.sieve", "nlu.normalise", "knowledge.words"} <= seen
    assert all(path.exists() for path in engine.CODE)


def test_a_training_file_that_cannot_be_read_is_one_clear_line(
    tmp_path: Path, sources: tuple[Path, Path]
) -> None:
    good = load_or_train(tmp_path / "models", *sources)
    (sources[0] / "other.yml").mkdir()  # as root every file can be read, but no folder
    said: list[str] = []
    assert load_or_train(tmp_path / "models", *sources, said.append).classify("你好") == (
        good.classify("你好")
    )
    assert "other.yml:1: cannot be read: Is a directory → " in said[-1]


@pytest.fixture(scope="module")
def real(pipeline: Pipeline) -> EmbeddedClassifier:
    return EmbeddedClassifier.train(read_training_data(TRAINING), pipeline)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("月嫂回炉培训多久一次", "refresher"),
        ("社保补贴怎么领", "social_insurance_subsidy"),
        ("公积金怎么提取", "near_housing_fund"),
        ("转人工", "handoff"),
        ("明天下雨吗", "out_of_scope"),
    ],
)
def test_the_real_data_makes_a_model_that_understands(
    real: EmbeddedClassifier, text: str, intent: str
) -> None:
    assert real.classify(normalise(text))[0].intent == intent
