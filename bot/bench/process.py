"""What the measurements share: a bot in a process of its own, its memory, and tables."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.settings import settings

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 120.0
_LOOK_S = 0.005
Asked = tuple[str, bytes | None]  # a path, and JSON to be posted there, if any


@dataclass(frozen=True)
class Served:
    """A server that answers."""

    port: int
    pid: int
    start: float  # seconds from the command to the first answered request


class NoStart(Exception):
    """A measured process did not start; what it said is the message."""


@contextmanager
def serving(
    folder: Path, arguments: Sequence[str], port: int, asked: Asked, env: Mapping[str, str]
) -> Iterator[Served]:
    """`python` with `arguments`, in `folder`, from the moment that it has answered `asked`.

    It has no settings but `env`: what the caller's environment says of its own bot is left out.
    Raises `NoStart`.
    """
    log = folder / "process.log"
    began = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, *arguments],
            cwd=folder,
            env=environment(env),
            stdout=output,
            stderr=output,
        )
    try:
        while not _answers(port, *asked):
            if process.poll() is not None or time.monotonic() > began + _PATIENCE_S:
                raise NoStart(log.read_text(encoding="utf-8", errors="replace")[-2000:])
            time.sleep(_LOOK_S)
        yield Served(port, process.pid, time.monotonic() - began)
    finally:
        process.kill()
        process.wait()


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of a measured process: no bot's settings but `env`, this very code, and the
    model that `make setup` or the first start has trained."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ANXIN_")}
    model = str(settings().model_dir.resolve())
    return kept | {"PYTHONPATH": str(_ROOT), "ANXIN_MODEL_DIR": model} | dict(env)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def memory(process: int | str) -> float:
    """Resident memory of a process in MB, as Linux counts it."""
    status = Path(f"/proc/{process}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
    return int(line.split()[1]) / 1024


def processor_ms(process: int) -> float:
    """The processor time that a process has taken so far, in ms: other work on the machine does
    not lengthen it as it does the time by the clock."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1e3 / os.sysconf("SC_CLK_TCK")


def median(values: Sequence[float]) -> float:
    """The middle one of the values."""
    return percentile(values, 50)


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which `percent` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def line(*cells: str) -> str:
    """A row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def load() -> str:
    """How busy the machine is, to be said with every figure."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def _answers(port: int, path: str, posted: bytes | None) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"content-type": "application/json"} if posted else {}
        connection.request("POST" if posted else "GET", path, posted, headers)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
