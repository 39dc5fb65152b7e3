"""A bot with the WeChat channel on a real port, and the platform that talks to it."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
from fastapi import FastAPI

from bot import problems
from bot.app import App, connected, utc_now
from bot.database import open_engine
from bot.delivery.courier import Courier
from bot.http.guard import Guard
from bot.recheck import Rechecker
from bot.sealing import Seal
from bot.settings import Settings
from bot.wechat.service import WeChat, open_wechat
from bot.wechat.webhook import Timing
from dialogs.converse import Conversation
from dialogs.memory import Memory
from dialogs.reply import Block, Message, Option, Reply, Statement, Status
from knowledge.library import Library
from knowledge.vocabulary import vocabulary
from nlu.understand import Understander
from tests.bot.serving import SEAL_KEY, KeywordClassifier
from tests.bot.serving import serving as serving_the_web
from tests.pace import pace
from tests.simulators.wechat_platform import Account, Platform

# When WeChat's five seconds are over, shortened for a quiet machine (`short_timing`).
_SHORT_CUT = 1.7
# For all others: as it is, but that a busy machine is given more.
LONG_CUT, LONG = 30.0, Timing(budget=25.0, look=0.1)
API = "http://wechat.test"
ALICE = "oAlice"

Converse = Callable[[Message, Memory], Reply]


def short_timing() -> tuple[Timing, float]:
    """For tests of what happens when time runs out: the bot's times and when WeChat breaks off.
    `Bench.unhurried` ends it, so that what comes after need not be quick."""
    slow = pace()
    times = {"budget": 0.7, "in_time": 1.6, "hold": 1.9, "give_up": 2.6}
    return Timing(**{name: slow * at for name, at in times.items()}, look=0.1), slow * _SHORT_CUT


def talk(text: str, *labels: str) -> Reply:
    options = tuple(Option(label, label) for label in labels)
    return Reply(Status.ANSWERED, (Block("talk", (Statement(text),)),), options=options)


class Echo:
    """Says what it was asked, and keeps the messages."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def __call__(self, message: Message, _memory: Memory) -> Reply:
        self.messages.append(message)
        return talk(f"答：{message.text}")

    @property
    def asked(self) -> list[str]:
        return [message.text for message in self.messages]


LONG_TEXT = "".join(f"第{n}条：这是一句不长不短的话，说的是第{n}件事。" for n in range(1, 75))


def long_winded(message: Message, _memory: Memory) -> Reply:
    """Answers `全部` with more than fits into a text, and two options."""
    if "全部" in message.text:
        return talk(LONG_TEXT, "广州", "长治")
    return talk(f"答：{message.text}")


@dataclass(frozen=True)
class StandIn(Conversation):
    """A dialogue that says what the test wants."""

    answer: Converse = lambda message, _memory: talk(f"答：{message.text}")

    def converse(
        self, message: Message, memory: Memory, as_of: dt.date | None = None
    ) -> tuple[Reply, Memory]:
        return self.answer(message, memory), memory


def settings_for(folder: Path, database_url: str, account: Account, **more: object) -> Settings:
    safe = account.mode != "plain"
    return Settings(
        **{  # type: ignore[arg-type]
            "_env_file": None,
            "database_url": database_url,
            "seal_key_file": folder / "seal.key",
            "wechat_token": account.token,
            "wechat_app_id": account.app_id,
            "wechat_app_secret": account.secret,
            "wechat_aes_key": account.aes_key if safe else "",
            "wechat_verified": account.verified,
            "wechat_api_base": API,
            "staff_hours": "",
            **more,
        }
    )


def app_for(settings: Settings, answer: Converse | None = None) -> App:
    """An app over a migrated database: the real dialogue with a few words for a classifier, or a
    stand-in."""
    engine = open_engine(settings.database_url)
    library = Library(engine)
    understand = Understander(KeywordClassifier()).understand
    conversation = (
        Conversation(library, vocabulary(), understand, utc_now)
        if answer is None
        else StandIn(library, vocabulary(), understand, utc_now, answer=answer)
    )
    return connected(settings, engine, conversation, Seal(SEAL_KEY))


def web_of(app: App, wechat: WeChat) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_web: FastAPI) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Courier(app.outbox, [wechat.sender]).run_for_ever)
            tasks.start_soon(wechat.run_for_ever)
            if (permits := app.conversation.permits) is not None:
                rechecker = Rechecker(app.engine, permits, app.conversation.now, app.outbox)
                tasks.start_soon(rechecker.run_for_ever)
            yield
            tasks.cancel_scope.cancel()

    web = FastAPI(lifespan=lifespan)
    web.include_router(wechat.router())
    problems.install(web)
    web.add_middleware(Guard)
    return web


@contextmanager
def serving(web: FastAPI, *, kill: bool = False) -> Iterator[str]:
    """Serve on a free port; `kill` breaks off what is running at the end."""
    with serving_the_web(web, "on", graceful_s=0 if kill else None) as url:
        yield url


@dataclass
class Bench:
    """Everything of one conversation partner's test."""

    app: App
    wechat: WeChat
    platform: Platform
    url: str

    def unhurried(self) -> None:
        """From now on nobody runs out of time."""
        self.platform.cut = LONG_CUT
        self.wechat.webhook._timing = LONG

    def run(self, scene: Callable[[Platform], object]) -> None:
        """Play a scene with a client of its own."""

        async def play() -> None:
            async with httpx.AsyncClient(base_url=self.url, timeout=60) as client:
                self.platform.client = client
                await scene(self.platform)  # type: ignore[misc]

        asyncio.run(play())


@contextmanager
def bench(
    folder: Path,
    database_url: str,
    account: Account | None = None,
    answer: Converse | None = None,
    *,
    short: bool = False,
    lease: float = 2.0,
    **settings: object,
) -> Iterator[Bench]:
    """`short`: the five seconds are shorter, so that a test need not wait for them."""
    account = account or Account()
    app = app_for(settings_for(folder, database_url, account, **settings), answer)
    timing, cut = short_timing() if short else (LONG, LONG_CUT)
    platform = Platform(account, httpx.AsyncClient(), cut=cut)
    wechat = open_wechat(
        app,
        transport=httpx.ASGITransport(platform.api.app()),
        timing=timing,
        lease=dt.timedelta(seconds=lease),
    )
    assert wechat is not None
    try:
        with serving(web_of(app, wechat)) as url:
            yield Bench(app, wechat, platform, url)
    finally:
        app.engine.dispose()


async def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        await asyncio.sleep(0.01)
