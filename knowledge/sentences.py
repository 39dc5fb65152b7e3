"""Sentences for people, by dotted keys of a YAML file beside the module that says them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from knowledge.strict_yaml import read


class Sentences:
    """The sentences and words of one file, read when the first is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def data(self) -> dict[str, Any]:
        """All of the file."""
        data: dict[str, Any] = read(self._path).data
        return data

    def say(self, key: str, **values: object) -> str:
        """The sentence under `key` (dotted), with `values` filled in. KeyError for an unknown
        key."""
        text: str = self._under(key)
        return text.format(**values)

    def table(self, key: str) -> dict[str, str]:
        """The words and sentences under `key`, in their order."""
        found: dict[str, str] = self.data[key]
        return found

    def has(self, key: str) -> bool:
        """Whether there is a sentence under `key`."""
        try:
            return isinstance(self._under(key), str)
        except (KeyError, TypeError):
            return False

    def _under(self, key: str) -> Any:
        found: Any = self.data
        for part in key.split("."):
            found = found[part]
        return found
