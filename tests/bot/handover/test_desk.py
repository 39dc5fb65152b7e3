"""A conversation in the hands of staff: asked for, taken, given back."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, text, update

from bot.app import App, connected
from bot.console.accounts import AccountRow
from bot.conversations.kept import conversation_pk, history
from bot.delivery.parcels import Delivery
from bot.handover.rows import HandoverRow
from bot.sealing import Seal
from bot.upkeep import run_due
from dialogs.reply import Message, Status
from nlu.understanding import Score
from tests.bot import serving
from tests.bot.serving import SEAL_KEY, app_on, copy_of

# A Saturday at 16:00 in China is NOW of the tests: out of hours by default.
AT_WORK = dt.datetime(2026, 11, 20, 2, 0, tzinfo=dt.UTC)  # Friday, 10:00 in China


class Clock:
    def __init__(self, at: dt.datetime) -> None:
        self.at = at

    def __call__(self) -> dt.datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(AT_WORK)


@pytest.fixture
def office(library_file: Path, tmp_path: Path, clock: Clock) -> Iterator[App]:
    """An app with staff, in working hours."""
    made = app_on(copy_of(library_file, tmp_path))
    conversation = replace(made.conversation, now=clock)
    app = connected(made.settings, made.engine, conversation, Seal(SEAL_KEY))
    with app.engine.begin() as connection:
        for name in ("li", "wang"):
            connection.execute(
                insert(AccountRow).values(
                    name=name, label=name, role="operator", password_hash="-", created_at=AT_WORK
                )
            )
    yield app
    app.engine.dispose()


def said(app: App, words: str, person: str = "p", channel: str = "web") -> list[str]:
    reply = app.inbox.handle(Message(words, person, channel=channel))
    return [statement.text for _kind, statement in reply.statements()]


def wants_a_person(app: App, person: str = "p", channel: str = "web") -> int:
    reply = app.inbox.handle(Message("转人工", person, channel=channel))
    assert reply.status is Status.HANDED_OFF
    return app.handovers.listed(("waiting",))[-1].pk


@pytest.fixture(autouse=True)
def understands_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(serving._WORDS, "人工", "handoff")


def test_staff_take_speak_and_give_back(office: App) -> None:
    pk = wants_a_person(office)
    said(office, "转人工")  # said twice, it is still one
    assert len(office.handovers.listed()) == 1
    assert office.handovers.take(pk, "li")
    assert said(office, "补贴多少") == []  # the bot is silent
    assert office.handovers.say(pk, "li", "您好，我来帮您。")
    assert not office.handovers.say(pk, "wang", "我也来")
    assert office.handovers.close(pk, "li", "answered", ask_rating=True)
    turns = history(office.engine, "web", "p")
    assert [turn.speaker for turn in turns[-5:]] == ["bot", "user", "staff", "bot", "bot"]
    assert [turn.staff for turn in turns if turn.speaker == "staff"] == ["li"]
    assert turns[-1].reply.intent == "rating_request"
    assert said(office, "补贴多少")


def test_of_two_who_take_one_conversation_one_has_it(office: App) -> None:
    pk = wants_a_person(office)
    together = threading.Barrier(8)
    won: list[str] = []

    def take(name: str) -> None:
        together.wait()
        if office.handovers.take(pk, name):
            won.append(name)

    racers = [threading.Thread(target=take, args=(f"s{number}",)) for number in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert len(won) == 1
    found = office.handovers.find(pk)
    assert found is not None
    assert found.staff == won[0]
    told = [turn for turn in history(office.engine, "web", "p") if turn.speaker == "bot"]
    assert len(told) == 1


def test_who_waits_goes_on_asking_and_may_stop_waiting(office: App) -> None:
    wants_a_person(office, "first")
    wants_a_person(office)
    answer = said(office, "补贴多少")
    assert len(answer) > 1
    assert "前面还有1位" in answer[-1]
    assert "前面还有1位" in "".join(said(office, "转人工"))
    assert "您排在第一位" in "".join(said(office, "转人工", "first"))
    assert "您排在第一位" in "".join(said(office, "补贴多少", "first"))
    assert "不排队了" in said(office, "不等了")[0]
    assert [one.conversation for one in office.handovers.listed()] == ["first"]
    assert "前面" not in "".join(said(office, "补贴多少"))


@pytest.mark.parametrize(
    "text",
    [
        *("不等了", "算了 不用人工了", "不用了", "回到机器人"),
        *("那就不找人工了", "算了吧", "取消排队", "我不想等了"),
    ],
)
def test_waiting_is_given_up_in_ones_own_words(office: App, text: str) -> None:
    wants_a_person(office)
    assert "不排队了" in said(office, text)[0]
    assert office.handovers.listed() == []


@pytest.mark.parametrize("text", ["人工等多久", "补贴多少", "不用人工能办吗", "机器人会不会算错"])
def test_a_question_does_not_give_up_waiting(office: App, text: str) -> None:
    wants_a_person(office)
    said(office, text)
    assert len(office.handovers.listed()) == 1


def test_a_no_to_a_question_does_not_give_up_waiting(office: App, clock: Clock) -> None:
    wants_a_person(office)
    clock.at += dt.timedelta(hours=10)
    assert run_due(office) == 1
    assert "不留电话" in said(office, "不用了")[0]
    assert len(office.handovers.listed()) == 1


def test_staff_who_vanish_give_it_back(office: App, clock: Clock) -> None:
    pk = wants_a_person(office)
    office.handovers.take(pk, "li")
    clock.at += dt.timedelta(minutes=4)
    office.handovers.present("li")
    clock.at += dt.timedelta(minutes=4)
    assert run_due(office) == 0
    clock.at += dt.timedelta(minutes=2)
    assert run_due(office) == 1
    office.handovers.present("li")  # too late
    assert not office.handovers.say(pk, "li", "我回来了")
    assert office.handovers.take(pk, "wang")


def test_a_transfer_is_for_the_colleague_alone(office: App) -> None:
    pk = wants_a_person(office)
    office.handovers.take(pk, "li")
    assert office.handovers.transfer(pk, "li", "wang")
    assert not office.handovers.take(pk, "li")
    assert office.handovers.take(pk, "wang")


def test_staff_take_over_unasked_but_never_twice(office: App) -> None:
    said(office, "补贴多少")
    row = conversation_pk(office.engine, "web", "p")
    assert row is not None
    pk = office.handovers.take_over(row, "li")
    assert pk is not None
    assert office.handovers.take_over(row, "wang") is None
    assert said(office, "你好") == []


def test_out_of_hours_a_number_is_taken_and_kept_sealed(office: App, clock: Clock) -> None:
    clock.at += dt.timedelta(hours=10)
    assert "周一到周五 9:00到17:00" in said(office, "转人工")[0]
    reply = office.inbox.handle(Message("13812345678 下午打", "p", channel="web"))
    assert reply.action == "contact"
    assert "138" not in str([s.text for _k, s in reply.statements()])
    (handover,) = office.handovers.listed(("contact",))
    assert office.handovers.contact(handover.pk) == "13812345678 下午打"
    with office.engine.connect() as connection:
        for table in ("turn", "conversation", "handover"):
            rows = connection.execute(text(f"SELECT * FROM {table}")).all()
            assert "138123" not in str(rows)
    assert office.handovers.take(handover.pk, "li")
    assert office.handovers.close(handover.pk, "li", "called")
    assert office.handovers.contact(handover.pk) is None


def test_out_of_hours_a_number_may_be_dictated_and_a_slip_is_asked_about(
    office: App, clock: Clock
) -> None:
    clock.at += dt.timedelta(hours=10)
    said(office, "转人工")
    assert "多了或者少了几位" in said(office, "幺三八，幺二三四，五六七")[0]
    assert office.handovers.listed() == []
    assert "记下了" in said(office, "幺三八，幺二三四，五六七八，下午打")[0]
    (handover,) = office.handovers.listed(("contact",))
    contact = office.handovers.contact(handover.pk)
    assert contact == "幺三八，幺二三四，五六七八，下午打（13812345678）"
    with office.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT text, reply FROM turn")).all())
    assert "五六七" not in kept
    assert kept.count("留电话的话，只给接的工作人员看") == 2


def test_a_number_said_while_somebody_waits_or_talks_is_there_to_call_back(
    office: App, clock: Clock
) -> None:
    pk = wants_a_person(office)
    assert "号码记下了" in said(office, "我电话13812345678")[0]
    (waiting,) = office.handovers.listed()
    assert (waiting.state, waiting.has_contact) == ("waiting", True)
    assert len(said(office, "补贴多少")) > 1
    office.handovers.take(pk, "li")
    assert said(office, "打错了，是幺三九，幺二三四，五六七八") == []
    assert office.handovers.contact(pk) == "打错了，是幺三九，幺二三四，五六七八（13912345678）"
    with office.engine.connect() as connection:
        kept = str(connection.execute(text("SELECT text FROM turn")).all())
    assert "13812345678" not in kept
    assert "五六七八" not in kept
    # Whose staff vanish is still there to wait.
    clock.at += dt.timedelta(minutes=6)
    assert run_due(office) == 1
    found = office.handovers.find(pk)
    assert found is not None
    assert (found.state, found.has_contact) == ("waiting", True)


def test_who_still_waits_when_hours_end_is_told_once_and_may_leave_a_number(
    office: App, clock: Clock
) -> None:
    office.outbox.channels = frozenset(("wechat",))
    wants_a_person(office, "openid", "wechat")
    taken = wants_a_person(office, "other")
    office.handovers.take(taken, "li")
    assert run_due(office) == 0  # it is ten in the morning
    clock.at += dt.timedelta(hours=8)
    office.handovers.present("li")
    assert run_due(office) == 1
    assert run_due(office) == 0  # said once
    (parcel,) = office.outbox.claim()
    told = parcel.reply.blocks[0].statements[0].text
    assert "下班了" in told
    assert "周一到周五 9:00到17:00" in told
    clock.at += dt.timedelta(hours=2)
    answer = said(office, "补贴多少", "openid", "wechat")
    assert "您还排着队" in answer[-1]
    assert "前面还有" not in "".join(answer)
    assert "记下了" in said(office, "13812345678", "openid", "wechat")[0]
    (left,) = office.handovers.listed(("contact",))
    assert office.handovers.contact(left.pk) == "13812345678"


def test_where_staff_are_there_at_all_hours_nobody_is_told_that_they_are_not(
    office: App, clock: Clock
) -> None:
    always = office.settings.model_copy(update={"staff_hours": ""})
    app = connected(always, office.engine, office.conversation, Seal(SEAL_KEY))
    wants_a_person(app)
    clock.at += dt.timedelta(hours=12)
    assert run_due(app) == 0


def test_who_leaves_no_number_is_answered(office: App, clock: Clock) -> None:
    clock.at += dt.timedelta(hours=10)
    said(office, "转人工")
    assert len(said(office, "补贴多少")) > 1  # a question, not a number
    assert "不留电话" in said(office, "不用了")[0]
    assert office.handovers.listed() == []


def test_what_staff_say_goes_out_by_the_channel(office: App) -> None:
    office.outbox.channels = frozenset(("wechat",))
    pk = wants_a_person(office, "openid", "wechat")
    office.handovers.take(pk, "li")
    office.handovers.say(pk, "li", "您好")
    sent = []
    while parcels := office.outbox.claim():
        for parcel in parcels:
            sent.append(parcel.reply.blocks[0].statements[0].text)
            office.outbox.settle(parcel, Delivery("sent", 1))
    assert sent == ["工作人员来了，下面由工作人员和您说。", "您好"]


def test_without_staff_it_says_where_people_answer(app: App) -> None:
    assert "还没有接通人工坐席" in said(app, "转人工")[0]
    assert app.handovers.listed() == []


def test_an_unsure_answer_waits_for_staff_and_is_sent_in_their_words(
    office: App, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsure = (Score("star_rating", 0.6), Score("accident_insurance", 0.4))
    monkeypatch.setattr(serving.KeywordClassifier, "classify", lambda _self, _text: unsure)
    careful = office.settings.model_copy(update={"hold_below": 0.95})
    app = connected(careful, office.engine, office.conversation, Seal(SEAL_KEY))
    assert "核一下" in said(app, "广州的星级怎么评")[0]
    (draft,) = app.drafts.waiting()
    assert draft.reply.citations
    assert app.drafts.send(draft.pk, "li")
    assert not app.drafts.send(draft.pk, "wang", "别的话")
    last = history(app.engine, "web", "p")[-1]
    assert (last.speaker, last.reply.citations) == ("staff", draft.reply.citations)
    said(app, "广州的星级怎么评")
    clock.at += dt.timedelta(minutes=6)
    assert run_due(app) == 1
    last = history(app.engine, "web", "p")[-1]
    assert last.speaker == "bot"
    assert "没来得及" in last.reply.blocks[0].statements[0].text


def test_out_of_hours_nothing_is_held(office: App, clock: Clock) -> None:
    clock.at += dt.timedelta(hours=10)
    careful = office.settings.model_copy(update={"hold_below": 0.95})
    app = connected(careful, office.engine, office.conversation, Seal(SEAL_KEY))
    assert "核一下" not in said(app, "广州的星级怎么评")[0]


def test_an_open_handover_is_one_by_the_database_itself(office: App) -> None:
    pk = wants_a_person(office)
    with office.engine.begin() as connection:
        connection.execute(update(HandoverRow).values(state="closed"))
    again = wants_a_person(office)
    assert again != pk


def test_where_staff_would_not_be_heard_nobody_is_waited_for(office: App) -> None:
    assert "还没有接通人工坐席" in said(office, "转人工", channel="rest")[0]
    assert office.handovers.listed() == []
