"""The lists' queries, on both databases."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from sqlalchemy import Engine

from bot.console.conversations_found import Wanted, channels, past, pulse
from bot.console.wording import table
from bot.conversations.held import held
from bot.delivery.outbox import Outbox
from bot.handover.desk import Handovers
from bot.sealing import Seal
from dialogs import distress
from dialogs.memory import Memory
from dialogs.reply import Block, Message, Reply, Statement, Status
from knowledge.strict_yaml import read
from tests.bot.serving import NOW, SEAL_KEY

DISTRESS = Path(distress.__file__).with_suffix(".yaml")

DAY = dt.timedelta(days=1)


def asked(
    engine: Engine,
    person: str,
    words: str,
    status: Status,
    at: dt.datetime,
    channel: str = "web",
) -> None:
    reply = Reply(status, (Block("talk", (Statement("好"),)),), intent="permit")
    with held(engine, channel, person, at) as conversation:
        message = Message(words, person, f"{words}-{at}", channel)
        conversation.add_turn(message, reply, Memory(), at, at)


def handovers_on(engine: Engine) -> Handovers:
    seal = Seal(SEAL_KEY)
    return Handovers(
        engine, Outbox(engine, seal, lambda: NOW), seal, lambda: NOW, anybody=lambda: True
    )


def test_the_past_by_period_channel_and_status(engine: Engine) -> None:
    asked(engine, "a", "早的", Status.ANSWERED, NOW - 3 * DAY)
    asked(engine, "a", "晚的", Status.NOT_COVERED, NOW - DAY)
    asked(engine, "b", "别处的", Status.ANSWERED, NOW - 2 * DAY, "wechat")
    with engine.connect() as connection:

        def words(**wanted: str) -> list[tuple[str, int]]:
            period = Wanted(NOW - 4 * DAY, NOW, **wanted)
            return [(one.words, one.questions) for one in past(connection, period)]

        assert words() == [("别处的", 1), ("晚的", 2)]
        assert words(channel="wechat") == [("别处的", 1)]
        assert words(status="not_covered") == [("晚的", 1)]
        assert words(status="answered", channel="web") == [("早的", 1)]
        assert past(connection, Wanted(NOW, NOW + DAY)) == []
        assert channels(connection) == ["web", "wechat"]
        first = past(connection, Wanted(NOW - 4 * DAY, NOW), limit=1)
        second = past(connection, Wanted(NOW - 4 * DAY, NOW), 5, first[0].last_turn)
        assert [first[0].words, *(one.words for one in second)] == ["别处的", "晚的"]


def test_who_is_in_need_is_marked_with_what_whatever_was_said_afterwards(engine: Engine) -> None:
    asked(engine, "a", "老板拖欠我三个月工资", Status.ANSWERED, NOW - DAY)
    asked(engine, "a", "他还打我", Status.ANSWERED, NOW - DAY)
    asked(engine, "a", "谢谢", Status.ANSWERED, NOW)
    asked(engine, "b", "我在雇主家摔断了腿", Status.ANSWERED, NOW)
    asked(engine, "c", "补证去哪", Status.ANSWERED, NOW)

    def marks(since: dt.datetime) -> dict[str, list[tuple[str, bool]]]:
        with engine.connect() as connection:
            found = past(connection, Wanted(since, NOW + DAY))
        return {one.words: [(t.words, t.danger) for t in one.trouble] for one in found}

    hurt = [("受伤、工伤", True)]
    assert marks(NOW - 2 * DAY) == {
        "补证去哪": [],
        "我在雇主家摔断了腿": hurt,
        "谢谢": [("被打、被威胁", True), ("欠薪", False)],
    }
    assert marks(NOW)["谢谢"] == []  # nothing of it in that period


def test_every_kind_of_distress_has_its_mark() -> None:
    kinds = {row["id"] for row in read(DISTRESS).data}
    assert kinds < set(table("distress"))
    assert set(table("distress_danger")) < set(table("distress"))


def test_the_pulse_tells_what_concerns_somebody(engine: Engine) -> None:
    desk = handovers_on(engine)
    asked(engine, "a", "甲", Status.ANSWERED, NOW)
    asked(engine, "b", "乙", Status.ANSWERED, NOW)
    for person in "ab":
        with held(engine, "web", person, NOW) as conversation:
            desk.ask(conversation)
    calm = pulse(engine, "li")
    assert (calm.waiting, calm.held) == (2, 0)
    first, second = desk.listed()
    assert desk.take(first.pk, "wang")
    mine, all_ = pulse(engine, "li", mine_only=True), pulse(engine, "li")
    assert (mine.waiting, all_.waiting) == (1, 1)
    assert desk.say(first.pk, "wang", "您好")
    assert pulse(engine, "li").sign != all_.sign
    assert pulse(engine, "li", mine_only=True).sign == mine.sign
    assert desk.transfer(first.pk, "wang", "li")
    assert (pulse(engine, "li").waiting, pulse(engine, "wang").waiting) == (2, 1)
    assert desk.take(second.pk, "li")
    assert pulse(engine, "li", mine_only=True).sign != mine.sign
