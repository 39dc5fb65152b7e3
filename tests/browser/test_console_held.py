"""Answers held back, in the browsers of somebody who asks and of the staff who look at them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.app import utc_now
from bot.console import accounts
from bot.http import create_app
from nlu.understanding import Score
from tests.bot import serving
from tests.bot.console.conftest import light_passwords as light_passwords
from tests.bot.console.conftest import staffed_file as staffed_file
from tests.bot.console.desk import PASSWORD
from tests.bot.serving import app_on, copy_of
from tests.browser.accessibility import accessible
from tests.browser.chatting import ask
from tests.browser.test_console_conversations import OFFICE, SOON, at_desk

pytestmark = pytest.mark.browser

HERE = "/console/conversations/held"
# Long enough to be looked at on a busy machine, short enough to be waited for.
_WAITS_S = 40


@pytest.fixture
def browsers(
    browser: Browser, staffed_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[BrowserContext]]:
    """Three browsers on a server whose bot is sure of nothing, round the clock."""
    unsure = (Score("star_rating", 0.6), Score("accident_insurance", 0.4))
    monkeypatch.setattr(serving.KeywordClassifier, "classify", lambda _self, _text: unsure)
    plain = app_on(copy_of(staffed_file, tmp_path))
    with plain.engine.begin() as connection:
        accounts.add(connection, "wang", "王芳", "operator", PASSWORD, utc_now())
    careful = {"staff_hours": "", "hold_below": 0.95, "hold_minutes": _WAITS_S / 60}
    app = serving.set_otherwise(plain, utc_now, careful)
    with serving.serving(create_app(app), lifespan="on") as url:
        opened = [
            browser.new_context(viewport=OFFICE, locale="zh-CN", base_url=url) for _ in range(3)
        ]
        yield opened
        for context in opened:
            context.close()
    app.engine.dispose()


def asks(page: Page, words: str) -> None:
    page.goto("/")
    ask(page, words)
    expect(page.locator(".answer").last).to_contain_text("请工作人员核一下", timeout=SOON)


def test_staff_see_on_any_page_that_an_answer_waits_and_only_one_of_them_sends_it(
    browsers: list[BrowserContext],
) -> None:
    person, li, wang = (context.new_page() for context in browsers)
    at_desk(li, "operator")
    at_desk(wang, "wang")
    asks(person, "广州的星级怎么评")
    mark = li.locator("nav").get_by_text("待审1")
    expect(mark).to_be_visible(timeout=SOON)
    expect(li).to_have_title("(1) 会话 · 安心问坐席台")
    wang.goto("/console/assistant")
    expect(wang.locator("nav").get_by_text("待审1")).to_be_visible(timeout=SOON)
    accessible(wang)
    for page in (li, wang):
        page.goto(HERE)
        expect(page.get_by_text("广州的星级怎么评")).to_be_visible()
    # The second has it before her still, and does not yet see that the first was quicker.
    wang.evaluate("window.sending = document.querySelector('form[action*=\"/held/\"]')")
    box = li.get_by_label("发给对方的话")
    box.fill("请看广州市的评级办法。")
    li.keyboard.press("Control+Enter")
    expect(li.get_by_role("status").first).to_contain_text("发出去了")
    expect(mark).to_be_hidden()
    expect(person.locator(".answer").last).to_contain_text("请看广州市的评级办法。", timeout=SOON)
    wang.evaluate("() => { document.body.append(window.sending); window.sending.requestSubmit(); }")
    expect(wang.get_by_role("alert").first).to_be_visible()
    expect(person.get_by_text("请看广州市的评级办法。")).to_have_count(1)
    accessible(wang)


def test_what_nobody_looks_at_in_time_is_told_honestly_and_leaves_the_page(
    browsers: list[BrowserContext],
) -> None:
    person, li, _wang = (context.new_page() for context in browsers)
    at_desk(li, "operator").goto(HERE)
    asked = utc_now()
    asks(person, "广州的星级怎么评")
    expect(li.get_by_text("广州的星级怎么评")).to_be_visible(timeout=SOON)
    late = (_WAITS_S + 60) * 1000
    expect(person.locator(".answer").last).to_contain_text("没来得及核对", timeout=late)
    assert (utc_now() - asked).total_seconds() >= _WAITS_S
    expect(li.get_by_text("现在没有要看的答复")).to_be_visible(timeout=SOON)
