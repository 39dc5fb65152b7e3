"""The assistant and the permit check in Chromium at an office's screen size, mostly by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.bot.console.conftest import light_passwords as light_passwords
from tests.bot.console.conftest import staffed_file as staffed_file
from tests.bot.console.desk import Desk
from tests.browser.test_console_accounts import check, log_in
from tests.browser.test_console_accounts import desk as desk
from tests.browser.test_console_accounts import office as office

pytestmark = pytest.mark.browser


@pytest.fixture
def page(office: BrowserContext, desk: Desk) -> Page:
    office.grant_permissions(["clipboard-read", "clipboard-write"])
    page = office.new_page()
    log_in(page, "operator")
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    page.goto("/console/assistant")
    return page


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_a_call_by_keyboard_alone(page: Page) -> None:
    check(page)
    question, lead = page.get_by_label("来电人问什么"), page.locator("#lead")
    expect(question).to_be_focused()
    page.keyboard.type("广州培训补贴什么条件")
    expect(lead).to_contain_text("员工制")
    expect(page.get_by_text("这通电话问过的")).to_have_count(0)
    expect(question).to_be_focused()
    check(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("这通电话问过的")).to_be_visible()
    expect(page.get_by_label("哪里的")).to_have_value("440100")

    page.keyboard.press("Alt+J")
    asked = page.get_by_role("group", name=re.compile("您和家政公司是什么关系"))
    expect(asked.get_by_label("不清楚")).to_be_focused()
    page.keyboard.press("ArrowDown")
    yes = asked.get_by_label("公司正式员工（员工制）")
    expect(yes).to_be_focused()
    expect(page.locator(".lines .met").first).to_contain_text("在员工制家政企业上班")
    expect(yes).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".lines .not_met").first).to_contain_text("在员工制家政企业上班")
    expect(page.locator(".result").first).to_have_text("不符合")
    check(page)

    page.keyboard.press("Alt+C")
    expect(page.locator("#copied")).to_have_text("复制好了。")
    assert "《广州" in clipboard(page)
    page.keyboard.press("Alt+S")
    expect(page.get_by_role("button", name="复制短信")).to_have_class(re.compile("done"))
    assert 0 < len(clipboard(page)) <= 300

    page.keyboard.press("Alt+Q")
    expect(question).to_be_focused()
    page.keyboard.type("那长治呢")
    expect(page.locator("#answer")).to_have_attribute("data-question", "那长治呢")
    expect(page.locator(".marks")).to_contain_text("长治市")
    page.keyboard.press("Alt+B")
    expect(page.locator(".areas")).to_contain_text("广州市")
    check(page)

    page.keyboard.press("Alt+Slash")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    check(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+N")
    expect(question).to_have_value("")
    expect(page.get_by_text("这通电话问过的")).to_have_count(0)
    expect(page.get_by_label("哪里的")).to_have_value("")


def test_a_new_call_loses_no_key(page: Page) -> None:
    question, lead = page.get_by_label("来电人问什么"), page.locator("#lead")
    page.evaluate("window.samePage = true")
    page.keyboard.type("广州培训补贴什么条件")
    page.keyboard.press("Enter")
    expect(page.get_by_text("这通电话问过的")).to_be_visible()
    page.keyboard.press("Alt+B")
    page.keyboard.press("Alt+N")
    page.keyboard.type("我不想活了")
    expect(question).to_have_value("我不想活了")
    expect(lead).to_contain_text("12356")
    assert page.evaluate("window.samePage")
    expect(page.get_by_label("和别的地方比一比")).not_to_be_checked()
    expect(page.get_by_label("哪里的")).to_have_value("")
    expect(page.get_by_text("这通电话问过的")).to_have_count(0)
    expect(page.locator(".marks")).not_to_contain_text("广州")


def test_a_reload_keeps_the_call_and_another_page_ends_it(page: Page) -> None:
    question = page.get_by_label("来电人问什么")
    page.keyboard.type("广州培训补贴什么条件")
    page.keyboard.press("Enter")
    page.get_by_label("公司正式员工（员工制）").check()
    expect(page.locator(".lines .met").first).to_contain_text("在员工制家政企业上班")
    page.reload()
    expect(question).to_have_value("广州培训补贴什么条件")
    expect(page.get_by_label("公司正式员工（员工制）")).to_be_checked()
    expect(page.locator(".lines .met").first).to_contain_text("在员工制家政企业上班")
    expect(page.get_by_text("这通电话问过的")).to_be_visible()
    page.goto("/console/account")
    page.goto("/console/assistant")
    expect(question).to_have_value("")
    expect(page.get_by_text("这通电话问过的")).to_have_count(0)


def test_the_last_words_win(page: Page) -> None:
    """A slow answer to earlier words never takes the place of a later one's."""
    slow: list[object] = []

    def hold(route: object) -> None:
        if not slow:
            slow.append(route)  # the first is never answered in time
        else:
            route.continue_()  # type: ignore[attr-defined]

    page.route("**/console/assistant", hold)
    page.keyboard.type("广州培训免费吗")
    page.wait_for_timeout(200)
    assert slow
    page.get_by_label("来电人问什么").fill("长治培训免费吗")
    expect(page.locator("#answer")).to_have_attribute("data-question", "长治培训免费吗")
    expect(page.locator(".marks")).to_contain_text("长治市")


def test_words_half_composed_are_not_asked(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url) if one.method == "POST" else None)
    page.evaluate(
        """() => {
            const field = document.getElementById("q");
            field.value = "guang";
            field.dispatchEvent(new InputEvent("input", { isComposing: true }));
        }"""
    )
    page.wait_for_timeout(300)
    assert asked == []
    page.get_by_label("来电人问什么").fill("广州培训免费吗")
    expect(page.locator(".marks")).to_contain_text("广州市")


def test_without_the_server_it_says_so(page: Page) -> None:
    page.route(
        "**/console/assistant",
        lambda route: route.fulfill(status=503, content_type="text/html", body="<p>busy</p>"),
    )
    page.keyboard.type("广州培训免费吗")
    expect(page.get_by_role("alert")).to_contain_text("连不上服务器")
    check(page)
    page.unroute("**/console/assistant")
    page.keyboard.type("啊")
    expect(page.locator(".marks")).to_contain_text("广州市")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_it_works_without_script(browser: Browser, desk: Desk) -> None:
    context = browser.new_context(
        viewport={"width": 1366, "height": 768}, base_url=desk.url, java_script_enabled=False
    )
    page = context.new_page()
    log_in(page, "operator")
    page.goto("/console/assistant")
    page.get_by_label("来电人问什么").fill("广州培训补贴什么条件")
    page.get_by_role("button", name="问（回车）").click()
    expect(page.locator("#lead")).to_contain_text("员工制")
    page.get_by_label("公司正式员工（员工制）").check()
    page.get_by_role("button", name="按这些情况再答").click()
    expect(page.locator(".lines .met").first).to_contain_text("在员工制家政企业上班")
    page.get_by_role("button", name="广州培训补贴什么条件", exact=True).click()
    expect(page.get_by_label("公司正式员工（员工制）")).to_be_checked()
    context.close()


def test_the_permit_page(page: Page) -> None:
    page.get_by_role("link", name="查证").click()
    expect(page.get_by_label("证号", exact=True)).to_be_focused()
    check(page)
