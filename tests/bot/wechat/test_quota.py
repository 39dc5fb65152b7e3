"""What may still be sent to whom, as the platform reckons it."""

from __future__ import annotations

import datetime as dt

from bot.wechat import quota
from bot.wechat.quota import quota_left
from tests.bot.wechat.harness import ALICE, talk
from tests.bot.wechat.line import SEND, START, Line


def test_five_messages_within_48_hours_of_a_message(line: Line) -> None:
    line.wrote()
    states = [line.send(talk("好")).state for _ in range(6)]
    assert states == ["sent"] * 5 + ["held"]
    assert len(line.told) == 5
    assert line.platform.calls.count(SEND) == 5  # the sixth is not even tried
    line.wrote()
    assert line.send(talk("好")).state == "sent"


def test_three_messages_within_a_minute_of_an_act(line: Line) -> None:
    line.wrote(Event="SCAN")
    states = [line.send(talk("好")).state for _ in range(4)]
    assert states == ["sent"] * 3 + ["held"]


def test_the_minute_is_used_up_before_the_48_hours(line: Line) -> None:
    line.wrote()
    line.wrote(Event="CLICK")
    for _ in range(3):
        line.send(talk("好"))
    line.at += dt.timedelta(minutes=2)
    assert quota_left(line.engine, ALICE, line.at).left == 5
    assert [line.send(talk("好")).state for _ in range(6)] == ["sent"] * 5 + ["held"]


def test_a_tap_on_a_menu_opens_the_minute_only(line: Line) -> None:
    line.wrote(bizmsgmenuid="1", MsgId="5")
    line.at += dt.timedelta(minutes=2)
    assert line.send(talk("好")).state == "held"


def test_what_is_left_is_shown_with_the_end_of_the_window(line: Line) -> None:
    assert quota_left(line.engine, ALICE, line.at) == quota.Quota(0, None)
    line.wrote()
    line.send(talk("好"))
    left = quota_left(line.engine, ALICE, line.at)
    assert left == quota.Quota(4, START + dt.timedelta(hours=48))
    line.at += dt.timedelta(hours=48)
    assert quota_left(line.engine, ALICE, line.at) == quota.Quota(0, None)
    assert line.send(talk("好")).state == "held"


def test_what_the_platform_says_is_believed(line: Line) -> None:
    line.wrote()
    line.platform.fails[SEND].append(45047)
    line.send(talk("好"))
    assert quota_left(line.engine, ALICE, line.at).left == 0
    line.wrote()
    line.platform.fails[SEND].append(45015)
    line.send(talk("好"))
    assert quota_left(line.engine, ALICE, line.at) == quota.Quota(0, None)


def test_a_message_that_was_not_sent_is_not_counted(line: Line) -> None:
    line.wrote()
    line.platform.fails[SEND].append(45011)
    line.send(talk("好"))
    assert quota_left(line.engine, ALICE, line.at).left == 5
