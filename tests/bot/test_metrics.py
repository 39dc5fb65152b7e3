"""Figures of several processes, given as one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_COUNT = """
from bot.metrics import Metrics
metrics = Metrics()
for _ in range({times}):
    metrics.refused("wechat", "signature")
print(metrics.exposition().decode())
"""


def told(times: int, folder: Path | None) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "PROMETHEUS_MULTIPROC_DIR"}
    if folder is not None:
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    command = [sys.executable, "-c", _COUNT.format(times=times)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    ).stdout


def line(n: float) -> str:
    return f'anxin_http_refusals_total{{entrance="wechat",reason="signature"}} {n}'


def test_processes_that_share_a_folder_are_counted_as_one(tmp_path: Path) -> None:
    folder = tmp_path / "shared"  # made by whoever is first
    assert line(2.0) in told(2, folder)
    assert line(5.0) in told(3, folder)


def test_a_process_by_itself_counts_its_own() -> None:
    assert line(2.0) in told(2, None)
    assert line(3.0) in told(3, None)
