"""Training and test examples in Rasa's YAML, read strictly.

    version: "3.1"
    nlu:
    - intent: refresher
      examples: |
        - 回炉培训是啥意思
    - regex: wage_owed
      examples: |
        - 欠.{0,4}(工资|工钱)

A `regex` entry is Rasa's own way to teach an engine a word family: the RegexFeaturizer of both
engines turns every line into one feature (as Rasa does: lines are not alternatives of one pattern).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from knowledge.strict_yaml import DataError, Problem, Source, read
from nlu.intents import INTENTS, intents
from nlu.normalise import normalise
from nlu.sounds import slipped

_VERSIONS = ("3.0", "3.1")
_KEYS = frozenset({"intent", "regex", "examples"})
_SLIP_EACH = 3  # one example in three; with more, training the intents would take twice as long


@dataclass(frozen=True)
class Example:
    """A message with the intent a person filed it under; `text` is normalised, `written` is not."""

    text: str
    intent: str
    written: str
    path: Path
    line: int


@dataclass(frozen=True)
class Pattern:
    """A word family: the text has it or has it not."""

    name: str
    pattern: str


@dataclass(frozen=True)
class TrainingData:
    examples: tuple[Example, ...]
    patterns: tuple[Pattern, ...] = ()


def slips(examples: Sequence[Example], each: int = _SLIP_EACH) -> list[tuple[int, Example]]:
    """One in `each` of the examples once more with a slip in it, with the place of the one it is
    of; for the same examples always the same, whatever their order.

    A typo hides a word, and what is left of the message must then be enough.
    """
    known = {example.text for example in examples}
    found = []
    for place, example in enumerate(examples):
        if zlib.crc32(example.text.encode()) % each == 0:
            text = slipped(example.text)
            if text not in known:
                found.append((place, replace(example, text=text)))
    return found


def untaught(data: TrainingData) -> str:
    """One line on the intents of nlu/intents.yaml that no example teaches; empty when all are."""
    missing = intents().keys() - {example.intent for example in data.examples}
    if not missing:
        return ""
    names = ", ".join(name for name in intents() if name in missing)
    mend = "write examples of them in the training data, or remove them"
    return f"{INTENTS}: without any example, so never understood: {names} → {mend}"


@dataclass
class _Reading:
    known: Mapping[str, object]
    examples: list[Example] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)
    first: dict[str, Example] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_training_data(folder: Path, known: Mapping[str, object] | None = None) -> TrainingData:
    """Every example and pattern of the folder's `*.yml`, in file order.

    Raises `DataError` with all problems found: broken YAML, an intent that is not listed, an intent
    without examples, an example that stands twice after normalisation, an impossible pattern.
    """
    paths = sorted(folder.glob("*.yml"))
    if not paths:
        problem = Problem(
            folder, 1, "no training files (*.yml)", "add one, or name the right folder"
        )
        raise DataError([problem])
    return read_files(paths, known)


def read_files(paths: list[Path], known: Mapping[str, object] | None = None) -> TrainingData:
    """As `read_training_data`, for files named one by one (test sets)."""
    reading = _Reading(intents() if known is None else known)
    for path in paths:
        try:
            _read_file(read(path), reading)
        except DataError as error:
            reading.problems.extend(error.problems)
        except OSError as error:
            reason = error.strerror or "unreadable"
            reading.problems.append(Problem(path, 1, f"cannot be read: {reason}", "check the path"))
    if reading.problems:
        raise DataError(reading.problems)
    return TrainingData(tuple(reading.examples), tuple(reading.patterns))


def _read_file(source: Source, reading: _Reading) -> None:
    data = source.data
    if not isinstance(data, dict) or not isinstance(data.get("nlu"), list):
        mend = 'start with `version: "3.1"` and a list `nlu:`'
        reading.problems.append(source.problem((), "not Rasa training data", mend))
        return
    if str(data.get("version")) not in _VERSIONS:
        message = f"version {data.get('version')!r} is not known"
        reading.problems.append(source.problem(("version",), message, f"use {_VERSIONS[-1]!r}"))
    for key in data.keys() - {"version", "nlu"}:
        reading.problems.append(source.problem((key,), f"unknown key {key!r}", "remove it"))
    for index, entry in enumerate(data["nlu"]):
        _read_entry(source, ("nlu", index), entry, reading)


def _read_entry(source: Source, at: tuple[str | int, ...], entry: Any, reading: _Reading) -> None:
    def refuse(message: str, mend: str, key: str | None = None) -> None:
        reading.problems.append(source.problem((*at, key) if key else at, message, mend))

    if not isinstance(entry, dict) or ("intent" in entry) == ("regex" in entry):
        refuse("neither an intent nor a regex", "begin the entry with `intent:` or `regex:`")
        return
    for key in entry.keys() - _KEYS:
        refuse(f"unknown key {key!r}", "remove it", str(key))
    kind = "intent" if "intent" in entry else "regex"
    name = str(entry[kind])
    block = entry.get("examples") or ""
    if not isinstance(block, str):
        refuse("examples are not a text block", "write `examples: |`", "examples")
        return
    # The block's text begins on the line after `examples: |`.
    lines = list(_lines(source, block, source.line((*at, "examples")) + 1))
    if not lines:
        refuse(f"{kind} {name!r} has no examples", "add `examples: |` with lines `- …`")
    elif kind == "regex":
        _add_pattern(name, lines, source, reading)
    elif name not in reading.known:
        refuse(f"unknown intent {name!r}", "use an intent of nlu/intents.yaml", "intent")
    else:
        for line, written in lines:
            _add_example(Example(normalise(written), name, written, source.path, line), reading)


def _lines(source: Source, block: str, first: int) -> Iterator[tuple[int, str]]:
    """The examples of a block with their lines in the file."""
    for line, text in enumerate(block.splitlines(), first):
        stripped = text.strip()
        if stripped.startswith("- ") and stripped[2:].strip():
            yield line, stripped[2:].strip()
        elif stripped:
            message = f"not an example: {stripped[:30]!r}"
            raise DataError([Problem(source.path, line, message, "begin it with `- `")])


def _add_example(example: Example, reading: _Reading) -> None:
    known = reading.first.setdefault(example.text, example)
    if known is not example:
        message = (
            f"{example.written!r} stands twice: {known.intent} at {known.path.name}:{known.line}"
            f" and {example.intent}"
        )
        mend = "keep one of the two"
    elif not example.text:
        message, mend = f"nothing is left of {example.written!r} when normalised", "remove it"
    else:
        reading.examples.append(example)
        return
    reading.problems.append(Problem(example.path, example.line, message, mend))


def _add_pattern(
    name: str, lines: list[tuple[int, str]], source: Source, reading: _Reading
) -> None:
    for line, pattern in lines:
        try:
            re.compile(pattern)
        except re.error as error:
            message = f"regex {name!r} is not a valid pattern: {error}"
            reading.problems.append(Problem(source.path, line, message, "correct it"))
        else:
            reading.patterns.append(Pattern(name, pattern))
