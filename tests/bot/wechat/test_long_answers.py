"""Answers that do not fit into one text: the rest follows by itself, or waits for any message."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import func, select

from bot.delivery.parcels import OutboxRow
from bot.wechat.content import say
from bot.wechat.quota import quota_left
from dialogs.memory import Memory
from dialogs.reply import Message, Reply
from tests.bot.wechat.harness import ALICE, LONG_TEXT, bench, long_winded, talk, until
from tests.simulators.wechat_platform import Account, Platform


async def told(platform: Platform, *texts: str) -> list[str]:
    """What is shown to somebody who says one thing after another."""
    return [(await platform.say(ALICE, text)).shown or "" for text in texts]


def test_the_rest_of_a_long_answer_waits_for_any_text(tmp_path: Path, database: str) -> None:
    account = Account(verified=False)
    with bench(tmp_path, database, account, long_winded) as on:

        async def scene(platform: Platform) -> None:
            more = f"\n{say('pending.more')}"
            first, second, third = await told(platform, "全部", "1", "任意文字")
            assert first.endswith(more)
            assert second.endswith(more)
            whole = first.removesuffix(more) + second.removesuffix(more) + third
            assert whole == f"{LONG_TEXT}\n1. 广州\n2. 长治"
            # Now the number is an option's.
            assert (await platform.say(ALICE, "1")).shown == "答：1"

        on.run(scene)


def test_a_question_in_between_gets_the_rest_first(tmp_path: Path, database: str) -> None:
    account = Account(verified=False)
    with bench(tmp_path, database, account, long_winded) as on:

        async def scene(platform: Platform) -> None:
            more = f"\n{say('pending.more')}"
            first, second, third = await told(platform, "全部", "那保险呢", "继续")
            assert second.startswith(say("pending.earlier"))
            whole = "".join(
                text.removesuffix(more).removeprefix(f"{say('pending.earlier')}\n")
                for text in (first, second, third)
            )
            assert whole.count("第74件事") == 1
            assert "答：那保险呢" in third
            assert whole.startswith(LONG_TEXT)

        on.run(scene)


def test_the_rest_follows_by_itself_for_a_verified_account(tmp_path: Path, database: str) -> None:
    with bench(tmp_path, database, Account(verified=True), long_winded) as on:

        async def scene(platform: Platform) -> None:
            (first,) = await told(platform, "全部")
            await until(lambda: len(platform.api.delivered) == 2)
            second, third = platform.api.delivered
            assert (second.kind, third.kind) == ("text", "msgmenu")
            assert first + second.text + str(third.content["head_content"]) == LONG_TEXT

        on.run(scene)
        assert quota_left(on.app.engine, ALICE, dt.datetime.now(dt.UTC)).left == 3


def test_more_than_the_quota_waits_for_the_next_message(tmp_path: Path, database: str) -> None:
    def much(message: Message, _memory: Memory) -> Reply:
        return talk(LONG_TEXT * 3) if message.text == "全部" else talk(f"答：{message.text}")

    with bench(tmp_path, database, Account(verified=True), much) as on:

        async def scene(platform: Platform) -> None:
            came = await told(platform, "全部")
            await until(lambda: len(platform.api.delivered) == 5)

            def held() -> int:
                with on.app.engine.connect() as connection:
                    return connection.execute(
                        select(func.count()).where(OutboxRow.state == "held")
                    ).scalar_one()

            await until(lambda: held() == 1)
            came += [one.text for one in platform.api.delivered]
            came += await told(platform, "继续")
            before = len(came) - 1
            await until(lambda: sum(map(len, came)) + _more(platform, before) >= len(LONG_TEXT * 3))
            came += [one.text for one in platform.api.delivered[before - 1 :]]
            assert "".join(came) == LONG_TEXT * 3

        on.run(scene)


def _more(platform: Platform, before: int) -> int:
    return sum(len(one.text) for one in platform.api.delivered[before - 1 :])
