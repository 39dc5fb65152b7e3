"""A served application in a process of its own, over a database file that has accounts.

`python -m tests.bot.console.served DATABASE PORT HOLD_BELOW` serves until it is stopped. It works
round the clock, and understands a few words more than the other tests' applications.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import httpx
import uvicorn

from bot.app import connected, utc_now
from bot.http import create_app
from tests.bot import serving

ROOT = Path(__file__).parents[3]


class Served:
    """The process; it can be killed and started anew on the same port."""

    def __init__(self, database: Path, port: int, hold_below: float = 0.0) -> None:
        self._command = (
            *(sys.executable, "-m", "tests.bot.console.served"),
            *(str(database), str(port), str(hold_below)),
        )
        self.url = f"http://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, cwd=ROOT)
        deadline = time.monotonic() + 60
        while True:
            assert self._process.poll() is None, "the server did not start"
            assert time.monotonic() < deadline, "the server did not start in time"
            try:
                httpx.get(f"{self.url}/healthz")
                return
            except httpx.TransportError:
                time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()


def main(database: str, port: str, hold_below: str) -> None:
    serving._WORDS["人工"] = "handoff"
    plain = serving.app_on(Path(database))
    settings = plain.settings.model_copy(
        update={"staff_hours": "", "hold_below": float(hold_below)}
    )
    app = connected(
        settings,
        plain.engine,
        replace(plain.conversation, now=utc_now),
        plain.seal,
        understander=plain.understander,
    )
    uvicorn.run(create_app(app), port=int(port), log_level="error", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
