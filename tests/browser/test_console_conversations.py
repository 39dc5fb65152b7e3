"""A person and the staff in their browsers at the same time, over a server in its own process."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    expect,
)

from bot.bench.process import free_port
from bot.console import accounts
from bot.database import open_engine
from tests.bot.console.conftest import light_passwords as light_passwords
from tests.bot.console.conftest import staffed_file as staffed_file
from tests.bot.console.desk import PASSWORD
from tests.bot.console.served import Served
from tests.bot.serving import NOW, copy_of
from tests.browser.accessibility import accessible
from tests.browser.chatting import ask
from tests.browser.conftest import PATIENCE_MS
from tests.browser.measure_talk import Exchange, seen_on, staff_says, taken, watch, web_asks

pytestmark = pytest.mark.browser

HERE = "/console/conversations"
OFFICE: ViewportSize = {"width": 1366, "height": 768}
# What comes by itself is waited for so long, however busy the machine is. How long it does take is
# tested by itself: `within_a_second`.
SOON = 30_000
_SENTENCES = 5
Opener = Callable[[], Page]


@pytest.fixture(scope="module")
def database(staffed_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = copy_of(staffed_file, tmp_path_factory.mktemp("conversations"))
    engine = open_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        for name, label in (("li", "李红"), ("wang", "王芳")):
            accounts.add(connection, name, label, "operator", PASSWORD, NOW)
    engine.dispose()
    return path


@pytest.fixture(scope="module")
def server(database: Path) -> Iterator[Served]:
    server = Served(database, free_port())
    yield server
    server.kill()


@pytest.fixture
def served(server: Served, database: Path) -> Served:
    """The server, with nobody waiting."""
    connection = sqlite3.connect(database, timeout=30)
    with connection:
        connection.execute("UPDATE handover SET state = 'closed'")
    connection.close()
    return server


@pytest.fixture
def wrong() -> Iterator[list[str]]:
    """Errors in the pages, and requests to other hosts: no test may end with one."""
    found: list[str] = []
    yield found
    assert found == []


@pytest.fixture
def somebody(browser: Browser, served: Served, wrong: list[str]) -> Iterator[Opener]:
    """Opens a browser of somebody's own."""
    opened: list[BrowserContext] = []

    def note(said: ConsoleMessage) -> None:
        # Refusals, and that the server is gone, the browser reports as errors of its own.
        own = ("status of", "net::ERR_CONNECTION", "net::ERR_INCOMPLETE", "net::ERR_EMPTY")
        if said.type == "error" and not any(sign in said.text for sign in own):
            wrong.append(said.text)

    def open_page() -> Page:
        context = browser.new_context(viewport=OFFICE, locale="zh-CN", base_url=served.url)
        context.set_default_timeout(PATIENCE_MS)
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on("console", note)
        context.on(
            "request",
            lambda asked: None if asked.url.startswith(served.url) else wrong.append(asked.url),
        )
        opened.append(context)
        return context.new_page()

    yield open_page
    for context in opened:
        context.close()


@pytest.fixture
def li(somebody: Opener) -> Page:
    return at_desk(somebody(), "li")


def at_desk(page: Page, name: str) -> Page:
    """Log in, and look at the queue."""
    page.goto(HERE)
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("会话")
    return page


def wants_a_person(page: Page) -> Page:
    page.goto("/")
    ask(page, "广州月嫂培训免费吗")
    expect(page.locator(".answer")).to_have_count(1, timeout=60_000)  # the first takes longest
    ask(page, "转人工")
    expect(page.get_by_text("正在给您转人工").last).to_be_visible()
    return page


def take(page: Page) -> None:
    page.get_by_role("button", name="接过来").first.click()
    expect(page.get_by_text("您接着", exact=True)).to_be_visible(timeout=15_000)
    page.wait_for_load_state()


def say(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="对网页上的人说").fill(words)
    page.keyboard.press("Control+Enter")


def turns(page: Page) -> Locator:
    return page.get_by_role("log").locator("#turns > li")


def test_a_person_is_asked_for_comes_speaks_and_is_rated(
    somebody: Opener, li: Page, database: Path
) -> None:
    expect(li.get_by_text("现在没有人在等")).to_be_visible()
    mei = wants_a_person(somebody())
    expect(li.get_by_role("heading", name="等人接（1）")).to_be_visible(timeout=SOON)
    expect(li).to_have_title("(1) 会话 · 安心问坐席台")
    take(li)
    expect(turns(li).first).to_contain_text("广州月嫂培训免费吗")
    expect(li.locator("details.clauses").first).not_to_have_attribute("open", "")
    say(li, "您好，我是小李。\n请讲。")
    expect(mei.locator(".answer").last).to_contain_text("您好，我是小李。", timeout=SOON)
    expect(li.get_by_role("textbox", name="对网页上的人说")).to_have_value("")
    ask(mei, "我想学做月子餐")
    expect(turns(li).last).to_contain_text("我想学做月子餐", timeout=SOON)
    expect(mei.get_by_text("已经发给工作人员")).to_be_visible()
    li.get_by_label("怎么结束的").select_option(label="已经答清楚")
    li.get_by_label("请对方评一下").check()
    li.get_by_role("button", name="结束，交回机器人").click()
    expect(li.get_by_role("status").first).to_contain_text("机器人接着答")
    mei.get_by_role("button", name="有帮助", exact=True).click(timeout=SOON)
    expect(mei.get_by_text("谢谢您的评价")).to_be_visible()
    ask(mei, "广州月嫂培训免费吗")
    expect(mei.locator(".answer").last.locator(".conclusion")).to_be_visible()
    connection = sqlite3.connect(database)
    rated = connection.execute(
        "SELECT useful, intent FROM rating JOIN turn ON turn.pk = turn_pk"
    ).fetchall()
    connection.close()
    assert rated == [(1, "rating_request")]


def within_a_second(exchange: Exchange, numbers: range) -> None:
    """Most of the sentences take less than a second from one side to the other."""
    took = [taken(exchange, number) for number in numbers]
    assert median(took) < 1_000, took


def test_each_sees_the_others_words_within_a_second(somebody: Opener, li: Page) -> None:
    mei = wants_a_person(somebody())
    take(li)
    watch(li)
    watch(mei)
    within_a_second((web_asks(mei), seen_on(li)), range(_SENTENCES))
    within_a_second((staff_says(li), seen_on(mei)), range(_SENTENCES, 2 * _SENTENCES))


def test_the_server_dies_in_the_middle_and_nothing_is_lost(
    somebody: Opener, li: Page, served: Served
) -> None:
    mei = wants_a_person(somebody())
    take(li)
    say(li, "第一句")
    expect(mei.locator(".answer").last).to_have_text("第一句", timeout=SOON)
    served.kill()
    say(li, "第二句，写在断线的时候")
    expect(li.get_by_role("alert")).to_contain_text("没有发出去")
    ask(mei, "我在断线时说的")
    served.start()
    expect(li.get_by_text("连不上服务器")).to_be_hidden()
    li.reload()
    box = li.get_by_role("textbox", name="对网页上的人说")
    expect(box).to_have_value("第二句，写在断线的时候")
    box.press("Control+Enter")
    expect(mei.locator(".answer").filter(has_text="第二句，写在断线的时候")).to_have_count(1)
    # What she wrote goes out by itself once the server is found again.
    expect(turns(li).filter(has_text="我在断线时说的")).to_have_count(1, timeout=60_000)
    expect(turns(li).filter(has_text="第一句")).to_have_count(1)
    expect(turns(li).filter(has_text="第二句")).to_have_count(1)


def test_of_two_operators_one_has_it_and_the_other_is_told(somebody: Opener, li: Page) -> None:
    wang = at_desk(somebody(), "wang")
    wants_a_person(somebody())
    for page in (li, wang):
        expect(page.get_by_role("button", name="接过来")).to_be_visible(timeout=SOON)
    # Both have the button before them; the second does not yet see that the first was quicker.
    wang.route("**/stream", lambda route: route.fulfill(status=204))
    wang.evaluate("window.taking = document.querySelector('form[action$=\"/take\"]')")
    take(li)
    # In one go: an update in between would take the form out of the page again.
    wang.evaluate("() => { document.body.append(window.taking); window.taking.requestSubmit(); }")
    expect(wang.get_by_role("alert").first).to_have_text("这个会话李红已经接了。")
    expect(wang.get_by_text("李红接着，您只能看")).to_be_visible()
    expect(wang.get_by_role("textbox", name="对网页上的人说")).to_be_hidden()
    say(li, "我来答")
    wang.unroute("**/stream")
    wang.reload()
    expect(turns(wang).last).to_contain_text("我来答")


def test_what_is_typed_outlives_updates_and_reloads(somebody: Opener, li: Page) -> None:
    mei = wants_a_person(somebody())
    take(li)
    box = li.get_by_role("textbox", name="对网页上的人说")
    box.press_sequentially("正在写一句长的")
    li.get_by_label("怎么结束的").select_option(label="其他")
    li.locator("details.clauses summary").first.click()
    ask(mei, "还在吗")
    expect(turns(li).last).to_contain_text("还在吗", timeout=SOON)
    expect(box).to_have_value("正在写一句长的")
    expect(li.get_by_label("怎么结束的")).to_have_value("other")
    expect(li.locator("details.clauses").first).to_have_attribute("open", "")
    li.reload()
    expect(box).to_have_value("正在写一句长的")


def test_who_is_in_need_is_marked_while_they_wait(somebody: Opener, li: Page) -> None:
    mei = wants_a_person(somebody())
    expect(li.get_by_role("button", name="接过来")).to_be_visible(timeout=SOON)
    expect(li.locator("#queue .badge")).to_have_count(0)
    ask(mei, "老板拖欠我三个月工资")
    ask(mei, "我在雇主家摔断了腿")
    marks = li.locator("#queue .talks .badge")
    expect(marks).to_have_text(["受伤、工伤", "欠薪"], timeout=SOON)
    accessible(li)


def test_what_is_passed_on_in_one_tab_is_gone_in_the_other_and_how_it_ended_stays(
    somebody: Opener, li: Page
) -> None:
    wang = at_desk(somebody(), "wang")
    wants_a_person(somebody())
    take(li)
    other = li.context.new_page()
    other.goto(li.url)
    ready = other.get_by_role("heading", name="常用语")
    expect(ready).to_be_visible()
    li.get_by_label("转给谁").select_option(label="王芳（坐席）")
    li.get_by_role("button", name="转出去").click()
    other.bring_to_front()
    expect(other.get_by_text("等王芳来接")).to_be_visible(timeout=SOON)
    expect(other.get_by_role("textbox", name="对网页上的人说")).to_be_hidden()
    expect(ready).to_be_hidden()
    expect(wang.get_by_text("转给您的")).to_be_visible(timeout=SOON)
    take(wang)
    wang.get_by_label("怎么结束的").select_option(label="请对方找别的部门")
    wang.get_by_role("button", name="结束，交回机器人").click()
    expect(other.locator("#facts")).to_contain_text("王芳，请对方找别的部门", timeout=SOON)
    accessible(other)


def test_a_number_told_to_staff_can_be_called_and_is_nowhere_else(
    somebody: Opener, li: Page
) -> None:
    mei = wants_a_person(somebody())
    take(li)
    shown = li.get_by_role("button", name="看联系方式")
    expect(shown).to_have_count(0)
    ask(mei, "打我电话，幺三八零零幺三八零零零，下午")
    expect(turns(li).last).to_contain_text("〔电话〕", timeout=SOON)
    shown.click(timeout=SOON)
    expect(li.locator("#contact-shown")).to_contain_text("13800138000")
    expect(turns(li).filter(has_text="零零幺三八")).to_have_count(0)
    accessible(li)


def test_canned_answers_and_the_draft_by_keyboard(somebody: Opener, li: Page) -> None:
    mei = wants_a_person(somebody())
    take(li)
    box = li.get_by_role("textbox", name="对网页上的人说")
    li.keyboard.press("Alt+c")
    expect(li.get_by_role("combobox", name="找常用语")).to_be_focused()
    li.keyboard.type("开场")
    li.keyboard.press("Enter")
    expect(box).to_be_focused()
    expect(box).to_have_value("您好，我是工作人员李红，您刚才的话我都看到了，我来帮您。")
    li.keyboard.press("Control+Enter")
    expect(mei.locator(".answer").last).to_contain_text("我是工作人员李红", timeout=SOON)
    ask(mei, "广州的星级怎么评")
    expect(turns(li).last).to_contain_text("广州的星级怎么评", timeout=SOON)
    expect(li.get_by_role("heading", name="机器人会这样答")).to_be_visible()
    li.keyboard.press("Alt+d")
    expect(box).to_be_focused()
    expect(li.get_by_text("没改就连依据一起发")).to_be_visible()
    accessible(li)
    li.keyboard.press("Control+Enter")
    last = mei.locator(".turn").last
    expect(last.get_by_text("看文件原文")).to_be_visible(timeout=SOON)
    expect(li.get_by_text("没改就连依据一起发")).to_be_hidden()
    li.keyboard.press("Alt+c")
    li.keyboard.press("ArrowDown")
    li.keyboard.press("ArrowDown")
    chosen = li.get_by_role("listbox", name="常用语").get_by_role("option", selected=True)
    expect(chosen).to_contain_text("请稍等")


def test_axe_finds_nothing_while_they_talk(somebody: Opener, li: Page) -> None:
    wants_a_person(somebody())
    expect(li.get_by_role("button", name="接过来")).to_be_visible(timeout=SOON)
    accessible(li)
    take(li)
    li.get_by_label("备注", exact=True).fill("下午再打")
    li.get_by_role("button", name="记下").click()
    expect(li.locator("#notes")).to_contain_text("下午再打", timeout=SOON)
    accessible(li)
