"""The console in Chromium at an office's screen size: logging in, a password, a new colleague."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, ViewportSize, expect

from tests.bot.console.conftest import light_passwords as light_passwords
from tests.bot.console.conftest import staffed_file as staffed_file
from tests.bot.console.desk import PASSWORD, Desk, open_desk
from tests.browser.conftest import PATIENCE_MS

pytestmark = pytest.mark.browser

OFFICE: ViewportSize = {"width": 1366, "height": 768}
NEW = "another kettle 2"


@pytest.fixture
def desk(staffed_file: Path, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(staffed_file, tmp_path) as desk:
        yield desk


@pytest.fixture
def office(browser: Browser, desk: Desk) -> Iterator[BrowserContext]:
    """A browser at a desk. No test may end with a console error or a request to another host."""
    context = browser.new_context(viewport=OFFICE, locale="zh-CN", base_url=desk.url)
    context.set_default_timeout(PATIENCE_MS)
    wrong: list[str] = []
    context.on("weberror", lambda error: wrong.append(str(error.error)))

    def note(said: ConsoleMessage) -> None:
        # That a page was refused the browser reports as an error of its own.
        if said.type == "error" and "status of" not in said.text:
            wrong.append(said.text)

    context.on("console", note)
    context.on(
        "request",
        lambda asked: None if asked.url.startswith(desk.url) else wrong.append(asked.url),
    )
    yield context
    context.close()
    assert wrong == []


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.goto("/console")
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def check(page: Page) -> None:
    """No finding of axe, and no scrolling sideways."""
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0


def test_a_new_colleague_from_the_first_click_to_the_last(
    office: BrowserContext, browser: Browser, desk: Desk
) -> None:
    page = office.new_page()
    page.goto("/console")
    check(page)
    log_in(page, "administrator", "wrong password")
    expect(page.get_by_role("alert")).to_have_text("账号或密码不对。")
    expect(page.get_by_label("账号")).to_have_value("administrator")
    expect(page.get_by_label("密码")).to_be_focused()
    check(page)
    page.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="人员")).to_be_visible()
    page.get_by_role("link", name="人员").click()
    check(page)
    page.get_by_label("姓名").fill("<b>新人</b>")
    page.get_by_label("账号（登录用）").fill("new.one")
    page.get_by_label("角色").select_option(label="班长")
    page.get_by_role("button", name="加上").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>新人</b>的一次性密码")
    check(page)
    once = page.locator(".one-time code").inner_text()
    page.get_by_role("link", name="记下了").click()
    check(page)

    other = browser.new_context(viewport=OFFICE, locale="zh-CN", base_url=desk.url)
    colleague = other.new_page()
    log_in(colleague, "new.one", once)
    expect(colleague.get_by_text("请先换成自己的密码")).to_be_visible()
    check(colleague)
    colleague.get_by_label("现在的密码").fill(once)
    colleague.get_by_label("新密码", exact=True).fill(NEW)
    colleague.get_by_label("再输一次新密码").fill(NEW)
    colleague.get_by_role("button", name="换密码").click()
    expect(colleague.get_by_role("status")).to_contain_text("密码已换好")
    colleague.get_by_role("link", name="审计").click()
    expect(colleague.get_by_role("row").nth(1)).to_contain_text("换了密码")
    check(colleague)
    colleague.goto("/console/people")
    expect(colleague.get_by_role("heading", level=1)).to_have_text("您的账号不能打开这个页面")
    check(colleague)

    page.reload()
    page.get_by_role("button", name="停用账号").click()
    expect(page.get_by_role("status")).to_contain_text("账号已停用")
    check(page)
    colleague.goto("/console/audit")
    expect(colleague.get_by_role("heading", level=1)).to_have_text("登录")
    other.close()


def test_by_keyboard_alone(office: BrowserContext, desk: Desk) -> None:
    page = office.new_page()
    page.goto("/console")
    expect(page.get_by_label("账号")).to_be_focused()
    page.keyboard.type("supervisor")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    page.goto("/console/account")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到内容")).to_be_focused()
    expect(page.get_by_role("link", name="跳到内容")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("现在的密码")).to_be_focused()
    ring = page.get_by_label("现在的密码").evaluate("e => getComputedStyle(e).outlineWidth")
    assert float(ring.removesuffix("px")) >= 2
    page.get_by_role("button", name="退出").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("已退出。")


def test_a_form_of_another_site_does_nothing(office: BrowserContext, desk: Desk) -> None:
    """What a stranger's page can send arrives without the cookie, and without a token."""
    page = office.new_page()
    log_in(page, "operator")
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    stranger = office.new_page()
    stranger.goto("about:blank")
    stranger.set_content(
        f'<form method="post" action="{desk.url}/console/logout"><button>go</button></form>'
    )
    stranger.get_by_role("button").click()
    stranger.wait_for_url("**/console/log*")
    page.goto("/console/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("我的账号")
    assert not desk.audited(action="logout")


def test_no_script_in_a_page_may_run(browser: Browser, desk: Desk) -> None:
    """Should markup ever slip in, the page's policy keeps it from doing anything."""
    context = browser.new_context(base_url=desk.url)
    page = context.new_page()
    page.goto("/console/login")
    page.evaluate(
        """() => {
            window.done = [];
            for (const attempt of [
                () => { document.body.innerHTML = "<img src=x onerror='done.push(1)'>"; },
                () => {
                    const script = document.createElement("script");
                    script.append("done.push(2)");
                    document.body.append(script);
                },
                () => {
                    const button = document.createElement("button");
                    button.setAttribute("onclick", "done.push(3)");
                    document.body.append(button);
                    button.click();
                },
            ]) {
                try { attempt(); } catch { /* refused */ }
            }
        }"""
    )
    assert page.evaluate("window.done") == []
    context.close()
