"""The review and the figures in Chromium: from a question in the web chat that the bot misses to
its answer, by hand of an editor; and what a month looks like."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.http import create_app
from bot.review.heard import note_missing
from tests.bot.console.conftest import light_passwords as light_passwords
from tests.bot.console.conftest import staffed_file as staffed_file
from tests.bot.console.desk import Clock, Desk
from tests.bot.console.made_up_month import a_month
from tests.bot.review.teaching import MISSED, MISSED_INTENT, SPOILING, teachable_app
from tests.bot.serving import NOW, serving
from tests.browser.chatting import ask, last_answer
from tests.browser.test_console_accounts import check, log_in
from tests.browser.test_console_accounts import office as office

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(staffed_file: Path, tmp_path: Path) -> Iterator[Desk]:
    with teachable_app(staffed_file, tmp_path) as app:
        web = create_app(app)
        with serving(web) as url:
            yield Desk(app, web, url, Clock(NOW))


def asked_anew(browser: Browser, url: str, text: str) -> Page:
    """Somebody who has just come, and has asked in the web chat; their page."""
    page = browser.new_page(base_url=url, locale="zh-CN")
    page.goto("/")
    ask(page, text)
    expect(last_answer(page)).not_to_be_empty()
    return page


def test_from_a_question_that_is_missed_to_its_answer(
    office: BrowserContext, browser: Browser, desk: Desk
) -> None:
    for text in MISSED:
        citizen = asked_anew(browser, desk.url, text)
        expect(last_answer(citizen)).not_to_contain_text("意外")
        citizen.context.close()

    page = office.new_page()
    log_in(page, "editor")
    page.get_by_role("link", name="复核").click()
    group = page.get_by_role("article").first
    expect(group.get_by_role("heading")).to_contain_text("月嫂")
    check(page)
    shoot(page, "console-review")
    while page.get_by_role("article").count():
        group = page.get_by_role("article").first
        group.get_by_role("combobox", name="选一件事").select_option(value=MISSED_INTENT)
        expect(group.get_by_role("radio", name="别的：")).to_be_checked()
        group.get_by_role("button", name="定下来").click()
        expect(page.get_by_role("status")).to_have_text("定好了。")
    check(page)
    page.get_by_role("link", name="已处理").click()
    expect(page.get_by_role("row")).to_have_count(1 + len(MISSED))
    check(page)
    page.get_by_role("link", name=re.compile("^改")).first.click()
    check(page)

    page.get_by_role("link", name="已处理").click()
    page.get_by_role("link", name="训练").click()
    check(page)
    page.get_by_role("button", name="开始训练").click()
    expect(page.get_by_role("heading", name="换上了新的")).to_be_visible(timeout=120_000)
    check(page)
    shoot(page, "console-retrain")

    citizen = asked_anew(browser, desk.url, MISSED[1])
    expect(last_answer(citizen)).to_contain_text("意外")
    citizen.context.close()


def test_labels_that_spoil_it_are_refused(
    office: BrowserContext, browser: Browser, desk: Desk
) -> None:
    for text in SPOILING:
        note_missing(desk.app.engine, text, "140400", "operator", NOW)
    page = office.new_page()
    log_in(page, "administrator")
    page.goto("/console/review")
    while page.get_by_role("article").count():
        group = page.get_by_role("article").first
        group.get_by_role("combobox", name="选一件事").select_option(value="out_of_scope")
        group.get_by_role("button", name="定下来").click()
        expect(page.get_by_role("status")).to_contain_text("要另一位同事在“已处理”里认可")
    page.goto("/console/review/labels")
    expect(page.get_by_text("等另一位同事认可，先不教")).to_have_count(len(SPOILING))
    check(page)
    shoot(page, "console-review-doubted")
    colleague = browser.new_page(base_url=desk.url, locale="zh-CN", viewport=page.viewport_size)
    log_in(colleague, "supervisor")
    colleague.goto("/console/review/labels")
    check(colleague)
    for _ in SPOILING:
        colleague.get_by_role("button", name="没标错，教给它").first.click()
        expect(colleague.get_by_role("status")).to_contain_text("认可了")
    colleague.context.close()
    page.goto("/console/review/retrain")
    page.get_by_role("button", name="开始训练").click()
    expect(page.get_by_role("heading", name="新的更差，没有换")).to_be_visible(timeout=120_000)
    page.get_by_text("原来会、现在不会的考题").click()
    expect(page.get_by_text("社保补贴到账慢：该是")).to_be_visible()
    check(page)
    shoot(page, "console-retrain-refused")


def test_a_task_for_the_library_by_keyboard(office: BrowserContext, desk: Desk) -> None:
    note_missing(desk.app.engine, "工龄补贴在哪个文件", "140400", "operator", NOW)
    page = office.new_page()
    log_in(page, "supervisor")
    page.goto("/console/review")
    library = page.get_by_role("radio", name="政策库里缺")
    library.focus()
    page.keyboard.press("Space")
    note = page.get_by_role("textbox", name="说明")
    expect(note).to_be_visible()
    note.focus()
    page.keyboard.type("三份文件都没写工龄补贴")
    page.get_by_role("button", name="定下来").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="政策库要补的").click()
    expect(page.get_by_role("cell", name="三份文件都没写工龄补贴")).to_be_visible()
    check(page)
    shoot(page, "console-tasks")
    page.get_by_role("button", name="做完了").click()
    expect(page.get_by_role("heading", name="做完的（1）")).to_be_visible()
    check(page)


def test_the_figures_of_a_month(office: BrowserContext, desk: Desk) -> None:
    a_month(desk.app.engine, NOW)
    page = office.new_page()
    log_in(page, "supervisor")
    page.get_by_role("link", name="统计").click()
    expect(page.get_by_text("120 个会话")).to_be_visible()
    expect(page.get_by_role("img", name="每天")).to_be_visible()
    check(page)
    shoot(page, "console-figures")
    page.get_by_role("heading", name="最多人问").scroll_into_view_if_needed()
    expect(page.get_by_role("row", name="工龄补贴有没有")).to_be_visible()
    shoot(page, "console-figures-below")
    page.get_by_label("渠道", exact=True).select_option(label="微信")
    page.get_by_role("button", name="看", exact=True).click()
    expect(page.get_by_label("渠道", exact=True)).to_have_value("wechat")
    page.get_by_role("link", name="最近7天").click()
    expect(page.get_by_label("渠道", exact=True)).to_have_value("wechat")
    check(page)
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("下载表格.*每天")).click()
    assert download.value.suggested_filename == "days.csv"


def shoot(page: Page, name: str) -> None:
    """Keep a picture of the page, where ANXIN_TEST_SCREENSHOTS names a folder for it."""
    if folder := os.environ.get("ANXIN_TEST_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")
