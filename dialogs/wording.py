"""The one place our own sentences come from (`wording.yaml`). No sentence for people is in code."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from knowledge.schema import Document
from knowledge.strict_yaml import read


@cache
def _sentences() -> dict[str, Any]:
    data: dict[str, Any] = read(Path(__file__).with_name("wording.yaml")).data
    return data


def say(key: str, **values: object) -> str:
    """The sentence under `key` (dotted), with `values` filled in. KeyError for an unknown key."""
    found: Any = _sentences()
    for part in key.split("."):
        found = found[part]
    text: str = found
    return text.format(**values)


def say_in(document: Document, key: str, **values: Any) -> str:
    """A sentence about what a document says; a newspaper's report is not called a document."""
    paper = "paper.report" if document.form == "news_report" else "paper.document"
    return say(key, paper=say(paper), **values)


def table(key: str) -> dict[str, str]:
    """The words and sentences under `key`."""
    found: dict[str, str] = _sentences()[key]
    return found


def has(key: str) -> bool:
    """Whether there is a sentence under `key`."""
    found: Any = _sentences()
    for part in key.split("."):
        if not isinstance(found, dict) or part not in found:
            return False
        found = found[part]
    return isinstance(found, str)


def spoken_date(date: Any) -> str:
    """A date as people read it aloud: 2021年10月20日."""
    return f"{date.year}年{date.month}月{date.day}日"


def listed(names: list[str] | tuple[str, ...]) -> str:
    """Names one after the other with Chinese commas."""
    return "、".join(names)
