"""The pages about conversations: who waits, taking, speaking, giving back."""

from __future__ import annotations

import datetime as dt
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from bot.conversations.held import Held, held
from bot.conversations.kept import conversation_pk, history
from bot.conversations.rows import ConversationRow
from bot.delivery.parcels import Delivery
from bot.handover import voice
from bot.handover.drafts import DraftRow
from bot.handover.due import release_vanished
from bot.wechat.quota import opened
from dialogs.reply import Message
from tests.bot import serving
from tests.bot.console.desk import Desk

HERE = "/console/conversations"
AWAY = dt.timedelta(minutes=5)


@pytest.fixture(autouse=True)
def at_work(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Friday at ten in China, and a bot that knows what 人工 is."""
    desk.clock.forward(hours=-30)
    monkeypatch.setitem(serving._WORDS, "人工", "handoff")


def said(desk: Desk, words: str, person: str = "p", channel: str = "web") -> str:
    reply = desk.app.inbox.handle(Message(words, person, channel=channel))
    return "".join(statement.text for _kind, statement in reply.statements())


def asked_for_a_person(desk: Desk, person: str = "p", channel: str = "web") -> int:
    said(desk, "长治的补贴多少", person, channel)
    said(desk, "转人工", person, channel)
    pk = conversation_pk(desk.app.engine, channel, person)
    assert pk is not None
    return pk


def words_of(desk: Desk, person: str = "p") -> list[tuple[str, str]]:
    return [
        (turn.speaker, "".join(s.text for _k, s in turn.reply.statements()))
        for turn in history(desk.app.engine, "web", person)
    ]


def draft_of(person: httpx.Client, pk: int) -> str:
    """What the bot would answer, as the page fetches it."""
    turn = re.search(r'data-turn="(\d+)"', person.get(f"{HERE}/{pk}").text)
    assert turn
    return person.get(f"{HERE}/{pk}/draft", params={"turn": turn[1]}).text


def script(person: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """What the page's own script sends."""
    csrf = person.csrf  # type: ignore[attr-defined]
    return person.post(path, data=fields, headers={"x-csrf-token": csrf, "accept": "*/*"})


def test_the_queue_shows_who_waits_and_what_about(desk: Desk) -> None:
    pk = asked_for_a_person(desk)
    shown = desk.logged_in("operator").get(HERE).text
    assert "等人接（1）" in shown
    assert f'href="{HERE}/{pk}"' in shown
    assert "长治的补贴多少" in shown
    assert "长治" in shown
    assert "网页" in shown
    assert desk.logged_in("operator").get(f"{HERE}/waiting").json() == {"waiting": 1, "held": 0}


def test_who_is_in_need_is_seen_before_anybody_is_taken(desk: Desk) -> None:
    said(desk, "老板拖欠我三个月工资")
    pk = asked_for_a_person(desk)
    calm = asked_for_a_person(desk, "calm")
    li = desk.logged_in("operator")
    mark = '<span class="badge warn">欠薪</span>'
    assert li.get(HERE).text.count(mark) == 1
    assert mark in li.get(f"{HERE}/{pk}").text
    assert li.get(f"{HERE}/{calm}").text.count(mark) == 1  # of the one beside it
    assert li.get(f"{HERE}/past").text.count(mark) == 1


def test_take_speak_and_give_back(desk: Desk) -> None:
    pk, li = asked_for_a_person(desk), desk.logged_in("operator")
    taken = li.submit(f"{HERE}/{pk}/take")
    assert taken.url.path == f"{HERE}/{pk}"
    assert "您接着" in taken.text
    assert said(desk, "那多久发") == ""  # the bot is silent
    assert script(li, f"{HERE}/{pk}/say", words="您好，我查一下").status_code == 204
    assert li.submit(f"{HERE}/{pk}/say", words="马上好").url.path == f"{HERE}/{pk}"
    closed = li.submit(f"{HERE}/{pk}/close", code="answered", rating="yes")
    assert "机器人接着答" in closed.text
    assert [words for speaker, words in words_of(desk) if speaker == "staff"] == [
        "您好，我查一下",
        "马上好",
    ]
    assert [line.action for line in desk.audited(about=f"conversation:{pk}")] == [
        "conversation_closed",
        "conversation_read",
        "conversation_taken",
    ]
    assert "谢谢您的评价" in said(desk, "有帮助")


def test_a_look_is_in_the_audit_once_a_login(desk: Desk) -> None:
    pk, li = asked_for_a_person(desk), desk.logged_in("operator")
    for _ in range(3):
        li.get(f"{HERE}/{pk}")
    assert len(desk.audited(action="conversation_read")) == 1
    desk.clock.forward(minutes=1)
    desk.logged_in("operator").get(f"{HERE}/{pk}")
    desk.logged_in("supervisor").get(f"{HERE}/{pk}")
    assert len(desk.audited(action="conversation_read")) == 3


def test_of_two_who_race_the_other_is_told_who_has_it(desk: Desk) -> None:
    desk.add("wang", label="王芳")
    desk.add("li", label="李红")
    pk = asked_for_a_person(desk)
    people = {"王芳": desk.logged_in("wang"), "李红": desk.logged_in("li")}
    together = threading.Barrier(2)
    answers: dict[str, httpx.Response] = {}

    def take(label: str) -> None:
        together.wait()
        answers[label] = people[label].submit(f"{HERE}/{pk}/take")

    racers = [threading.Thread(target=take, args=(label,)) for label in people]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    (winner,) = [label for label, answer in answers.items() if answer.status_code == 200]
    (loser,) = [label for label, answer in answers.items() if answer.status_code == 409]
    assert f"这个会话{winner}已经接了" in answers[loser].text
    refused = script(people[loser], f"{HERE}/{pk}/say", words="我也说一句")
    assert refused.status_code == 409
    assert refused.json()["detail"] == f"这个会话{winner}已经接了。"
    assert "只能看" in people[loser].get(f"{HERE}/{pk}").text


def test_the_same_words_sent_again_are_said_once(desk: Desk) -> None:
    pk, li = asked_for_a_person(desk), desk.logged_in("operator")
    li.submit(f"{HERE}/{pk}/take")
    for _ in range(2):
        script(li, f"{HERE}/{pk}/say", words="您好", key="k-1")
    script(li, f"{HERE}/{pk}/say", words="您好", key="k-2")
    assert [words for speaker, words in words_of(desk) if speaker == "staff"] == ["您好"] * 2


@pytest.mark.parametrize(
    ("text", "status", "told"),
    [
        ("", 422, "还没有写"),
        ("请打13812345678找我", 422, "手机号"),
        ("到＿＿去办", 422, "空格"),
        ("座机0355-2023456，上班时间打", 204, ""),
    ],
)
def test_what_staff_may_not_send(desk: Desk, text: str, status: int, told: str) -> None:
    pk, li = asked_for_a_person(desk), desk.logged_in("operator")
    li.submit(f"{HERE}/{pk}/take")
    answer = script(li, f"{HERE}/{pk}/say", words=text)
    assert answer.status_code == status
    if told:
        assert told in answer.json()["detail"]
    else:
        assert text in words_of(desk)[-1]  # an office's number arrives whole


def test_the_draft_of_the_bot_as_it_is_and_edited(desk: Desk) -> None:
    pk, li = asked_for_a_person(desk), desk.logged_in("operator")
    li.submit(f"{HERE}/{pk}/take")
    said(desk, "广州的星级怎么评")
    shown = draft_of(li, pk)
    found = re.search(r'id="use-draft" data-turn="(\d+)" data-text="([^"]*)"', shown)
    assert found
    script(li, f"{HERE}/{pk}/say", words=unescape(found[2]), draft=found[1])
    last = history(desk.app.engine, "web", "p")[-1]
    assert (last.speaker, bool(last.reply.citations)) == ("staff", True)
    said(desk, "长治的补贴多少")
    turn = history(desk.app.engine, "web", "p")[-1].pk
    script(li, f"{HERE}/{pk}/say", words="我替机器人改了改", draft=str(turn))
    with desk.app.engine.connect() as connection:
        rows = connection.execute(
            select(DraftRow.state, DraftRow.question, DraftRow.staff, DraftRow.turn_pk)
        ).all()
    newest = history(desk.app.engine, "web", "p")[-1]
    assert [row.state for row in rows] == ["sent", "edited"]
    assert (rows[1].question, rows[1].staff) == ("长治的补贴多少", "operator")
    assert rows[1].turn_pk == newest.pk
    assert newest.reply.citations == ()


def test_the_draft_asks_nobody_and_changes_nothing(desk: Desk) -> None:
    pk, li = asked_for_a_person(desk), desk.logged_in("operator")
    li.submit(f"{HERE}/{pk}/take")
    said(desk, "转人工")
    before = words_of(desk)
    assert "没有合适的答复" in draft_of(li, pk)
    assert words_of(desk) == before
    watching = desk.logged_in("supervisor")
    assert 'data-turn=""' in watching.get(f"{HERE}/{pk}").text
    assert watching.get(f"{HERE}/{pk}/draft", params={"turn": "4"}).status_code == 404


def test_transfer_is_for_the_colleague_and_told_in_words(desk: Desk) -> None:
    desk.add("wang", label="王芳")
    pk, li, wang = asked_for_a_person(desk), desk.logged_in("operator"), desk.logged_in("wang")
    li.submit(f"{HERE}/{pk}/take")
    assert li.submit(f"{HERE}/{pk}/transfer", to="editor").status_code == 422
    li.submit(f"{HERE}/{pk}/transfer", to="wang")
    assert "这个会话转给了王芳" in li.submit(f"{HERE}/{pk}/take").text
    assert wang.get(f"{HERE}/waiting").json()["waiting"] == 1
    assert li.get(f"{HERE}/waiting").json()["waiting"] == 0
    assert "转给您的" in wang.get(HERE).text
    assert "您接着" in wang.submit(f"{HERE}/{pk}/take").text
    wang.submit(f"{HERE}/{pk}/transfer", to="")
    assert "您接着" in li.submit(f"{HERE}/{pk}/take").text


def test_a_conversation_that_the_bot_has_can_be_taken_over(desk: Desk) -> None:
    said(desk, "长治的补贴多少")
    pk, li = conversation_pk(desk.app.engine, "web", "p"), desk.logged_in("operator")
    assert "您接着" in li.submit(f"{HERE}/{pk}/take").text
    assert said(desk, "那广州呢") == ""


def test_notes_are_redacted_and_kept_from_the_person(desk: Desk) -> None:
    pk, li = asked_for_a_person(desk), desk.logged_in("operator")
    assert script(li, f"{HERE}/{pk}/note", text="回电 13812345678，下午").status_code == 204
    assert "回电 〔电话〕，下午" in desk.logged_in("supervisor").get(f"{HERE}/{pk}").text
    assert all("回电" not in words for _speaker, words in words_of(desk))
    assert script(li, f"{HERE}/{pk}/note", text=" ").status_code == 422


def test_a_contact_is_shown_to_who_has_it_and_in_the_audit(desk: Desk) -> None:
    desk.clock.forward(hours=10)
    said(desk, "转人工")
    said(desk, "13812345678 下午打")
    pk, li = conversation_pk(desk.app.engine, "web", "p"), desk.logged_in("operator")
    queue = li.get(HERE).text
    assert "要回电的（1）" in queue
    assert "1381234" not in queue
    assert script(li, f"{HERE}/{pk}/contact").status_code == 409
    assert desk.audited(action="contact_seen") == []
    assert "1381234" not in li.submit(f"{HERE}/{pk}/take").text
    assert script(li, f"{HERE}/{pk}/contact").json() == {"contact": "13812345678 下午打"}
    assert len(desk.audited(action="contact_seen")) == 1


def test_who_vanishes_gives_a_wish_to_be_called_back_to_the_worklist(desk: Desk) -> None:
    desk.clock.forward(hours=10)
    said(desk, "转人工")
    said(desk, "13812345678")
    (wish,) = desk.app.handovers.listed(("contact",))
    desk.app.handovers.take(wish.pk, "operator")
    desk.clock.forward(minutes=6)
    assert release_vanished(desk.app.handovers, AWAY) == 1
    assert [one.state for one in desk.app.handovers.listed()] == ["contact"]


def test_what_a_colleague_does_not_take_is_for_everybody_after_a_while(desk: Desk) -> None:
    pk, li = asked_for_a_person(desk), desk.logged_in("operator")
    li.submit(f"{HERE}/{pk}/take")
    li.submit(f"{HERE}/{pk}/transfer", to="supervisor")
    assert li.submit(f"{HERE}/{pk}/take").status_code == 409
    desk.clock.forward(minutes=6)
    assert release_vanished(desk.app.handovers, AWAY) == 1
    assert release_vanished(desk.app.handovers, AWAY) == 0
    assert li.submit(f"{HERE}/{pk}/take").status_code == 200


def test_the_past_is_searched(desk: Desk) -> None:
    said(desk, "长治的补贴多少", "a")
    said(desk, "今天天气好吗", "b")
    li = desk.logged_in("operator")
    everything = li.get(f"{HERE}/past").text
    assert "长治的补贴多少" in everything
    assert "今天天气好吗" in everything
    outside = li.get(f"{HERE}/past", params={"status": "out_of_scope", "channel": "web"}).text
    assert "今天天气好吗" in outside
    assert "长治的补贴多少" not in outside
    later = li.get(f"{HERE}/past", params={"since": "2026-11-21", "until": "2026-11-22"})
    assert "没有这样的会话" in later.text
    assert li.get(f"{HERE}/past", params={"since": "昨天"}).status_code == 422


def test_the_past_goes_on_page_by_page(desk: Desk) -> None:
    for number in range(52):
        said(desk, f"第{number}个人的补贴", f"p{number}")
    li = desk.logged_in("operator")
    first = li.get(f"{HERE}/past").text
    older = re.search(r'href="(/console/conversations/past\?[^"]+before=\d+)"', first)
    assert older
    second = li.get(unescape(older[1])).text
    assert len(re.findall(r"第\d+个人", first)) == 50
    assert set(re.findall(r"第\d+个人", second)) == {"第0个人", "第1个人"}


def test_what_a_person_writes_is_text_everywhere(desk: Desk) -> None:
    said(desk, '你好<script>alert(1)</script>"><img src=x onerror=alert(1)>')
    said(desk, "转人工")
    pk = conversation_pk(desk.app.engine, "web", "p")
    people = desk.logged_in("operator")
    for path in (HERE, f"{HERE}/{pk}"):
        shown = people.get(path).text
        assert "<script>alert" not in shown, path
        assert "<img" not in shown, path
        assert "&lt;script&gt;alert(1)" in shown, path


def test_the_quota_of_wechat_is_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.app.settings, "wechat_verified", True)
    desk.app.outbox.channels = frozenset(("wechat",))
    pk = asked_for_a_person(desk, "openid-1", "wechat")
    with desk.app.engine.begin() as connection:
        opened(connection, "openid-1", "writing", desk.clock())
    shown = desk.logged_in("operator").get(f"{HERE}/{pk}").text
    assert "微信还能发5条" in shown
    assert "openid-1" not in shown


def test_what_did_not_arrive_is_seen_and_sent_again(desk: Desk) -> None:
    desk.app.outbox.channels = frozenset(("wechat",))
    pk, li = asked_for_a_person(desk, "openid-1", "wechat"), desk.logged_in("operator")
    li.submit(f"{HERE}/{pk}/take")
    (parcel,) = desk.app.outbox.claim()
    desk.app.outbox.settle(parcel, Delivery("dead", reason="blocked"))
    assert "1条送不到" in li.get(f"{HERE}/{pk}").text
    keeper = desk.logged_in("supervisor")
    shown = keeper.get("/console/delivery").text
    assert "对方拉黑了" in shown
    assert "openid-1" not in shown
    (dead,) = desk.app.outbox.listed("dead")
    assert "再发一次" in keeper.submit(f"/console/delivery/{dead.pk}/replay").text
    assert [again.key for again in desk.app.outbox.claim()] == [dead.key]
    assert keeper.submit(f"/console/delivery/{dead.pk}/replay").status_code == 404


def test_another_process_in_between_is_no_trouble(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The conversation is changed after it was read and before it is written."""
    pk, li = asked_for_a_person(desk), desk.logged_in("operator")
    li.submit(f"{HERE}/{pk}/take")
    changed: list[bool] = []

    @contextmanager
    def disturbed(*place: Any) -> Iterator[Held]:
        with held(*place) as conversation:
            if not changed:
                changed.append(True)
                with desk.app.engine.begin() as other:
                    other.execute(update(ConversationRow).values(version=99))
            yield conversation

    monkeypatch.setattr(voice, "held", disturbed)
    assert script(li, f"{HERE}/{pk}/say", words="您好").status_code == 204
    assert words_of(desk)[-1] == ("staff", "您好")
