"""A served application in a process of its own, over a database file that has accounts.

`python -m tests.bot.console.served DATABASE PORT` serves until it is stopped. It works
round the clock, and understands a few words more than the other tests' applications.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import httpx
import uvicorn

from bot.app import utc_now
from bot.http import create_app
from tests.bot import serving

ROOT = Path(__file__).parents[3]
_START_S = 180  # a machine may be very busy


class Served:
    """The process; it can be killed and started anew on the same port."""

    def __init__(self, database: Path, port: int) -> None:
        self._command = (
            *(sys.executable, "-m", "tests.bot.console.served"),
            *(str(database), str(port)),
        )
        self.url = f"http://127.0.0.1:{port}"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, cwd=ROOT)
        deadline = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise TimeoutError("the server did not start")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False


def main(database: str, port: str) -> None:
    serving._WORDS["人工"] = "handoff"
    plain = serving.app_on(Path(database))
    app = serving.set_otherwise(plain, utc_now, {"staff_hours": ""})
    uvicorn.run(create_app(app), port=int(port), log_level="error", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
