"""The table of turns: every kind is said, answered and timed."""

from __future__ import annotations

from pathlib import Path

from bot.app import App
from bot.bench.answers import read_questions
from bot.bench.turn import time_turns

_KINDS = 10


def test_each_kind_of_turn_is_timed(app: App) -> None:
    questions = read_questions(Path("tests/conversations/questions"))[:6]
    head, *rows = time_turns(app, questions).splitlines()
    assert "p50" in head
    assert len(rows) == len({row[:28] for row in rows}) == _KINDS
    for row in rows:
        clock_50, clock_99, clock_worst, p50, p99, worst = map(float, row[28:].split())
        assert 0 < clock_50 <= clock_99 <= clock_worst
        assert 0 <= p50 <= p99 <= worst
