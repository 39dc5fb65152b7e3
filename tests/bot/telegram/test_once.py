"""Answered exactly once: repeats, crashes at every step, and a Telegram that has troubles."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from typing import Any

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.conversations.kept import history
from bot.delivery.outbox import LEASE, Outbox
from bot.delivery.parcels import Delivery, Parcel
from bot.telegram.sender import TelegramSender
from bot.telegram.wording import say, sentence
from dialogs.reply import Block, Option, Reply, Statement, Status
from tests.bot.telegram.conftest import World
from tests.bot.telegram.world import MEI, Process, process
from tests.simulators.telegram_chats import TOKEN, Sent

HELLO = "你好"
LONG = Reply(Status.ANSWERED, (Block("talk", (Statement("给予补贴。" * 2000),)),))


async def announced(_part: int) -> bool:
    return True


def seen(world: World) -> list[Sent]:
    return world.chats.seen(MEI)


def turns(world: World) -> int:
    return len(history(world.app.engine, "telegram", str(MEI)))


def test_a_repeated_update_is_answered_once(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            update = world.chats.text(MEI, HELLO)
            await bot.takes(update)
            for _ in range(3):
                assert await bot.takes(update) == []
            assert turns(world) == 1

    anyio.run(scenario)


def test_repeats_at_the_same_time_are_answered_once(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            update = world.chats.text(MEI, HELLO)
            async with anyio.create_task_group() as tasks:
                for _ in range(8):
                    tasks.start_soon(bot.post, update)
            await bot.carry()
            assert len(seen(world)) == 1
            assert turns(world) == 1

    anyio.run(scenario)


def test_a_crash_between_storing_and_sending_is_made_good_by_the_next_process(
    world: World,
) -> None:
    async def scenario() -> None:
        update = world.chats.text(MEI, HELLO)
        async with process(world.app, world.chats) as first:
            assert (await first.post(update)).status_code == 200
        assert seen(world) == []
        async with process(world.app, world.chats) as second:
            await second.carry()
            assert len(seen(world)) == 1
            assert await second.takes(update) == []

    anyio.run(scenario)


def test_a_crash_between_the_turn_and_its_parcel_is_made_good_by_the_repeat(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a tap, whose button is out of date by then."""

    def crash(*_: Any, **__: Any) -> None:
        raise OperationalError("put", None, Exception())

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            await bot.hears("我能领什么补贴")
            tap = world.chats.tap(MEI, "广州")
            with monkeypatch.context() as broken:
                broken.setattr(Outbox, "put", crash)
                with capture_logs():
                    assert (await bot.post(tap)).status_code == 503
            assert turns(world) == 2
            (answer,) = await bot.takes(tap)
            assert "公司正式员工（员工制）" in answer.labels
            assert turns(world) == 2

    anyio.run(scenario)


def test_a_database_that_fails_leaves_the_update_with_telegram(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("select", None, Exception())

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            update = world.chats.text(MEI, HELLO)
            with monkeypatch.context() as broken, capture_logs():
                broken.setattr(type(world.app.inbox), "handle", fail)
                assert (await bot.post(update)).status_code == 503
            assert len(await bot.takes(update)) == 1

    anyio.run(scenario)


def test_a_flood_error_is_waited_for_as_long_as_telegram_says(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            world.chats.fails("sendMessage", 429, "Too Many Requests", retry_after=17)
            with capture_logs() as logs:
                assert await bot.takes(world.chats.text(MEI, HELLO)) == []
            assert [line["reason"] for line in logs if line["event"] == "delivery_failed"] == [
                "flood"
            ]
            world.clock.at += dt.timedelta(seconds=16)
            await bot.carry()
            assert seen(world) == []
            world.clock.at += dt.timedelta(seconds=1)
            await bot.carry()
            assert len(seen(world)) == 1

    anyio.run(scenario)


def test_who_has_blocked_the_bot_is_a_dead_letter(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            world.chats.blocked.add(MEI)
            with capture_logs():
                assert await bot.takes(world.chats.text(MEI, HELLO)) == []
            (dead,) = world.app.outbox.listed("dead")
            assert dead.reason == "blocked"
            world.chats.blocked.clear()
            assert world.app.outbox.replay() == 1
            await bot.carry()
            assert len(seen(world)) == 1

    anyio.run(scenario)


def test_markup_that_telegram_cannot_read_is_sent_as_plain_text(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            world.chats.fails(
                "sendMessage", 400, "Bad Request: can't parse entities: unsupported start tag"
            )
            (answer,) = await bot.takes(world.chats.text(MEI, "广州月嫂培训免费吗"))
            assert answer.parse_mode is None
            assert "<b>" not in answer.text
            assert "免费" in answer.text

    anyio.run(scenario)


async def put(bot: Process, reply: Reply, recipient: str = str(MEI)) -> None:
    with bot.app.engine.begin() as connection:
        bot.app.outbox.put(connection, "telegram", recipient, reply, f"of a test {recipient}")
    await bot.carry()


def test_a_long_answer_is_several_messages_with_its_buttons_under_the_last(world: World) -> None:
    long = replace(LONG, options=(Option("好", "好"),))

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            world.chats.text(MEI, HELLO)
            await put(bot, long)
            assert [len(part.text) for part in seen(world)] == [4095, 4095, 1810]
            assert [part.labels for part in seen(world)] == [[], [], ["好"]]

    anyio.run(scenario)


def test_who_is_not_known_to_telegram_is_a_dead_letter(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            with capture_logs():
                await put(bot, sentence("help"), recipient="8")
            (unknown,) = world.app.outbox.listed("dead")
            assert unknown.reason == "chat_not_found"

    anyio.run(scenario)


def test_what_was_delivered_of_a_long_answer_is_not_sent_again(world: World) -> None:
    parcel = Parcel("k", "telegram", str(MEI), LONG)

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            world.chats.text(MEI, HELLO)
            sender = bot.channel.sender
            world.chats.fails("sendMessage", 502, "Bad Gateway")
            assert await sender.send(parcel, announced) == Delivery(
                "later", 0, reason="network", maybe_sent=True
            )
            assert await sender.send(
                Parcel("k", "telegram", str(MEI), LONG, 2), announced
            ) == Delivery("sent", 3)
            assert [len(part.text) for part in seen(world)] == [1810]

    anyio.run(scenario)


def test_what_may_have_come_comes_again_with_a_word_of_it(
    world: World,
) -> None:
    """Telegram took the message, and its answer got lost."""

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            world.chats.text(MEI, HELLO)
            parcel = Parcel("k", "telegram", str(MEI), sentence("help"))
            for doubt in (False, True):
                await bot.channel.sender.send(replace(parcel, maybe_sent=doubt), announced)
            first, word, again = seen(world)
            assert (word.text, again.text) == (say("maybe_sent"), first.text)

    anyio.run(scenario)


def test_what_was_taken_over_is_not_sent(world: World) -> None:
    async def taken(_part: int) -> bool:
        return False

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            world.chats.text(MEI, HELLO)
            await bot.channel.sender.send(
                Parcel("k", "telegram", str(MEI), sentence("help")), taken
            )
            assert seen(world) == []

    anyio.run(scenario)


def test_a_slow_telegram_does_not_outlast_the_lease(world: World) -> None:
    ticks = iter(range(0, 1000, 20))

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            world.chats.text(MEI, HELLO)
            sender = TelegramSender(bot.channel.telegram.bot, clock=lambda: next(ticks))
            delivery = await sender.send(Parcel("k", "telegram", str(MEI), LONG), announced)
            assert delivery == Delivery("later", 1, after_s=0, reason="rest")

    anyio.run(scenario)


@pytest.mark.parametrize(
    ("status", "description", "delivery"),
    [
        (401, "Unauthorized", Delivery("later", reason="token_refused")),
        (400, "Bad Request: something new", Delivery("dead", reason="bad_request")),
        (403, "Forbidden: user is deactivated", Delivery("dead", reason="blocked")),
        (500, "Internal Server Error", Delivery("later", reason="network", maybe_sent=True)),
        (409, "Conflict", Delivery("later", reason="Conflict")),
    ],
)
def test_each_refusal_has_its_consequence(
    world: World, status: int, description: str, delivery: Delivery
) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            world.chats.text(MEI, HELLO)
            world.chats.fails("sendMessage", status, description)
            parcel = Parcel("k", "telegram", str(MEI), sentence("help"))
            assert await bot.channel.sender.send(parcel, announced) == delivery

    anyio.run(scenario)


def test_a_telegram_that_is_not_there_is_tried_again(world: World) -> None:
    async def scenario() -> None:
        gone = {"telegram_api_base": "http://127.0.0.1:9"}
        settings = world.app.settings.model_copy(update=gone)
        away = replace(world.app, settings=settings)
        async with process(away, world.chats, connect=False) as bot:
            parcel = Parcel("k", "telegram", str(MEI), sentence("help"))
            assert await bot.channel.sender.send(parcel, announced) == Delivery(
                "later", reason="network"
            )
            # Not connected: the update stays with Telegram.
            assert (await bot.post(world.chats.text(MEI, HELLO))).status_code == 503

    anyio.run(scenario)


def test_staff_have_the_conversation_the_bot_says_nothing(world: World) -> None:
    """A reply without blocks is no message; what staff say comes through the outbox."""

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            await bot.hears(HELLO)
            with world.app.engine.connect() as connection:
                pk = connection.execute(text("SELECT pk FROM conversation")).scalar_one()
            handover = world.app.handovers.take_over(pk, "li")
            assert handover is not None
            await bot.carry()
            before = len(seen(world))
            assert await bot.takes(world.chats.text(MEI, "在吗")) == []
            assert world.app.handovers.say(handover, "li", "我是工作人员小李 <b>您请讲</b>")
            await bot.carry()
            assert [one.text for one in seen(world)[before:]] == ["我是工作人员小李 <b>您请讲</b>"]

    anyio.run(scenario)


def test_the_token_and_what_people_write_stay_out_of_the_logs(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG, "")

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            world.chats.fails("sendMessage", 401, "Unauthorized")
            world.chats.fails("getFile", 500, "x")
            await bot.takes(world.chats.text(MEI, "我叫王小美"))
            await bot.takes(world.chats.photo(MEI, b"x"))
            world.clock.at += LEASE

    with capture_logs() as logs:
        anyio.run(scenario)
    written = caplog.text + str(logs) + "".join(capfd.readouterr())
    for private in (TOKEN, TOKEN.split(":")[1], "王小美"):
        assert private not in written
