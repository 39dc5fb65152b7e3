"""Who watches is told within a second, of what any process did; on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt

import anyio
import anyio.to_thread
import pytest
from sqlalchemy import Engine, func, select

import bot.conversations.live
from bot.conversations.held import held
from bot.conversations.live import Live
from bot.conversations.rows import ChangeRow
from dialogs.memory import Memory
from dialogs.reply import Block, Message, Reply, Statement, Status

NOW = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)
REPLY = Reply(Status.ANSWERED, (Block("talk", (Statement("答"),)),))


def ask(engine: Engine, person: str, number: int = 1, at: dt.datetime = NOW) -> int:
    with held(engine, "web", person, at) as conversation:
        message = Message("问", person, f"m{number}", "web")
        conversation.add_turn(message, REPLY, Memory(), at, at)
        return conversation.pk


def test_each_watcher_is_told_of_what_it_watches(engine: Engine) -> None:
    mine, other = ask(engine, "mine"), ask(engine, "other")
    seen: list[frozenset[int]] = []
    everything: set[int] = set()

    async def watch_one(live: Live, ready: anyio.Event) -> None:
        async for changed in live.changes(mine):
            seen.append(changed)
            ready.set()

    async def watch_all(live: Live, ready: anyio.Event) -> None:
        async for changed in live.changes():
            everything.update(changed)
            ready.set()

    async def scenario() -> None:
        live = Live(engine, lambda: NOW)
        first, second = anyio.Event(), anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(live.run_for_ever)
            tasks.start_soon(watch_one, live, first)
            tasks.start_soon(watch_all, live, second)
            await first.wait()
            await second.wait()
            await anyio.to_thread.run_sync(ask, engine, "mine", 2)
            await anyio.to_thread.run_sync(ask, engine, "other", 2)
            with anyio.fail_after(5):
                while not {mine, other} <= everything or frozenset((mine,)) not in seen:
                    await anyio.sleep(0.02)
            tasks.cancel_scope.cancel()
        assert live._watchers == {}

    anyio.run(scenario)
    assert not any(other in changed for changed in seen)


def test_a_watcher_hears_now_and_then_that_it_is_listened_to(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.conversations.live, "HEARTBEAT_S", 0.01)

    async def scenario() -> list[frozenset[int]]:
        heard: list[frozenset[int]] = []
        with anyio.fail_after(5):
            async for changed in Live(engine, lambda: NOW).changes():
                heard.append(changed)
                if len(heard) == 3:
                    break
        return heard

    assert anyio.run(scenario) == [frozenset()] * 3


def test_a_transaction_that_ends_late_is_not_missed(engine: Engine) -> None:
    live = Live(engine, lambda: NOW)
    pk = ask(engine, "mine")
    live._highest = 40  # a later row was seen while this one's transaction was open
    assert live._new() == {pk}
    assert live._new() == set()


def test_old_changes_are_swept_out(engine: Engine) -> None:
    ask(engine, "old", 1, NOW - dt.timedelta(hours=2))
    ask(engine, "new")
    Live(engine, lambda: NOW)._sweep()
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(ChangeRow)).scalar() == 1
