"""`anxin bench start`: how long the commands take to their first answer, and the memory they need.

Every start is a process of its own in an empty folder; what the first start leaves there (database,
keys) the later ones find. The peer is a FastAPI route that does nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.bench.process import environment, free_port, line, load, median, memory, serving

Progress = Callable[[str], None]
_QUESTION = "长治学家政有补贴吗"
_NOTHING = """
import uvicorn
from fastapi import FastAPI
web = FastAPI()
web.add_api_route("/", lambda: "ok")
uvicorn.run(web, port={port}, log_level="error")
"""


@dataclass(frozen=True)
class Start:
    """One start: seconds to the first answer, and MB of memory then."""

    seconds: float
    memory: float


def start_bench(rounds: int, progress: Progress = lambda _line: None) -> str:
    """The table of figures. Raises `NoStart`."""
    found: dict[str, list[Start]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = [_served(folder)]
        for number in range(rounds):
            progress(f"round {number + 1} of {rounds} ({load()})")
            found.setdefault("bare FastAPI", []).append(_bare(folder))
            found.setdefault("`anxin serve`", []).append(_served(folder))
            found.setdefault("`anxin ask`", []).append(_run(folder, "ask", _QUESTION))
            found.setdefault("`anxin doctor`", []).append(_run(folder, "doctor"))
            found.setdefault("`anxin --help`", []).append(_run(folder, "--help"))
    found["`anxin serve`, the first time"] = first
    return table(found, rounds)


def table(found: dict[str, list[Start]], rounds: int) -> str:
    """The figures in Markdown."""
    lines = [line("", "first answer s", "memory MB"), line(*["---"] * 3)]
    for name, starts in found.items():
        seconds = median([one.seconds for one in starts])
        lines.append(line(name, f"{seconds:.2f}", f"{median([s.memory for s in starts]):.0f}"))
    return "\n".join([*lines, "", f"median of {rounds} rounds, {load()}"])


def _served(folder: Path) -> Start:
    """To the reply to a question, which needs every part."""
    port = free_port()
    command = ("-m", "bot", "serve", "--port", str(port))
    asked = f'{{"sender": "bench", "message": "{_QUESTION}"}}'.encode()
    ready = ("/webhooks/rest/webhook", asked)
    with serving(folder, command, port, ready, {}) as served:
        return Start(served.start, memory(served.pid))


def _bare(folder: Path) -> Start:
    port = free_port()
    with serving(folder, ("-c", _NOTHING.format(port=port)), port, ("/", None), {}) as served:
        return Start(served.start, memory(served.pid))


def _run(folder: Path, *arguments: str) -> Start:
    """A command that ends by itself; the memory is the most that it had."""
    began = time.monotonic()
    command: Sequence[str] = (sys.executable, "-m", "bot", *arguments)
    with (folder / "process.log").open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            command, cwd=folder, env=environment({}), stdout=output, stderr=output
        )
        _pid, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Start(time.monotonic() - began, used.ru_maxrss / 1024)
