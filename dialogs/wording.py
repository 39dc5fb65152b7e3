"""The one place our own sentences come from (`wording.yaml`). No sentence for people is in code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from knowledge.schema import Document
from knowledge.sentences import Sentences

_SENTENCES = Sentences(Path(__file__).with_name("wording.yaml"))
say, table, has = _SENTENCES.say, _SENTENCES.table, _SENTENCES.has


def say_in(document: Document, key: str, **values: Any) -> str:
    """A sentence about what a document says; a newspaper's report is not called a document."""
    paper = "paper.report" if document.form == "news_report" else "paper.document"
    return say(key, paper=say(paper), **values)


def spoken_date(date: Any) -> str:
    """A date as people read it aloud: 2021年10月20日."""
    return f"{date.year}年{date.month}月{date.day}日"


def listed(names: list[str] | tuple[str, ...]) -> str:
    """Names one after the other with Chinese commas."""
    return "、".join(names)
