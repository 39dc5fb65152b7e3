"""The pipeline that `config.yml` names, read strictly.

Rasa reads the same file. The embedded engine runs the components listed here and refuses any other,
and any option it does not honour: running a pipeline that differs from the one written down would
make every comparison between the engines worthless.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from knowledge.strict_yaml import DataError, Problem, Source, read, validation_problems
from nlu.features import Analyzer, CountFeatures, Featurizer, PatternFeatures
from nlu.training_data import Pattern


class _Component(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str


class Tokenizer(_Component):
    """`dictionary_path` is where Rasa finds the vocabulary (nlu/rasa_export.py writes it there)."""

    dictionary_path: Literal["dictionary"]


class CountVectors(_Component):
    """Options of Rasa's CountVectorsFeaturizer that the embedded engine honours."""

    analyzer: Analyzer = "word"
    min_ngram: int = Field(1, ge=1)
    max_ngram: int = Field(1, ge=1)
    min_df: int = Field(1, ge=1)
    lowercase: bool = True


class Regex(_Component):
    """Options of Rasa's RegexFeaturizer that the embedded engine honours."""

    case_sensitive: bool = True
    # Only the patterns written in the training data: no lookup tables.
    use_lookup_tables: Literal[False]


class LogisticRegression(_Component):
    """Options of Rasa's LogisticRegressionClassifier; it always weighs the intents alike.

    Only liblinear: it is done in seconds where Rasa's default (lbfgs) needs minutes to converge.
    """

    solver: Literal["liblinear"]
    max_iter: int = Field(100, ge=1)
    tol: float = Field(1e-4, gt=0)
    random_state: int = 42
    # Rasa cuts its ranking to this length; 0 keeps every intent, as the embedded engine does.
    ranking_length: Literal[0]


_COMPONENTS: dict[str, type[_Component]] = {
    "JiebaTokenizer": Tokenizer,
    "CountVectorsFeaturizer": CountVectors,
    "RegexFeaturizer": Regex,
    "LogisticRegressionClassifier": LogisticRegression,
}
_KEYS = frozenset({"recipe", "language", "pipeline", "assistant_id"})


@dataclass(frozen=True)
class Pipeline:
    """What to run: the featurizers in order, and how the classifier is trained."""

    tokenizer: Tokenizer
    counts: tuple[CountVectors | Regex, ...]
    classifier: LogisticRegression

    def featurizers(self, patterns: Sequence[Pattern]) -> tuple[Featurizer, ...]:
        """The featurizers, those for patterns filled with the patterns of the training data."""
        built: list[Featurizer] = []
        for part in self.counts:
            if isinstance(part, Regex):
                built.append(PatternFeatures(tuple(patterns), part.case_sensitive))
            else:
                options = part.model_dump(exclude={"name"})
                built.append(CountFeatures(**options))
        return tuple(built)

    def to_json(self) -> str:
        """The pipeline in one canonical form; equal pipelines give equal text."""
        parts = (self.tokenizer, *self.counts, self.classifier)
        return json.dumps([part.model_dump() for part in parts], sort_keys=True)

    def digest(self) -> str:
        """Names what the pipeline says: another configuration is another model."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def read_pipeline(path: Path) -> Pipeline:
    """The pipeline of a Rasa `config.yml`.

    Raises `DataError` with file and line for a component or an option the embedded engine does not
    know, and for parts missing or out of order.
    """
    try:
        source = read(path)
    except OSError as error:
        mend = "name the right file (config.yml at the top of the project)"
        problem = Problem(path, 1, f"cannot be read: {error.strerror or 'unreadable'}", mend)
        raise DataError([problem]) from error
    data = source.data
    if not isinstance(data, dict) or not isinstance(data.get("pipeline"), list):
        raise DataError([source.problem((), "no pipeline", "add a list `pipeline:`")])
    problems = [
        source.problem((key,), f"unknown key {key!r}", "remove it") for key in data.keys() - _KEYS
    ]
    if data.get("recipe") != "default.v1":
        problems.append(source.problem(("recipe",), "recipe is not default.v1", "use default.v1"))
    if data.get("language") != "zh":
        problems.append(source.problem(("language",), "language is not zh", "use zh"))
    parts: list[_Component] = []
    for index, entry in enumerate(data["pipeline"]):
        part = _component(source, index, entry, problems)
        if part is not None:
            parts.append(part)
    if problems:
        raise DataError(problems)
    return _assemble(parts, source)


def pipeline_from_json(text: str) -> Pipeline:
    """The pipeline that `Pipeline.to_json` wrote. Raises `ValueError` when it cannot be run."""
    rows = json.loads(text)
    models = [_COMPONENTS.get(row["name"]) for row in rows]
    if None in models:
        raise ValueError(f"unknown component in {text}")
    parts = [model.model_validate(row) for model, row in zip(models, rows, strict=True) if model]
    return _assemble(parts, Source(Path("model"), rows, {}))


def _component(
    source: Source, index: int, entry: Any, problems: list[Problem]
) -> _Component | None:
    at = ("pipeline", index)
    name = entry.get("name") if isinstance(entry, dict) else None
    model = _COMPONENTS.get(str(name))
    if model is None:
        mend = f"use one of {', '.join(_COMPONENTS)}, or serve this pipeline with Rasa itself"
        problems.append(
            source.problem(at, f"the embedded engine does not know component {name!r}", mend)
        )
        return None
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        for problem in validation_problems(source, error, at):
            message = f"{name}: {problem.message}"
            mend = f"the embedded engine honours {', '.join(model.model_fields)}"
            problems.append(Problem(problem.path, problem.line, message, mend))
        return None


def _assemble(parts: Sequence[_Component], source: Source) -> Pipeline:
    """The pipeline of `parts`; `DataError` unless it is tokenizer, featurizers, classifier."""
    *front, last = parts if parts else [None]
    first, *middle = front if front else [None]
    counts = tuple(part for part in middle if isinstance(part, CountVectors | Regex))
    if (
        not isinstance(first, Tokenizer)
        or not isinstance(last, LogisticRegression)
        or not counts
        or len(counts) != len(middle)
    ):
        message = "the pipeline is not a tokenizer, then featurizers, then a classifier"
        mend = "order: JiebaTokenizer, featurizers, LogisticRegressionClassifier"
        raise DataError([source.problem(("pipeline",), message, mend)])
    return Pipeline(first, counts, last)
