"""A whole application on a real port, with a classifier that needs no training."""

from __future__ import annotations

import asyncio
import datetime as dt
import faulthandler
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

import uvicorn
from starlette.applications import Starlette

from bot.app import App, connected
from bot.database import open_engine
from bot.sealing import Seal
from bot.settings import Settings
from dialogs.converse import Conversation
from knowledge.library import Library
from knowledge.vocabulary import vocabulary
from nlu.understand import Understander
from nlu.understanding import Score

SEAL_KEY = b"k" * 32
NOW = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)

# Enough to lead the tests' questions to their subjects; everything behind it is the real thing.
_WORDS = {
    "补贴": "training_subsidy",
    "免费": "training_subsidy",
    "我能领": "what_can_i_get",
    "保险": "accident_insurance",
    "星级": "star_rating",
    "你好": "greet",
    "天气": "out_of_scope",
}


class KeywordClassifier:
    """An engine that knows a few words."""

    name = "keywords"

    def classify(self, text: str) -> tuple[Score, ...]:
        for word, intent in _WORDS.items():
            if word in text:
                return (Score(intent, 0.9),)
        return (Score("out_of_scope", 0.05),)


def app_on(database: Path) -> App:
    """The parts of a process over a database file that holds the library."""
    settings = Settings(
        database_url=f"sqlite:///{database}",
        ask_limit="100000/minute",  # one test client is many people
        read_limit="100000/minute",
        console_audit_anchor=database.with_suffix(".anchor"),
        _env_file=None,
    )
    engine = open_engine(settings.database_url)
    library = Library(engine)
    understander = Understander(KeywordClassifier())
    conversation = Conversation(
        library=library,
        words=vocabulary(),
        understand=understander.understand,
        now=lambda: NOW,
        max_chars=settings.max_message_chars,
    )
    return connected(settings, engine, conversation, Seal(SEAL_KEY), understander=understander)


def set_otherwise(
    plain: App, now: Callable[[], dt.datetime], settings: Mapping[str, object]
) -> App:
    """The same process with a clock of its own and other settings."""
    return connected(
        plain.settings.model_copy(update=settings),
        plain.engine,
        replace(plain.conversation, now=now),
        plain.seal,
        understander=plain.understander,
    )


def copy_of(database: Path, folder: Path) -> Path:
    """A database file of a test's own."""
    return Path(shutil.copy(database, folder / "own.db"))


class _Ticking(uvicorn.Server):
    """Looks ten times a second, while it stops, for what threads have handed to its loop.

    Twice a server that had stood for minutes of tests did not stop: its loop slept for ever, all
    its threads were idle, so a wake-up seems to have been lost (the pipe by which
    threads wake it closed by somebody?). While it serves, uvicorn's own clock hides that.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        async def tick() -> None:
            while True:
                await asyncio.sleep(0.1)

        ticking = asyncio.create_task(tick())
        try:
            await super().shutdown(sockets)
        finally:
            ticking.cancel()


@contextmanager
def serving(
    web: Starlette,
    lifespan: Literal["on", "off"] = "off",
    port: int = 0,
    graceful_s: int | None = 1,
    kind: Callable[[uvicorn.Config], uvicorn.Server] | None = None,
) -> Iterator[str]:
    """Serve `web` on a port of this machine (0: a free one); gives its address. With its lifespan
    on, what it does by itself runs too. What runs at the end has `graceful_s` (None: all it
    needs)."""
    config = uvicorn.Config(
        web,
        port=port,
        log_level="error",
        access_log=False,
        lifespan=lifespan,
        proxy_headers=False,
        timeout_graceful_shutdown=graceful_s,
    )
    server = (kind or _Ticking)(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server did not start in time"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive(), "the server does not stop:\n" + _stacks()


def _stacks() -> str:
    """Where each thread of this process stands, and each task of its event loops."""
    with tempfile.TemporaryFile("w+") as written:
        faulthandler.dump_traceback(written)
        for task in list(asyncio.tasks._all_tasks):  # type: ignore[attr-defined]
            if not task.done():
                task.print_stack(file=written)
        written.seek(0)
        return written.read()
