"""The measurement of starts: what a command took, and what it needed."""

from __future__ import annotations

from pathlib import Path

from bot.bench.start import Start, _run, table


def test_a_command_that_ends_is_measured(tmp_path: Path) -> None:
    start = _run(tmp_path, "--help")
    assert start.seconds > 0
    assert start.memory > 10
    assert "安心问" in (tmp_path / "process.log").read_text(encoding="utf-8")


def test_the_table_holds_the_middle_of_the_rounds() -> None:
    starts = [Start(1.0, 50.0), Start(9.0, 70.0), Start(2.0, 60.0)]
    assert "| `anxin ask` | 2.00 | 60 |" in table({"`anxin ask`": starts}, 3)
