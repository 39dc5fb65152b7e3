"""Every page of the console in Chromium: no finding of axe, nothing from elsewhere, nothing inline;
work done by keyboard alone; what is typed outlives the end of a log-in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import delete

from bot.console.sessions import SessionRow
from bot.review.heard import note_missing
from dialogs.reply import Message
from tests.bot import serving
from tests.bot.console.conftest import light_passwords as light_passwords
from tests.bot.console.conftest import staffed_file as staffed_file
from tests.bot.console.desk import PASSWORD, Desk, open_desk
from tests.bot.serving import NOW
from tests.browser.test_console_accounts import check, log_in
from tests.browser.test_console_accounts import office as office

pytestmark = pytest.mark.browser

# Somebody's name and words, as nasty as they come.
NASTY = "<script>window.hurt=1</script><img src=x onerror='window.hurt=1'>保姆"
PAGES = (
    *("/assistant", "/conversations", "/conversations/past", "/conversations/held"),
    *("/conversations/1", "/conversations/2", "/canned", "/delivery", "/permits"),
    *("/library", "/library?q=保险", "/library?q=没有这个词语", "/library/documents/guangzhou/3"),
    *("/library/releases", "/library/reports", "/library/reports?state=done"),
    *("/review", "/review/labels", "/review/tasks", "/review/retrain"),
    *("/figures", "/people", "/people/1", "/audit", "/audit?check=1", "/account", "/nowhere"),
)


@pytest.fixture
def desk(staffed_file: Path, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(staffed_file, tmp_path, lifespan="on") as desk:
        yield desk


@pytest.fixture(autouse=True)
def understands_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(serving._WORDS, "人工", "handoff")


def asks_for_a_person(desk: Desk, person: str = "p") -> None:
    desk.clock.forward(hours=-30)  # a Friday at ten
    for number, text in enumerate((NASTY, "广州的星级怎么评", "转人工")):
        desk.app.inbox.handle(Message(text, person, f"m{number}", "web"))


def test_axe_finds_nothing_and_nothing_is_inline(office: BrowserContext, desk: Desk) -> None:
    asks_for_a_person(desk)
    desk.app.inbox.handle(Message("长治的补贴多少", "q", "m", "wechat"))
    note_missing(desk.app.engine, NASTY, "140400", "operator", NOW)
    page = office.new_page()
    log_in(page, "administrator")
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    for path in PAGES:
        answer = page.goto(f"/console{path}")
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        inline = "script:not([src]), style, [style], [onclick], [onload], [onerror]"
        assert page.locator(inline).count() == 0, path
        assert page.evaluate("window.hurt") is None, path
        check(page)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what is called so has the focus, as one who has no mouse must."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(
            """wanted => {
                const here = document.activeElement;
                const called = here.getAttribute("aria-label") ?? here.labels?.[0]?.textContent
                    ?? here.textContent;
                return called.trim().startsWith(wanted);
            }""",
            name,
        ):
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_a_conversation_by_keyboard_alone(office: BrowserContext, desk: Desk) -> None:
    asks_for_a_person(desk)
    page = office.new_page()
    log_in(page, "operator")
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    tab_to(page, "会话")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("会话")
    tab_to(page, "接过来")
    page.keyboard.press("Enter")
    expect(page.get_by_text("您接着", exact=True)).to_be_visible()
    page.wait_for_load_state()
    tab_to(page, "对网页上的人说")
    page.keyboard.type("您好")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("log")).to_contain_text("您好")
    tab_to(page, "怎么结束的")
    page.keyboard.press("ArrowDown")
    tab_to(page, "请对方评一下")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="结束，交回机器人")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("机器人接着答")
    (line,) = desk.audited(action="conversation_closed")
    assert line.who == "operator"


def log_ins_end(desk: Desk) -> None:
    with desk.app.engine.begin() as connection:
        connection.execute(delete(SessionRow))


def log_in_again(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def test_a_reply_outlives_the_log_in(office: BrowserContext, desk: Desk) -> None:
    asks_for_a_person(desk)
    page = office.new_page()
    log_in(page, "operator")
    page.goto("/console/conversations/1")
    page.get_by_role("button", name="接过来").click()
    box = page.get_by_role("textbox", name="对网页上的人说")
    box.fill("要带身份证和合同，")
    log_ins_end(desk)
    desk.app.inbox.handle(Message("还在吗", "p", "more", "web"))
    expect(page.get_by_role("alert").first).to_contain_text("登录已经结束")
    box.press_sequentially("上午去")  # nobody was taken away from it
    page.keyboard.press("Control+Enter")
    log_in_again(page, "operator")
    expect(box).to_have_value("要带身份证和合同，上午去")
    page.keyboard.press("Control+End")
    box.press("Control+Enter")
    expect(page.get_by_role("log").get_by_text("要带身份证和合同，上午去")).to_have_count(1)
    expect(box).to_have_value("")


def test_a_form_outlives_the_log_in(office: BrowserContext, desk: Desk) -> None:
    note_missing(desk.app.engine, "工龄补贴在哪个文件", "140400", "operator", NOW)
    page = office.new_page()
    log_in(page, "editor")
    page.goto("/console/review")
    page.get_by_role("radio", name="政策库里缺").check()
    page.get_by_role("textbox", name="说明").fill("三份文件都没写")
    log_ins_end(desk)
    page.get_by_role("button", name="定下来").click()
    log_in_again(page, "editor")
    expect(page.get_by_role("radio", name="政策库里缺")).to_be_checked()
    expect(page.get_by_role("textbox", name="说明")).to_have_value("三份文件都没写")
    page.get_by_role("button", name="定下来").click()
    expect(page.get_by_role("status")).to_have_text("定好了。")
    page.goto("/console/review/tasks")
    expect(page.get_by_role("cell", name="三份文件都没写")).to_be_visible()
    page.go_back()
    page.go_back()
    expect(page.get_by_role("textbox", name="说明")).to_have_count(0)  # what was sent is not back


def test_a_call_outlives_the_log_in(office: BrowserContext, desk: Desk) -> None:
    page = office.new_page()
    log_in(page, "operator")
    page.goto("/console/assistant")
    page.keyboard.type("广州培训免费吗")
    expect(page.locator(".marks")).to_contain_text("广州市")
    page.keyboard.press("Enter")
    expect(page.get_by_text("这通电话问过的")).to_be_visible()
    page.keyboard.type("补贴")
    expect(page.locator("#answer")).to_have_attribute("data-question", "补贴")
    log_ins_end(desk)
    page.keyboard.type("多少钱")
    log_in_again(page, "operator")
    expect(page.get_by_label("来电人问什么")).to_have_value(re.compile("^补贴多"))
    expect(page.get_by_text("这通电话问过的")).to_be_visible()
    expect(page.get_by_label("哪里的")).to_have_value("440100")


def test_what_somebody_typed_is_gone_when_they_log_out(office: BrowserContext, desk: Desk) -> None:
    asks_for_a_person(desk)
    page = office.new_page()
    log_in(page, "operator")
    page.goto("/console/conversations/1")
    page.get_by_role("button", name="接过来").click()
    page.get_by_role("textbox", name="对网页上的人说").fill("还没说的话")
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/console/login?done=logged_out")  # and for its scripts, which forget
    log_in(page, "operator")
    page.goto("/console/conversations/1")
    expect(page.get_by_role("textbox", name="对网页上的人说")).to_have_value("")


def test_in_two_tabs_the_second_sees_what_the_first_did(office: BrowserContext, desk: Desk) -> None:
    asks_for_a_person(desk)
    first = office.new_page()
    log_in(first, "operator")
    first.goto("/console/conversations/1")
    first.get_by_role("button", name="接过来").click()
    second = office.new_page()
    second.goto("/console/conversations/1")
    first.get_by_role("textbox", name="对网页上的人说").fill("第一页说的")
    first.keyboard.press("Control+Enter")
    expect(second.get_by_role("log")).to_contain_text("第一页说的")
    first.get_by_label("怎么结束的").select_option(label="其他")
    first.get_by_role("button", name="结束，交回机器人").click()
    expect(second.get_by_role("button", name="接过来")).to_be_visible()
    expect(second.get_by_role("textbox", name="对网页上的人说")).to_be_hidden()
    first.go_back()
    expect(first.get_by_role("button", name="接过来")).to_be_visible()


def test_a_second_click_sends_once(office: BrowserContext, desk: Desk) -> None:
    asks_for_a_person(desk)
    page = office.new_page()
    log_in(page, "operator")
    page.goto("/console/conversations/1")
    page.get_by_role("button", name="接过来").dblclick()
    expect(page.get_by_text("您接着", exact=True)).to_be_visible()
    page.wait_for_load_state()
    page.get_by_role("textbox", name="对网页上的人说").fill("只说一次")
    page.get_by_role("button", name="发出").dblclick()
    expect(page.get_by_role("log").get_by_text("只说一次")).to_have_count(1)
    note = page.get_by_label("备注", exact=True)
    note.fill("长" * 600)
    assert len(note.input_value()) <= 500
    page.get_by_role("button", name="记下").dblclick()
    expect(page.locator("#notes")).to_contain_text("长长长")
    expect(page.locator("#notes li")).to_have_count(1)
