"""The five seconds: each answer reaches the person once, in both kinds of account."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bot.wechat.content import say
from bot.wechat.inbound import fields_of, received
from dialogs.memory import Memory
from dialogs.reply import Message, Reply
from tests.bot.wechat.harness import ALICE, bench, talk, until
from tests.simulators.wechat_platform import Account, Mode, Platform, as_xml

BEN = "oBen"


class Slow:
    """Answers `慢…` when it is let go, all else at once; counts what it was asked."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []

    def __call__(self, message: Message, _memory: Memory) -> Reply:
        self.asked.append(message.text)
        if message.text.startswith("慢"):
            assert self.go.wait(600)
        return talk(f"答：{message.text}")


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
@pytest.mark.parametrize("verified", [True, False])
def test_an_answer_in_time_goes_back_in_the_request(
    tmp_path: Path, any_database: str, mode: Mode, verified: bool
) -> None:
    account = Account(mode=mode, verified=verified)
    with bench(tmp_path, any_database, account, Slow()) as on:

        async def scene(platform: Platform) -> None:
            outcome = await platform.say(ALICE, "广州免费吗")
            assert outcome.shown == "答：广州免费吗"
            assert len(outcome.tries) == 1

        on.run(scene)
        assert on.platform.api.calls == []


def test_a_verified_account_sends_the_late_answer_afterwards_once(
    tmp_path: Path, any_database: str
) -> None:
    slow = Slow()
    with bench(tmp_path, any_database, Account(verified=True), slow, short=True) as on:

        async def scene(platform: Platform) -> None:
            outcome = await platform.say(ALICE, "慢一点")
            assert (outcome.shown, outcome.failed) == (None, False)
            slow.go.set()
            await until(lambda: bool(platform.api.delivered))
            on.unhurried()
            assert (await platform.say(ALICE, "好吗")).shown == "答：好吗"

        on.run(scene)
        assert [(one.openid, one.text) for one in on.platform.api.delivered] == [
            (ALICE, "答：慢一点")
        ]
        assert slow.asked == ["慢一点", "好吗"]


def test_without_the_api_the_answer_waits_for_the_next_message(
    tmp_path: Path, any_database: str
) -> None:
    slow = Slow()
    with bench(tmp_path, any_database, Account(verified=False), slow, short=True) as on:

        async def scene(platform: Platform) -> None:
            outcome = await platform.say(ALICE, "慢一点")
            assert outcome.shown == say("pending.notice")
            assert len(outcome.tries) == 3
            # Too early: the same notice again.
            assert (await platform.say(ALICE, "1")).shown == say("pending.notice")
            slow.go.set()
            on.unhurried()
            assert (await platform.say(ALICE, "1")).shown == "答：慢一点"
            assert (await platform.say(ALICE, "1")).shown == "答：1"

        on.run(scene)
        assert slow.asked == ["慢一点", "1"]
        assert on.platform.api.calls == []


def test_a_real_question_is_answered_and_the_waiting_answer_comes_first(
    tmp_path: Path, any_database: str
) -> None:
    slow = Slow()
    with bench(tmp_path, any_database, Account(verified=False), slow, short=True) as on:

        async def scene(platform: Platform) -> None:
            assert (await platform.say(ALICE, "慢一点")).shown == say("pending.notice")
            slow.go.set()
            on.unhurried()
            shown = (await platform.say(ALICE, "那长治呢")).shown
            assert shown == "\n".join(
                (say("pending.earlier"), "答：慢一点", say("pending.now"), "答：那长治呢")
            )

        on.run(scene)
        assert slow.asked == ["慢一点", "那长治呢"]


def test_an_answer_ready_for_a_repeat_is_given_there(tmp_path: Path, any_database: str) -> None:
    slow = Slow()
    with bench(tmp_path, any_database, Account(verified=False), slow, short=True) as on:

        async def scene(platform: Platform) -> None:
            fields = platform.message(ALICE, "text", Content="慢一点")
            assert (await platform.once(fields)).status is None
            slow.go.set()
            on.unhurried()
            second = await platform.once(fields)
            assert platform.read(second.body, fields) == "答：慢一点"
            assert (await platform.say(ALICE, "你好")).shown == "答：你好"

        on.run(scene)
        assert slow.asked == ["慢一点", "你好"]


def test_one_slow_person_does_not_hold_up_another(tmp_path: Path, any_database: str) -> None:
    slow = Slow()
    with bench(tmp_path, any_database, Account(verified=True), slow, short=True) as on:

        async def scene(platform: Platform) -> None:
            assert (await platform.say(ALICE, "慢慢来")).shown is None
            on.unhurried()
            assert (await platform.say(BEN, "问")).shown == "答：问"
            slow.go.set()
            await until(lambda: bool(platform.api.delivered))

        on.run(scene)
        assert [one.openid for one in on.platform.api.delivered] == [ALICE]


def test_an_answer_that_no_request_brought_in_time_comes_with_the_next_message(
    tmp_path: Path, any_database: str
) -> None:
    """WeChat broke off, though the turn was over; without the API only the next message is left."""
    with bench(tmp_path, any_database, Account(verified=False), Slow(), lease=0.2) as on:

        async def scene(platform: Platform) -> None:
            fields = platform.message(ALICE, "text", Content="免费吗")
            assert (await platform.once(fields)).status == 200  # let us say, after it broke off
            late = on.wechat.webhook._answering.late
            stands = late.ran_out(received(fields_of(as_xml(fields))), unless_over=False)
            assert stands is not None
            assert stands.is_over
            assert late.ran_out(received(fields_of(as_xml(fields))), unless_over=True) is not None
            await until(lambda: late.state(stands.key) == "sent")
            assert (await platform.say(ALICE, "1")).shown == "答：免费吗"

        on.run(scene)


def test_a_repeat_of_what_was_answered_goes_no_other_way(tmp_path: Path, any_database: str) -> None:
    with bench(tmp_path, any_database, Account(verified=True), Slow()) as on:

        async def scene(platform: Platform) -> None:
            fields = platform.message(ALICE, "text", Content="免费吗")
            assert (await platform.once(fields)).status == 200
            late = on.wechat.webhook._answering.late
            assert late.ran_out(received(fields_of(as_xml(fields))), unless_over=True) is None
            assert late.state(fields["MsgId"]) is None

        on.run(scene)
