"""The five seconds: each answer reaches the person once, whichever way, in both kinds of account."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from bot.wechat.content import say
from dialogs.memory import Memory
from dialogs.reply import Message, Reply
from tests.bot.wechat.harness import bench, talk, until
from tests.simulators.wechat_platform import Account, Mode, Platform

ALICE, BEN = "oAlice", "oBen"


class Slow:
    """Answers `慢…` after some seconds, all else at once; counts what it was asked."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[str] = []

    def __call__(self, message: Message, _memory: Memory) -> Reply:
        self.asked.append(message.text)
        if message.text.startswith("慢"):
            time.sleep(self.seconds)
        return talk(f"答：{message.text}")


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
@pytest.mark.parametrize("verified", [True, False])
def test_an_answer_in_time_goes_back_in_the_request(
    tmp_path: Path, database: str, mode: Mode, verified: bool
) -> None:
    account = Account(mode=mode, verified=verified)
    with bench(tmp_path, database, account, Slow(0)) as on:

        async def scene(platform: Platform) -> None:
            outcome = await platform.say(ALICE, "广州免费吗")
            assert outcome.shown == "答：广州免费吗"
            assert len(outcome.tries) == 1

        on.run(scene)
        assert on.platform.api.calls == []


def test_a_verified_account_sends_the_late_answer_afterwards_once(
    tmp_path: Path, database: str
) -> None:
    slow = Slow(1.0)
    with bench(tmp_path, database, Account(verified=True), slow) as on:

        async def scene(platform: Platform) -> None:
            outcome = await platform.say(ALICE, "慢一点")
            assert (outcome.shown, outcome.failed, len(outcome.tries)) == (None, False, 1)
            await until(lambda: bool(platform.api.delivered))
            again = await platform.say(ALICE, "好")
            assert again.shown == "答：好"

        on.run(scene)
        assert [(one.openid, one.text) for one in on.platform.api.delivered] == [
            (ALICE, "答：慢一点")
        ]
        assert slow.asked == ["慢一点", "好"]


def test_without_the_api_the_answer_waits_for_the_next_message(
    tmp_path: Path, database: str
) -> None:
    slow = Slow(3.6)
    with bench(tmp_path, database, Account(verified=False), slow) as on:

        async def scene(platform: Platform) -> None:
            outcome = await platform.say(ALICE, "慢一点")
            assert outcome.shown == say("pending.notice")
            assert len(outcome.tries) == 3
            time.sleep(1.5)
            assert (await platform.say(ALICE, "1")).shown == "答：慢一点"
            assert (await platform.say(ALICE, "1")).shown == "答：1"

        on.run(scene)
        assert slow.asked == ["慢一点", "1"]
        assert on.platform.api.calls == []


def test_a_real_question_is_answered_and_the_waiting_answer_comes_first(
    tmp_path: Path, database: str
) -> None:
    slow = Slow(2.9)
    with bench(tmp_path, database, Account(verified=False), slow) as on:

        async def scene(platform: Platform) -> None:
            assert (await platform.say(ALICE, "慢一点")).shown == say("pending.notice")
            shown = (await platform.say(ALICE, "那长治呢")).shown
            assert shown == "\n".join(
                (say("pending.earlier"), "答：慢一点", say("pending.now"), "答：那长治呢")
            )

        on.run(scene)
        assert slow.asked == ["慢一点", "那长治呢"]


def test_an_answer_ready_for_the_second_or_third_request_is_given_there(
    tmp_path: Path, database: str
) -> None:
    slow = Slow(1.3)
    with bench(tmp_path, database, Account(verified=False), slow) as on:

        async def scene(platform: Platform) -> None:
            outcome = await platform.say(ALICE, "慢一点")
            assert outcome.shown == "答：慢一点"
            assert len(outcome.tries) == 2
            assert (await platform.say(ALICE, "你好")).shown == "答：你好"

        on.run(scene)
        assert slow.asked == ["慢一点", "你好"]


def test_asking_again_too_early_says_to_wait(tmp_path: Path, database: str) -> None:
    slow = Slow(6.8)
    with bench(tmp_path, database, Account(verified=False), slow) as on:

        async def scene(platform: Platform) -> None:
            assert (await platform.say(ALICE, "慢一点")).shown == say("pending.notice")
            assert (await platform.say(ALICE, "1")).shown == say("pending.notice")
            time.sleep(2.5)
            assert (await platform.say(ALICE, "1")).shown == "答：慢一点"

        on.run(scene)
        assert slow.asked == ["慢一点"]


def test_one_slow_person_does_not_hold_up_another(tmp_path: Path, database: str) -> None:
    gate = threading.Event()

    def answer(message: Message, _memory: Memory) -> Reply:
        if message.conversation == ALICE:
            gate.wait(10)
        return talk(f"答：{message.text}")

    with bench(tmp_path, database, Account(verified=True), answer) as on:

        async def scene(platform: Platform) -> None:
            assert (await platform.say(ALICE, "问")).shown is None
            assert (await platform.say(BEN, "问")).shown == "答：问"
            gate.set()
            await until(lambda: bool(platform.api.delivered))

        on.run(scene)
        assert [one.openid for one in on.platform.api.delivered] == [ALICE]
