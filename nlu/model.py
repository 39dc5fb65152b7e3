"""A trained model: which feature weighs how much for which intent. Saved without pickle.

One `.npz` file holds the arrays and, as JSON, everything else. Loading it runs no code from it.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nlu.characters import Characters, Shares
from nlu.features import Featurizer
from nlu.scope import Judge, Words

FORMAT = 4

Weights = npt.NDArray[np.float32]


class ModelError(Exception):
    """A model file that cannot be used: which, why, and how to mend it, in one line."""

    def __init__(self, path: Path, message: str, mend: str = "run `anxin nlu train`") -> None:
        super().__init__(f"{path}: {message} → {mend}")
        self.path = path


_RIGHTS_OR_TRAIN = "let this program read it, or run `anxin nlu train`"
_OPINIONS = ("characters", "sounds")  # of the second opinion: names in the header, and arrays
_JUDGED = ("judge_weights", "judge_familiarity")

# Scores beyond this are as sure as can be.
_FAR = 500.0


@dataclass(frozen=True)
class Header:
    """What a model was made from. Two models of equal `made_from` answer alike."""

    made_from: Mapping[str, str]  # hashes of data, config and vocabulary
    libraries: Mapping[str, str]
    pipeline: str  # nlu.pipeline.Pipeline.to_json
    patterns: tuple[tuple[str, str], ...]
    examples: int


@dataclass(frozen=True, eq=False)
class Model:
    """`rows[i]` maps a feature of featurizer i to its row of `weights` (features × intents)."""

    header: Header
    intents: tuple[str, ...]
    rows: tuple[dict[str, int], ...]
    weights: Weights
    intercept: Weights
    characters: Characters
    judge: Judge | None = None

    def found(
        self, text: str, tokens: Sequence[str], featurizers: Sequence[Featurizer]
    ) -> list[tuple[str, int]]:
        """The features of the text that the model knows, each with its row, once an occurrence."""
        return [
            (feature, row)
            for featurizer, rows in zip(featurizers, self.rows, strict=True)
            for feature in featurizer.features(text, tokens)
            if (row := rows.get(feature)) is not None
        ]

    def confidences(self, rows: Sequence[int]) -> npt.NDArray[np.float64]:
        """How sure each intent is, given the rows of the features found; they sum to 1.

        Each intent was learnt against all others, so each has a probability of its own; like Rasa,
        these are scaled to a sum of 1.
        """
        score = self.intercept.astype(np.float64)
        if rows:
            score += self.weights[list(rows)].sum(axis=0, dtype=np.float64)
        # A text that says one thing a thousand times scores beyond what exp can hold.
        own = 1.0 / (1.0 + np.exp(-np.clip(score, -_FAR, _FAR)))
        confidences: npt.NDArray[np.float64] = own / own.sum()
        return confidences


def save(model: Model, path: Path) -> None:
    """Write the model under a temporary name, then rename: a reader sees the old or the new one."""
    opinions = (model.characters.single, model.characters.heard)
    header = {
        "format": FORMAT,
        "made_from": dict(model.header.made_from),
        "libraries": dict(model.header.libraries),
        "pipeline": model.header.pipeline,
        "patterns": [list(pattern) for pattern in model.header.patterns],
        "examples": model.header.examples,
        "intents": list(model.intents),
        "features": [list(rows) for rows in model.rows],
        **{name: list(part.rows) for name, part in zip(_OPINIONS, opinions, strict=True)},
        "judge": _judge_header(model.judge),
    }
    arrays: dict[str, npt.NDArray[Any]] = {
        "header": np.frombuffer(json.dumps(header, ensure_ascii=False).encode(), np.uint8),
        "weights": model.weights,
        "intercept": model.intercept,
        **{name: part.log_shares for name, part in zip(_OPINIONS, opinions, strict=True)},
    }
    if model.judge is not None:
        arrays |= dict(zip(_JUDGED, (model.judge.weights, model.judge.familiarity), strict=True))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path) -> Model:
    """Read a model. Raises `ModelError` when it is missing, broken or of another version."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            header = json.loads(arrays["header"].tobytes())
            weights, intercept = arrays["weights"], arrays["intercept"]
            shares = {name: arrays[name] for name in _OPINIONS if name in arrays}
            judged = {name: arrays[name] for name in _JUDGED if name in arrays}
    except FileNotFoundError as error:
        raise ModelError(path, "there is no model") from error
    except OSError as error:
        reason = error.strerror or "no model, or a damaged one"
        raise ModelError(path, f"the model cannot be read ({reason})", _RIGHTS_OR_TRAIN) from error
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        # What numpy says of such a file is advice to allow pickles: nothing for our reader.
        raise ModelError(path, "the model cannot be read (no model, or a damaged one)") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        version = header.get("format") if isinstance(header, dict) else None
        raise ModelError(path, f"the model has format {version}, this version reads {FORMAT}")
    try:
        judge = _judge(header["judge"], judged)
        model = _from_header(header, weights, intercept, _characters(header, shares), judge)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(path, f"the model is not complete ({_reason(error)})") from error
    rows = sum(len(part) for part in model.rows)
    if weights.shape != (rows, len(model.intents)) or intercept.shape != (len(model.intents),):
        raise ModelError(path, f"the model is not complete (weights of shape {weights.shape})")
    return model


def numbered(features: Sequence[Sequence[str]]) -> tuple[dict[str, int], ...]:
    """The features of each featurizer with consecutive rows, one featurizer after the other."""
    start = 0
    result = []
    for names in features:
        result.append({name: start + place for place, name in enumerate(names)})
        start += len(names)
    return tuple(result)


def _from_header(
    header: Mapping[str, Any],
    weights: Weights,
    intercept: Weights,
    characters: Characters,
    judge: Judge | None,
) -> Model:
    about = Header(
        made_from=dict(header["made_from"]),
        libraries=dict(header["libraries"]),
        pipeline=str(header["pipeline"]),
        patterns=tuple((str(name), str(pattern)) for name, pattern in header["patterns"]),
        examples=int(header["examples"]),
    )
    rows = numbered(header["features"])
    return Model(about, tuple(header["intents"]), rows, weights, intercept, characters, judge)


def _characters(header: Mapping[str, Any], arrays: Mapping[str, Any]) -> Characters:
    intents = tuple(header["intents"])
    parts = []
    for name in _OPINIONS:
        known, log_shares = header[name], arrays[name]
        if log_shares.shape != (len(known), len(intents)):
            raise ValueError(f"not all shares of the {name}")
        parts.append(Shares(numbered([known])[0], log_shares))
    return Characters(intents, *parts)


def _judge_header(judge: Judge | None) -> dict[str, Any] | None:
    if judge is None:
        return None
    words = judge.words
    return {
        "features": list(judge.features),
        "ours": dict(words.ours),
        "far": dict(words.far),
        "examples": [words.ours_examples, words.far_examples],
        "intercept": judge.intercept,
    }


def _judge(header: Mapping[str, Any] | None, arrays: Mapping[str, Any]) -> Judge | None:
    if header is None:
        return None
    weights, familiarity = (arrays[name] for name in _JUDGED)
    if weights.shape != (len(header["features"]),):
        raise ValueError(f"judge weights of shape {weights.shape}")
    return Judge(
        features=numbered([header["features"]])[0],
        weights=weights,
        words=Words(header["ours"], header["far"], *header["examples"]),
        familiarity=familiarity,
        intercept=float(header["intercept"]),
    )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
