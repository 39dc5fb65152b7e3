"""Reading YAML strictly, and remembering on which line each value stands.

Plain YAML loaders keep the last of two equal keys and forget where anything stood. Policy data is
reviewed by people who look for a line, so both are wrong here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

Location = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a data file: where, what, and how to mend it."""

    path: Path
    line: int
    message: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message} → {self.mend}"


class DataError(Exception):
    """A data file that cannot be used; carries every `Problem` found in it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Source:
    """A YAML file's content with the line of every value in it."""

    path: Path
    data: Any
    lines: dict[Location, int]

    def line(self, location: Location) -> int:
        """The line of `location`, or of the nearest value above it."""
        for length in range(len(location), -1, -1):
            if (line := self.lines.get(location[:length])) is not None:
                return line
        return 1

    def problem(self, location: Location, message: str, mend: str) -> Problem:
        """A problem at a place of the file, with its line."""
        return Problem(self.path, self.line(location), message, mend)


def read(path: Path) -> Source:
    """Read one YAML document.

    Raises `DataError` for a file that is not UTF-8 or not YAML, for duplicate keys, impossible
    values (2021-02-30) and for aliases (`*name`): a value in two places has no line of its own.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8")
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem(path, line, f"not UTF-8: {error.reason}", "save the file as UTF-8")
        raise DataError([problem]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = Problem(path, line, f"not valid YAML: {error.problem}", "correct the syntax")
        raise DataError([problem]) from error
    except yaml.reader.ReaderError as error:
        line = raw.count(b"\n", 0, error.position) + 1  # libyaml counts bytes
        problem = Problem(path, line, f"not valid YAML: {error.reason}", "remove the character")
        raise DataError([problem]) from error
    reader = _Reader(path)
    data = reader.build(node, ()) if node is not None else None
    if reader.problems:
        raise DataError(reader.problems)
    return Source(path, data, reader.lines)


class _Reader:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[Location, int] = {}
        self.problems: list[Problem] = []
        self._nodes: set[int] = set()
        self._scalars = yaml.constructor.SafeConstructor()

    def build(self, node: yaml.Node, at: Location) -> Any:
        self.lines.setdefault(at, node.start_mark.line + 1)
        if id(node) in self._nodes:
            self._problem(self.lines[at], "an alias (*name) stands here", "write the value out")
            return None
        self._nodes.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, at)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*at, i)) for i, child in enumerate(node.value)]
        return self._scalar(node)

    def _scalar(self, node: yaml.Node) -> Any:
        try:
            return self._scalars.construct_object(node)
        # LookupError and AttributeError: a value that its explicit tag (!!bool x) does not fit.
        except (ValueError, LookupError, AttributeError, yaml.YAMLError) as error:
            line = node.start_mark.line + 1
            self._problem(line, f"impossible value {node.value!r}: {error}", "correct it")
            return None

    def _mapping(self, node: yaml.MappingNode, at: Location) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._problem(line, "a key is not a plain word", "write a word before the colon")
                continue
            key = self._scalar(key_node)
            if key in result:
                self._problem(line, f"duplicate key {key!r}", "keep one of the two")
                continue
            # The line of the key: a nested value begins below the place people look for.
            self.lines[(*at, key)] = line
            result[key] = self.build(value_node, (*at, key))
        return result

    def _problem(self, line: int, message: str, mend: str) -> None:
        self.problems.append(Problem(self.path, line, message, mend))


_MENDS = {
    "extra_forbidden": "remove the key or correct its spelling",
    "missing": "add the key",
    "invalid_key": "write the key in quotes (on, yes and no are not words in YAML)",
    "literal_error": "use one of the listed values",
}


def validation_problems(source: Source, error: ValidationError, at: Location = ()) -> list[Problem]:
    """A pydantic error as problems with the file's own lines."""
    problems = []
    for item in error.errors(include_url=False):
        path = tuple(part for part in item["loc"])
        key = ".".join(str(part) for part in path) or "document"
        message = f"{key}: {item['msg']}"
        if item["type"] == "extra_forbidden":
            message = f"unknown key {path[-1]!r}"
        mend = _MENDS.get(item["type"], "give a value of the right form (knowledge/schema.py)")
        problems.append(source.problem((*at, *path), message, mend))
    return problems
