"""Rasa's own programs, in the environment of `make rasa`: training a project and serving it.

Used by the agreement test and by `anxin bench nlu`; a bot on Rasa talks to a server that somebody
else started (`make rasa-serve`).
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ENVIRONMENT = Path(__file__).parent.parent / ".venv-rasa"
RASA = ENVIRONMENT / "bin" / "rasa"
MODEL = "anxin.tar.gz"  # within a project's folder
_PATIENCE = 600.0  # seconds for a start; TensorFlow alone takes half a minute on a small machine


class RasaFailed(Exception):
    """Rasa's program ended badly or did not come up; the message says where its log is."""


@dataclass(frozen=True)
class Server:
    """A running Rasa: where it listens, its process, and how many seconds it took to answer."""

    url: str
    pid: int
    start: float


def train_rasa(folder: Path) -> None:
    """Train the project that `nlu.rasa_export.export` wrote into `folder`.

    The model is `folder/anxin.tar.gz`. Raises `RasaFailed`, or `OSError` without the environment.
    """
    log = folder / "train.log"
    command = [str(RASA), "train", "nlu", "--nlu", "data", "--config", "config.yml"]
    command += ["--domain", "domain.yml", "--out", ".", "--fixed-model-name", MODEL.split(".")[0]]
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603
            command, cwd=folder, env=_quiet(), stdout=output, stderr=subprocess.STDOUT, check=False
        )
    if done.returncode or not (folder / MODEL).exists():
        raise RasaFailed(f"rasa train ended with {done.returncode}; see {log}")


@contextmanager
def serving(model: Path, log: Path) -> Iterator[Server]:
    """Serve `model` on a free port of this machine, ready to parse; ended on leaving.

    Raises `RasaFailed` when it ends or is not ready in ten minutes.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(RASA), "run", "--enable-api", "-i", "127.0.0.1", "-p", str(port)]
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603
            [*command, "-m", str(model.resolve())],
            cwd=model.parent,
            env=_quiet(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        while not _answers(url):
            if process.poll() is not None or time.monotonic() - started > _PATIENCE:
                raise RasaFailed(f"rasa run did not come up; see {log}")
            time.sleep(0.2)
        yield Server(url, process.pid, time.monotonic() - started)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(url: str) -> bool:
    try:
        answer = httpx.post(f"{url}/model/parse", json={"text": "你好"}, timeout=30)
    except httpx.HTTPError:
        return False
    return answer.is_success


def _quiet() -> dict[str, str]:
    """This environment, without Rasa's reports to its makers and its libraries' warnings."""
    return os.environ | {
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        # Other Rasa projects' half-results must not make a training look quick.
        "RASA_MAX_CACHE_SIZE": "0",
    }
