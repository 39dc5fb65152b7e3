"""What the console says besides its templates (`wording.yaml`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from knowledge.strict_yaml import read


def say(key: str, **values: object) -> str:
    """The sentence under `key` (dotted), with `values` filled in. KeyError for an unknown key."""
    found: Any = _sentences()
    for part in key.split("."):
        found = found[part]
    text: str = found
    return text.format(**values)


def table(key: str) -> dict[str, str]:
    """The words under `key`, in their order."""
    found: dict[str, str] = _sentences()[key]
    return found


@cache
def _sentences() -> dict[str, Any]:
    data: dict[str, Any] = read(Path(__file__).with_name("wording.yaml")).data
    return data
