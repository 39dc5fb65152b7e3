"""The embedded engine: `config.yml`'s pipeline in this process, no server.

The model is trained from nlu/training when its sources change, and kept as one file. When training
fails the last good model keeps serving, and the reason is said.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import structlog

from knowledge import words
from knowledge.strict_yaml import DataError
from nlu import model as model_file
from nlu.features import Featurizer
from nlu.fit import Progress, fit
from nlu.labels import LABELS_NAME, with_labels
from nlu.model import Header, Model, ModelError
from nlu.pipeline import Pipeline, pipeline_from_json, read_pipeline
from nlu.places import placeless
from nlu.scope import patterns_of
from nlu.tokens import dictionary_words, tokens
from nlu.training_data import Pattern, TrainingData, read_training_data, untaught
from nlu.understanding import Score

_HERE = Path(__file__).parent
TRAINING = _HERE / "training"
CONFIG = _HERE.parent / "config.yml"
MODEL_NAME = "embedded.npz"

# A change in these changes what a text's features are or how they are learnt, so the weights must
# follow. What config.yml and intents.yaml say is hashed beside them (`sources_digest`).
CODE = (
    *(
        _HERE / name
        for name in (
            "normalise.py",
            "places.py",
            # By these places are found, which are taken out before anything is learnt.
            "entities.py",
            "facts.py",
            "levels.py",
            "shapes.py",
            "cues.yaml",
            "described.yaml",
            "documents.yaml",
            "lookalikes.yaml",
            "spoken.yaml",
            "sounds.py",
            "sounds.yaml",
            "words.yaml",
            "tokens.py",
            "features.py",
            "sieve.py",
            "scope.py",
            "characters.py",
            "fit.py",
            "training_data.py",
        )
    ),
    Path(words.__file__),
)

log = structlog.get_logger(__name__)


def _quiet(_: str) -> None:
    """The progress nobody asked for."""


@dataclass(frozen=True)
class Explanation:
    """Why a text was understood as it was: its words, and what spoke for the intent."""

    tokens: tuple[str, ...]
    families: tuple[tuple[str, str], ...]  # word families that it holds: which, by what words
    scores: tuple[Score, ...]
    second: dict[str, float]
    far: float | None
    spoke_for: tuple[tuple[str, float], ...]  # feature, how far above the mean intent; most first


class EmbeddedClassifier:
    """Implements `nlu.understanding.Classifier`, `ScopeJudge` and `SecondOpinion`."""

    name = "embedded"

    def __init__(self, model: Model) -> None:
        self.model = model
        patterns = [Pattern(name, pattern) for name, pattern in model.header.patterns]
        pipeline = pipeline_from_json(model.header.pipeline)
        self._featurizers: Sequence[Featurizer] = pipeline.featurizers(patterns)
        self._patterns = patterns_of(self._featurizers, patterns)

    @classmethod
    def train(
        cls,
        data: TrainingData,
        pipeline: Pipeline,
        made_from: dict[str, str] | None = None,
        progress: Progress = _quiet,
    ) -> EmbeddedClassifier:
        """A classifier trained on `data`. Raises `ValueError` for fewer than two intents."""
        header = Header(
            made_from=made_from or {},
            libraries={name: version(name) for name in ("jieba", "numpy", "scikit-learn")},
            pipeline=pipeline.to_json(),
            patterns=tuple((pattern.name, pattern.pattern) for pattern in data.patterns),
            examples=len(data.examples),
        )
        return cls(fit(data, placeless(data), pipeline, header, progress))

    @classmethod
    def load(cls, path: Path) -> EmbeddedClassifier:
        """The classifier saved at `path`. Raises `ModelError`."""
        model = model_file.load(path)
        try:
            return cls(model)
        except (DataError, ValueError) as error:
            raise ModelError(path, "the model names a pipeline this version cannot run") from error

    def save(self, path: Path) -> None:
        """Put the model at `path`, replacing any other there in one step."""
        model_file.save(self.model, path)

    def classify(self, text: str) -> tuple[Score, ...]:
        """Every intent with its confidence for the normalised `text`, best first."""
        rows = [row for _, row in self.model.found(text, tokens(text), self._featurizers)]
        confidences = self.model.confidences(rows)
        order = confidences.argsort()[::-1].tolist()
        values = confidences.tolist()
        intents = self.model.intents
        return tuple(Score(intents[place], values[place]) for place in order)

    def far(self, text: str) -> float | None:
        """How sure it is that the normalised `text` is far from our subject, from 0 to 1.

        None when the training data held nothing far.
        """
        judge = self.model.judge
        return None if judge is None else judge.far(text, tokens(text), self._patterns)

    def second_opinion(self, text: str) -> dict[str, float]:
        """How likely the characters and sounds of the normalised `text` are of each intent, 1 at
        most."""
        return self.model.characters.weights(text)

    def explain(self, text: str, intent: str | None = None, features: int = 10) -> Explanation:
        """How the normalised `text` was understood, with the `features` that spoke most for
        `intent` (the engine's own winner when none is named)."""
        cut = tokens(text)
        scores = self.classify(text)
        place = self.model.intents.index(intent or scores[0].intent)
        spoke: dict[str, float] = {}
        for feature, row in self.model.found(text, cut, self._featurizers):
            weights = self.model.weights[row]
            spoke[feature] = spoke.get(feature, 0.0) + float(weights[place] - weights.mean())
        return Explanation(
            tokens=cut,
            families=tuple(self._patterns.matched(text)),
            scores=scores,
            second=self.second_opinion(text),
            far=self.far(text),
            spoke_for=tuple(sorted(spoke.items(), key=lambda item: -item[1])[:features]),
        )


def sources_digest(training: Path, config: Path, labels: Path | None = None) -> dict[str, str]:
    """Hashes of all that a model is made from. A file that cannot be read counts as an empty one:
    training says what is wrong with it."""
    data = [*sorted(training.glob("*.yml")), _HERE / "intents.yaml"]
    if labels is not None and labels.exists():
        data.append(labels)
    return {
        "data": _digest(_content(path) for path in data),
        "config": _digest([_content(config)]),
        "vocabulary": _digest(word.encode() for word in dictionary_words()),
        "code": _digest(_content(path) for path in CODE),
        "jieba": version("jieba"),
    }


def load_or_train(
    model_dir: Path,
    training: Path = TRAINING,
    config: Path = CONFIG,
    progress: Progress = _quiet,
) -> EmbeddedClassifier:
    """The saved model when it is still true to its sources, a newly trained one otherwise. What
    staff taught (`labels.yml` beside the model) is one of the sources.

    When training fails and an older model is there, that one is returned and a warning is logged
    (`nlu_training_failed`); with none, raises `DataError` or `ValueError`.
    """
    path = model_dir / MODEL_NAME
    wanted = sources_digest(training, config, model_dir / LABELS_NAME)
    last: EmbeddedClassifier | None = None
    try:
        last = EmbeddedClassifier.load(path)
    except ModelError as error:
        progress(str(error).partition(" → ")[0] + "; training one")
    if last is not None and last.model.header.made_from == wanted:
        return last
    try:
        return train(model_dir, training, config, progress)
    except (DataError, ValueError, OSError) as error:
        if last is None:
            raise
        log.warning("nlu_training_failed", error=str(error), model=str(path))
        progress(f"training failed; the last good model keeps serving: {error}")
        return last


def train(
    model_dir: Path,
    training: Path = TRAINING,
    config: Path = CONFIG,
    progress: Progress = _quiet,
) -> EmbeddedClassifier:
    """Train whatever is there already, and save. Intents without any example are told in one line.

    Raises `DataError`, `ValueError` or `OSError`.
    """
    started = time.monotonic()
    labels = model_dir / LABELS_NAME
    made_from = sources_digest(training, config, labels)
    pipeline = read_pipeline(config)
    progress("reading the training data")
    data = with_labels(read_training_data(training), labels)
    if missing := untaught(data):
        progress(missing)
    classifier = EmbeddedClassifier.train(data, pipeline, made_from, progress)
    path = model_dir / MODEL_NAME
    classifier.save(path)
    progress(f"saved {path}, trained in {time.monotonic() - started:.0f} s")
    return classifier


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    return path.name.encode() + b"\0" + content


def _digest(parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()
