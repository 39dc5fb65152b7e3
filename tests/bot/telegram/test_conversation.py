"""A conversation on Telegram, over the webhook: words, buttons, pictures, commands, groups."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import inspect, text

from bot.app import connected
from bot.conversations.kept import history
from bot.inbox import Inbox
from bot.telegram import updates
from bot.telegram.updates import MAX_PICTURE
from bot.telegram.wording import say
from dialogs.reply import Message, Reply
from dialogs.wording import say as dialogue_says
from tests.bot.telegram.conftest import World
from tests.bot.telegram.world import MEI, Process, process
from tests.permit_desk import open_desk
from tests.simulators import telegram_chats
from tests.simulators.telegram_chats import Update

QUESTION = "广州月嫂培训免费吗"


def asked(world: World) -> list[str]:
    """What the inbox was asked in Mei's chat, newest last."""
    return [turn.text for turn in history(world.app.engine, "telegram", str(MEI))]


def test_a_question_is_answered_with_its_sources_folded_away(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            answer = await bot.hears(QUESTION)
            assert answer.text.startswith("文件写了“免费”")
            assert "依据（原文）：" in answer.text
            assert answer.entities[-1] == "blockquote"

    anyio.run(scenario)


def test_an_interview_is_gone_through_by_buttons(world: World) -> None:
    taps = ("广州", "公司正式员工（员工制）", "1. 残疾人", "直接看结果")

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            last = await bot.hears("我能领什么补贴")
            for label in taps:
                asking = last
                assert label in asking.labels
                (last,) = await bot.takes(world.chats.tap(MEI, label))
                assert asking.labels == [f"✓ {label.removeprefix('1. ')}"]
            assert "还需确认" in last.text
            assert asked(world)[1:] == [label.removeprefix("1. ") for label in taps]
            assert len(world.chats.answered) == len(taps)
            assert not any(answer.get("text") for answer in world.chats.answered)

    anyio.run(scenario)


def test_a_button_of_an_older_question_is_said_to_be_out_of_date(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            await bot.hears(QUESTION)
            groups = await bot.hears("帮我对条件")
            old = groups.buttons[0][0]["callback_data"]
            await bot.hears("自己接活")
            before = asked(world)
            assert await bot.takes(world.chats.tap_data(groups, old)) == []
            assert world.chats.answered[-1]["text"] == say("outdated")
            assert world.chats.answered[-1]["show_alert"] == "true"
            assert asked(world) == before

    anyio.run(scenario)


def test_after_a_refused_message_the_buttons_are_there_again(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            await bot.hears(QUESTION)
            first = await bot.hears("帮我对条件")
            again = await bot.hears("？？？")
            assert again.labels == first.labels
            assert len(await bot.takes(world.chats.tap(MEI, "公司正式员工（员工制）"))) == 1
            assert again.labels == ["✓ 公司正式员工（员工制）"]

    anyio.run(scenario)


def test_a_button_tapped_twice_counts_once(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            await bot.hears(QUESTION)
            form = await bot.hears("帮我对条件")
            buttons = (button for row in form.buttons for button in row)
            data = next(b["callback_data"] for b in buttons if b["text"] == "自己接活")
            assert len(await bot.takes(world.chats.tap_data(form, data))) == 1
            assert await bot.takes(world.chats.tap_data(form, data)) == []
            assert await bot.takes(world.chats.tap(MEI, "✓ 自己接活")) == []
            assert len(world.chats.answered) == 3
            assert asked(world)[2:] == ["自己接活"]

    anyio.run(scenario)


@pytest.mark.parametrize("data", ["", "o:9:000000000000", "o:0", "x", "o:999:ffffffffffff", "😀"])
def test_a_button_that_nobody_made_does_nothing(world: World, data: str) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            answer = await bot.hears("你好")
            assert await bot.takes(world.chats.tap_data(answer, data)) == []
            assert len(world.chats.answered) == 1

    anyio.run(scenario)


def test_commands(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            welcome = await bot.hears("/start")
            assert welcome.text == say("start").strip()
            assert QUESTION in welcome.labels
            assert (await bot.hears("/help@anxin_test_bot")).text == say("help").strip()
            assert (await bot.hears("/PRIVACY")).text == say("privacy").strip()
            assert (await bot.hears("/nonsense")).text == say("unknown_command")
            assert asked(world) == []
            for _ in range(2):  # an example never grows old
                (answer,) = await bot.takes(world.chats.tap(MEI, QUESTION))
                assert "免费" in answer.text
            assert asked(world) == [QUESTION, QUESTION]
            assert [command["command"] for command in world.chats.commands] == [
                "start",
                "help",
                "reset",
                "privacy",
            ]

    anyio.run(scenario)


def test_reset_is_the_dialogues_own(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            await bot.hears("/reset")
            assert asked(world) == ["重新开始"]

    anyio.run(scenario)


UNREADABLE: dict[str, dict[str, Any]] = {
    "voice": {"voice": {"file_id": "v", "file_unique_id": "uv", "duration": 3}},
    "video": {
        "video": {
            "file_id": "v",
            "file_unique_id": "uv",
            "duration": 3,
            "width": 1,
            "height": 1,
        }
    },
    "sticker": {
        "sticker": {
            "file_id": "s",
            "file_unique_id": "us",
            "type": "regular",
            "width": 5,
            "height": 5,
            "is_animated": False,
            "is_video": False,
        }
    },
    "location": {"location": {"latitude": 23.1, "longitude": 113.2}},
    "document": {
        "document": {"file_id": "d", "file_unique_id": "u", "mime_type": "application/pdf"}
    },
    "contact": {"contact": {"phone_number": "+8613812345678", "first_name": "王", "user_id": 99}},
    "other": {
        "poll": {
            "id": "1",
            "question": "?",
            "options": [],
            "total_voter_count": 0,
            "is_closed": False,
            "is_anonymous": True,
            "type": "regular",
            "allows_multiple_answers": False,
            "allows_revoting": False,
            "members_only": False,
        }
    },
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_gets_a_kind_word(world: World, kind: str) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            (answer,) = await bot.takes(world.chats.message(MEI, **UNREADABLE[kind]))
            assert answer.text == say(kind)
            assert asked(world) == []

    anyio.run(scenario)


def test_while_an_answer_takes_long_the_person_sees_typing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "_PATIENCE_S", 0.01)
    handle = type(world.app.inbox).handle

    def slow(self: Inbox, message: Message) -> Reply:
        deadline = time.monotonic() + 60
        while not world.chats.typing and time.monotonic() < deadline:
            time.sleep(0.01)
        return handle(self, message)

    monkeypatch.setattr(Inbox, "handle", slow)

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            await bot.hears("你好")
            assert world.chats.typing == [MEI]

    anyio.run(scenario)


def test_an_edited_message_is_not_answered_again(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            update = world.chats.text(MEI, QUESTION)
            await bot.takes(update)
            assert await bot.takes(world.chats.edit(update, "长治月嫂培训免费吗")) == []
            assert asked(world) == [QUESTION]

    anyio.run(scenario)


def test_a_group_is_told_once_where_we_answer(world: World) -> None:
    group = -1001234567890

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            (answer,) = await bot.takes(world.chats.text(group, QUESTION))
            assert answer.text == say("groups")
            assert await bot.takes(world.chats.text(group, "/start")) == []
            assert await bot.takes(world.chats.message(group, left_chat_member=BOT_LEFT)) == []
            (other,) = await bot.takes(world.chats.text(-5, "你好"))
            assert other.text == say("groups")

    anyio.run(scenario)


BOT_LEFT = {"id": 1000, "is_bot": True, "first_name": "安心问"}


def with_permits(world: World, folder: Path, steps: Callable[[Process, Any], Any]) -> None:
    """Run `steps` with a bot that has a registry."""

    async def scenario() -> None:
        with open_desk(folder, world.app.library, world.app.conversation.words) as desk:
            conversation = replace(desk.conversation, library=world.app.library)
            app = connected(world.app.settings, world.app.engine, conversation, world.app.seal)
            async with process(app, world.chats) as bot:
                await steps(bot, desk)

    anyio.run(scenario)


@pytest.mark.parametrize("as_file", [False, True])
def test_a_photograph_of_a_permit_gets_its_verdict(
    world: World, tmp_path: Path, as_file: bool
) -> None:
    async def steps(bot: Process, desk: Any) -> None:
        picture = desk.photo(desk.issue())
        chats = world.chats
        update: Update = (
            chats.document(MEI, picture, "image/png") if as_file else chats.photo(MEI, picture)
        )
        (answer,) = await bot.takes(update)
        assert desk.way.asked == 1  # the code was read, and the registry asked
        assert "再查一次" in answer.labels
        assert answer.entities[0] == "b"

    with_permits(world, tmp_path, steps)


def test_a_picture_that_telegram_does_not_give_or_that_is_too_large(
    world: World, tmp_path: Path
) -> None:
    async def steps(bot: Process, desk: Any) -> None:
        world.chats.fails("getFile", 400, "Bad Request: file is temporarily unavailable")
        (answer,) = await bot.takes(world.chats.photo(MEI, b"x" * 100))
        assert answer.text == say("photo_lost")
        large = world.chats.document(MEI, b"x" * (MAX_PICTURE + 1), "image/jpeg")
        (answer,) = await bot.takes(large)
        assert answer.text == say("photo_too_large")
        assert "getFile" not in world.chats.calls[-2:]
        (answer,) = await bot.takes(world.chats.photo(MEI, b"no picture at all"))
        assert answer.text.startswith("❔ " + dialogue_says("permit_heading.UNREADABLE_PHOTO"))

    with_permits(world, tmp_path, steps)


def test_ones_own_number_sent_by_telegrams_button_is_read_as_written(world: World) -> None:
    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            card = {"phone_number": "+8613812345678", "first_name": "李梅", "user_id": MEI}
            await bot.takes(world.chats.message(MEI, contact=card))
            assert asked(world) == ["〔电话〕"]

    anyio.run(scenario)


def test_a_name_is_kept_nowhere(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can be hurt by what somebody calls themselves, because nobody ever sees it."""
    name = "<script>alert('李梅梅')</script>"

    def named(number: int) -> dict[str, Any]:
        return {"id": number, "is_bot": False, "first_name": name, "last_name": name}

    monkeypatch.setattr(telegram_chats, "_person", named)

    async def scenario() -> None:
        async with process(world.app, world.chats) as bot:
            await bot.hears(QUESTION)

    anyio.run(scenario)
    with world.app.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert "李梅梅" not in str(rows), table
