"""What `anxin ask` prints is the answer alone: log lines go beside it."""

from __future__ import annotations

import json

import pytest
import structlog
from typer.testing import CliRunner

from bot.cli import cli


def test_log_lines_stay_out_of_the_output(monkeypatch: pytest.MonkeyPatch) -> None:
    def warned(*_: object) -> str:
        structlog.get_logger().warning("registry_probing", kind="neighbours")
        return "答案"

    monkeypatch.setattr("bot.commands.ask.ask_once", warned)
    result = CliRunner().invoke(cli, ["ask", "回炉几年一次"])
    assert result.exit_code == 0
    assert result.stdout == "答案\n"
    assert json.loads(result.stderr)["event"] == "registry_probing"
