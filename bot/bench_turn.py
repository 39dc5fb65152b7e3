"""`anxin bench turn`: how long a whole turn takes in process, and what of it is what."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bot.app import App
from bot.bench_answers import Question
from dialogs.memory import Memory
from dialogs.reply import Message


def time_turns(app: App, questions: Sequence[Question]) -> str:
    """Median, 99th percentile and worst, in milliseconds, of a turn and of its largest parts."""
    texts = [question.text for question in questions]
    for text in texts[:50]:  # caches and word lists are warm in a running process
        app.conversation.converse(Message(text), Memory())
    rows = [
        _row(
            "whole turn", _times(lambda t: app.conversation.converse(Message(t), Memory()), texts)
        ),
        _row("understanding alone", _times(app.conversation.understand, texts)),
        _row("library search alone", _times(lambda t: app.library.search(t, limit=6), texts)),
    ]
    return "\n".join(["milliseconds              p50     p99   worst", *rows])


def _times(run: Callable[[str], object], texts: Sequence[str]) -> list[float]:
    found = []
    for text in texts:
        start = time.perf_counter()
        run(text)
        found.append((time.perf_counter() - start) * 1e3)
    return sorted(found)


def _row(name: str, times: Sequence[float]) -> str:
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    return f"{name:22}{times[len(times) // 2]:8.2f}{p99:8.2f}{times[-1]:8.2f}"
