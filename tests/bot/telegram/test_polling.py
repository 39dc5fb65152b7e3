"""Polling: nothing confirmed before it is answered, and clear words where it cannot begin."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
import pytest
import structlog
from sqlalchemy.exc import OperationalError
from telegram.error import InvalidToken
from typer.testing import CliRunner

from bot.conversations.kept import history
from bot.delivery.outbox import Outbox
from bot.settings import settings
from bot.telegram import cli as telegram_cli
from bot.telegram import polling
from bot.telegram.channel import open_channel
from tests.bot.telegram.conftest import World
from tests.bot.telegram.world import MEI
from tests.simulators.telegram_chats import TOKEN


@dataclass
class Poller:
    lines: list[str] = field(default_factory=list)


@asynccontextmanager
async def polled(world: World, *, take_over: bool = False) -> AsyncIterator[Poller]:
    """A process that polls, until the block ends."""
    channel, poller = open_channel(world.app), Poller()
    assert channel is not None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(
            telegram_cli.run_polling, world.app, channel, poller.lines.append, take_over
        )
        yield poller
        tasks.cancel_scope.cancel()


async def until(done: Callable[[], Any]) -> None:
    with anyio.fail_after(30):
        while not done():
            await anyio.sleep(0.01)


def asked(world: World) -> list[str]:
    return [turn.text for turn in history(world.app.engine, "telegram", str(MEI))]


def test_a_conversation_by_polling(world: World) -> None:
    chats = world.chats
    chats.text(MEI, "广州月嫂培训免费吗")  # waited for the bot
    chats.edit(chats.text(MEI, "帮我对条件"), "改过的")

    async def scenario() -> None:
        async with polled(world) as poller:
            await until(lambda: len(chats.seen(MEI)) == 2)
            assert chats.seen(MEI)[-1].labels[2] == "自己接活"
            chats.tap(MEI, "自己接活")
            await until(lambda: len(chats.seen(MEI)) == 3)
            await until(lambda: chats.answered)
            chats.text(MEI + 1, "你好")
            await until(lambda: chats.seen(MEI + 1))
            assert poller.lines[0].startswith("@anxin_test_bot answers")

    anyio.run(scenario)
    assert asked(world) == ["广州月嫂培训免费吗", "帮我对条件", "自己接活"]


def test_what_could_not_be_stored_is_not_confirmed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats, put, tries = world.chats, Outbox.put, []

    def put_at_last(self: Outbox, *given: Any, **more: Any) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OperationalError("insert", None, Exception())
        put(self, *given, **more)

    monkeypatch.setattr(Outbox, "put", put_at_last)
    monkeypatch.setattr(polling, "_FIRST_WAIT_S", 0.01)
    chats.text(MEI, "你好")

    async def scenario() -> None:
        async with polled(world) as poller:
            await until(lambda: chats.seen(MEI))
            assert sum("database" in line for line in poller.lines) == 2

    anyio.run(scenario)
    assert len(chats.seen(MEI)) == 1
    assert asked(world) == ["你好"]


def test_a_fault_of_ours_does_not_hold_up_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = type(world.app.inbox).handle

    def broken(self: Any, message: Any, *more: Any) -> Any:
        if message.text == "坏":
            raise RuntimeError("a fault")
        return handle(self, message, *more)

    monkeypatch.setattr(type(world.app.inbox), "handle", broken)
    for words in ("坏", "你好"):
        world.chats.text(MEI, words)

    async def scenario() -> None:
        async with polled(world):
            await until(lambda: world.chats.seen(MEI))

    anyio.run(scenario)
    assert asked(world) == ["你好"]


def test_it_waits_for_the_network_and_for_floods(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "_FIRST_WAIT_S", 0.01)
    chats = world.chats
    chats.fails("getMe", 502, "Bad Gateway")
    chats.fails("getUpdates", 500, "Internal Server Error")
    chats.fails("getUpdates", 409, "Conflict: terminated by other getUpdates request")
    chats.fails("getUpdates", 429, "Too Many Requests", retry_after=1)
    chats.text(MEI, "你好")

    async def scenario() -> None:
        async with polled(world) as poller:
            await until(lambda: chats.seen(MEI))
            told = "\n".join(poller.lines)
            assert told.count("Telegram is not reached (NetworkError)") == 2
            assert "another process polls" in told
            assert "again in 1 s" in told

    anyio.run(scenario)


def test_a_token_withdrawn_while_polling_ends_it(world: World) -> None:
    world.chats.fails("getUpdates", 401, "Unauthorized")
    channel = open_channel(world.app)
    assert channel is not None
    with pytest.raises(InvalidToken):
        anyio.run(telegram_cli.run_polling, world.app, channel, print, False)


def test_a_webhook_is_not_taken_away_unasked(world: World) -> None:
    world.chats.webhook = {"url": "https://anxin.example/telegram", "secret": "x"}
    channel = open_channel(world.app)
    assert channel is not None
    with pytest.raises(polling.WebhookIsSet, match=r"anxin\.example"):
        anyio.run(telegram_cli.run_polling, world.app, channel, print, False)
    assert world.chats.webhook
    world.chats.text(MEI, "你好")

    async def scenario() -> None:
        async with polled(world, take_over=True):
            await until(lambda: world.chats.seen(MEI))

    anyio.run(scenario)
    assert not world.chats.webhook


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """`anxin telegram poll` with settings from the environment, on the test's app."""

    def run(*arguments: str, **environment: str) -> tuple[int, str]:
        given = {"TOKEN": TOKEN, "API_BASE": world.api} | environment
        for name, value in given.items():
            monkeypatch.setenv(f"ANXIN_TELEGRAM_{name}", value)
        settings.cache_clear()
        # The library and the model are the test's; everything else is the command's own.
        monkeypatch.setattr(
            telegram_cli, "assemble", lambda now, _progress: replace(world.app, settings=now)
        )
        try:
            result = CliRunner().invoke(telegram_cli.telegram_app, ["poll", *arguments])
        finally:
            settings.cache_clear()
            structlog.reset_defaults()  # the runner's standard error is gone
        return result.exit_code, result.output

    return run


def test_without_a_token_the_command_says_which_setting(
    command: Callable[..., tuple[int, str]],
) -> None:
    code, output = command(TOKEN="")
    assert code == 1
    assert "ANXIN_TELEGRAM_TOKEN" in output


def test_a_refused_token_is_said_and_not_shown(command: Callable[..., tuple[int, str]]) -> None:
    code, output = command(TOKEN="1000:another-token")
    assert code == 1
    assert "refuses the token: see ANXIN_TELEGRAM_TOKEN" in output
    assert "another-token" not in output


def test_the_command_says_how_to_take_over_a_webhook(
    world: World, command: Callable[..., tuple[int, str]]
) -> None:
    world.chats.webhook = {"url": "https://anxin.example/telegram", "secret": "x"}
    code, output = command()
    assert code == 1
    assert "--take-over" in output
