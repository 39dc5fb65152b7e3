"""Somebody on WeChat and a member of staff in Chromium: the platform signs and encrypts as
Tencent's does, counts customer-service messages, and refuses what it would refuse."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pydantic import SecretStr

from bot.app import utc_now
from bot.http import create_app
from tests.bot import serving
from tests.bot.console.conftest import light_passwords as light_passwords
from tests.bot.console.conftest import staffed_file as staffed_file
from tests.bot.serving import app_on, copy_of
from tests.browser.accessibility import accessible
from tests.browser.measure_talk import arrived, noting, phone_asks, seen_on, staff_says, watch
from tests.browser.test_console_conversations import (
    OFFICE,
    SOON,
    at_desk,
    take,
    turns,
    within_a_second,
)
from tests.simulators.wechat_phone import Phones, phones
from tests.simulators.wechat_platform import Account

pytestmark = pytest.mark.browser

AUNT = "oAuntWithATelephone0000000001"


@dataclass(frozen=True)
class Line:
    """The telephone, the member of staff's page, and the bot's database."""

    phone: Phones
    li: Page
    database: Path

    def wants_a_person(self) -> None:
        assert "免费" in (self.phone.say(AUNT, "广州月嫂培训免费吗").shown or "")
        assert "转人工" in (self.phone.say(AUNT, "转人工").shown or "")


@pytest.fixture
def account() -> Account:
    return Account(verified=True)


@pytest.fixture
def line(
    browser: Browser,
    staffed_file: Path,
    tmp_path: Path,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Line]:
    monkeypatch.setitem(serving._WORDS, "人工", "handoff")
    database = copy_of(staffed_file, tmp_path)
    with phones(account) as (phone, platform):
        plain = app_on(database)
        wechat = {
            "staff_hours": "",
            "seal_key_file": tmp_path / "seal.key",
            "wechat_token": SecretStr(account.token),
            "wechat_app_id": account.app_id,
            "wechat_app_secret": SecretStr(account.secret),
            "wechat_aes_key": SecretStr(account.aes_key),
            "wechat_verified": account.verified,
            "wechat_api_base": platform,
        }
        app = serving.set_otherwise(plain, utc_now, wechat)
        with serving.serving(create_app(app), lifespan="on") as url:
            phone.reach(f"{url}/wechat")
            context = browser.new_context(viewport=OFFICE, locale="zh-CN", base_url=url)
            yield Line(phone, at_desk(context.new_page(), "operator"), database)
            context.close()
        app.engine.dispose()


def soon(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.02)


def test_both_speak_and_the_service_is_rated(line: Line) -> None:
    phone, li = line.phone, line.li
    expect(li.get_by_text("现在没有人在等")).to_be_visible()
    line.wants_a_person()
    expect(li.get_by_role("heading", name="等人接（1）")).to_be_visible(timeout=SOON)
    take(li)
    soon(lambda: "工作人员来了，下面由工作人员和您说。" in phone.received(AUNT))
    # The word that somebody has come was one of the five; each message of hers opens five anew.
    expect(li.get_by_text("微信还能发4条，到")).to_be_visible(timeout=SOON)
    li.get_by_role("textbox", name="对微信上的人说").fill("您好，我是小王。\n请讲。")
    li.keyboard.press("Control+Enter")
    soon(lambda: phone.received(AUNT)[-1] == "您好，我是小王。\n请讲。")
    expect(li.get_by_text("微信还能发3条，到")).to_be_visible(timeout=SOON)
    accessible(li)
    told = phone.say(AUNT, "<b>我想学月子餐</b>")
    assert (told.shown, told.failed) == (None, False)  # the bot is silent
    expect(turns(li).last).to_contain_text("<b>我想学月子餐</b>", timeout=SOON)
    expect(li.get_by_text("微信还能发5条，到")).to_be_visible(timeout=SOON)
    li.get_by_label("怎么结束的").select_option(label="已经答清楚")
    li.get_by_label("请对方评一下").check()
    li.get_by_role("button", name="结束，交回机器人").click()
    expect(li.get_by_role("status").first).to_contain_text("机器人接着答")
    soon(lambda: any("这次服务对您有帮助吗" in text for text in phone.received(AUNT)))
    assert phone.tap(AUNT, "有帮助").shown == "谢谢您的评价。"
    assert "免费" in (phone.say(AUNT, "广州月嫂培训免费吗").shown or "")  # the bot again
    connection = sqlite3.connect(line.database)
    rated = connection.execute(
        "SELECT useful, channel FROM rating JOIN turn ON turn.pk = turn_pk"
        " JOIN conversation ON conversation.pk = conversation_pk"
    ).fetchall()
    connection.close()
    assert rated == [(1, "wechat")]


def test_each_sees_the_others_words_within_a_second(line: Line) -> None:
    phone, li = line.phone, line.li
    line.wants_a_person()
    take(li)
    watch(li)
    on_phone = noting(phone)
    within_a_second((phone_asks(phone, AUNT), seen_on(li)), range(5))
    # Each message of hers opens five; one fewer, so that all of them are delivered.
    within_a_second((staff_says(li), partial(arrived, on_phone)), range(5, 9))


def test_what_wechat_does_not_take_any_more_waits_and_comes_with_the_next_message(
    line: Line,
) -> None:
    phone, li = line.phone, line.li
    line.wants_a_person()
    take(li)
    box = li.get_by_role("textbox", name="对微信上的人说")
    for number in range(1, 6):
        box.fill(f"第{number}句")
        li.keyboard.press("Control+Enter")
        expect(turns(li).last).to_contain_text(f"第{number}句", timeout=SOON)
    soon(lambda: "第4句" in phone.received(AUNT))
    expect(li.get_by_text("微信还能发0条，到")).to_be_visible(timeout=SOON)
    expect(li.get_by_text("要等对方再说话才能送")).to_be_visible(timeout=SOON)
    accessible(li)
    assert "第5句" not in phone.received(AUNT)
    assert phone.say(AUNT, "还在吗").shown == "第5句"
    expect(li.get_by_text("要等对方再说话才能送")).to_be_hidden(timeout=SOON)


@pytest.mark.parametrize("account", [Account(verified=False)], ids=["not verified"])
def test_an_account_that_may_only_answer_is_shown_as_that(line: Line) -> None:
    phone, li = line.phone, line.li
    line.wants_a_person()
    take(li)
    expect(li.get_by_text("公众号没有认证，您的话要等对方再说话才能送到")).to_be_visible()
    expect(li.get_by_text("微信还能发")).to_have_count(0)
    li.get_by_role("textbox", name="对微信上的人说").fill("您好，请讲。")
    li.keyboard.press("Control+Enter")
    expect(turns(li).last).to_contain_text("您好，请讲。", timeout=SOON)
    expect(li.get_by_text("2条要等对方再说话才能送")).to_be_visible(timeout=SOON)
    accessible(li)
    assert "您好，请讲。" in (phone.say(AUNT, "有人吗").shown or "")
    expect(turns(li).last).to_contain_text("有人吗", timeout=SOON)
