"""`anxin bench turn`: how long a whole turn takes in process, and what of it is what."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from bot.app import App
from bot.bench.answers import Question
from dialogs.memory import Memory
from dialogs.reply import Message


def time_turns(app: App, questions: Sequence[Question]) -> str:
    """Milliseconds of a turn and of its largest parts: by the clock, and of processor time, which
    other work on the machine does not lengthen so much."""
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
    head = f"{'milliseconds':22}{'p50':>8}{'p99':>8}{'worst':>8}   processor: p50     p99   worst"
    return "\n".join([head, *rows])


def _times(run: Callable[[str], object], texts: Sequence[str]) -> list[list[float]]:
    """The times of each text by the clock, and of the processor; each list sorted."""
    clock, processor = [], []
    for text in texts:
        start, busy = time.perf_counter(), time.thread_time()
        run(text)
        processor.append((time.thread_time() - busy) * 1e3)
        clock.append((time.perf_counter() - start) * 1e3)
    return [sorted(clock), sorted(processor)]


def _row(name: str, both: Sequence[Sequence[float]]) -> str:
    cells = []
    for times in both:
        p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
        cells.append(f"{times[len(times) // 2]:8.2f}{p99:8.2f}{times[-1]:8.2f}")
    return f"{name:22}{cells[0]}        {cells[1]}"
