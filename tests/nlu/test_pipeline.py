from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.strict_yaml import DataError
from nlu.engine import CONFIG
from nlu.pipeline import Pipeline, pipeline_from_json, read_pipeline

GOOD = """\
recipe: default.v1
language: zh
pipeline:
- name: JiebaTokenizer
  dictionary_path: dictionary
- name: CountVectorsFeaturizer
  analyzer: char_wb
  max_ngram: 3
- name: LogisticRegressionClassifier
  solver: liblinear
  ranking_length: 0
"""


def written(folder: Path, text: str) -> Path:
    file = folder / "config.yml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_projects_own_config_is_read(pipeline: Pipeline) -> None:
    assert len(pipeline.featurizers(())) == len(pipeline.counts)
    assert pipeline_from_json(pipeline.to_json()) == pipeline


def test_equal_pipelines_have_equal_digests(tmp_path: Path) -> None:
    one = read_pipeline(written(tmp_path, GOOD))
    same = read_pipeline(written(tmp_path, "# a comment\n" + GOOD))
    other = read_pipeline(written(tmp_path, GOOD.replace("max_ngram: 3", "max_ngram: 4")))
    assert one.digest() == same.digest() != other.digest()


@pytest.mark.parametrize(
    ("replaced", "by", "line", "message"),
    [
        ("CountVectorsFeaturizer", "DIETClassifier", 6, "does not know component 'DIETClassifier'"),
        ("max_ngram: 3", "strip_accents: ascii", 8, "unknown key 'strip_accents'"),
        ("max_ngram: 3", "max_ngram: many", 8, "max_ngram"),
        ("analyzer: char_wb", "analyzer: bytes", 7, "analyzer"),
        ("liblinear", "lbfgs", 10, "solver"),
        ("default.v1", "graph.v1", 1, "recipe is not default.v1"),
        ("language: zh", "language: en", 2, "language is not zh"),
        ("language: zh", "language: zh\npolicies: []", 3, "unknown key 'policies'"),
        ("dictionary_path: dictionary", "dictionary_path: other", 5, "dictionary_path"),
        ("- name: JiebaTokenizer\n  dictionary_path: dictionary\n", "", 3, "not a tokenizer"),
        ("pipeline:", "pipelines:", 1, "no pipeline"),
        ("recipe: default.v1", "recipe: [", 3, "not valid YAML"),
    ],
)
def test_what_cannot_be_run_as_written_is_refused(
    tmp_path: Path, replaced: str, by: str, line: int, message: str
) -> None:
    file = written(tmp_path, GOOD.replace(replaced, by))
    with pytest.raises(DataError) as refused:
        read_pipeline(file)
    problem = refused.value.problems[0]
    assert message in problem.message
    assert problem.line == line
    assert problem.path == file


def test_a_missing_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_pipeline(tmp_path / "config.yml")


def test_an_unknown_component_in_a_model_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown component"):
        pipeline_from_json('[{"name": "DIETClassifier"}]')


def test_the_config_is_the_one_rasa_reads() -> None:
    assert CONFIG.name == "config.yml"
