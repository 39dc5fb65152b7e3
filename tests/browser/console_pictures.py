"""Pictures of every page of the console, as somebody at a desk sees it (1,366 × 768).

`python -m tests.browser.console_pictures FOLDER` serves a whole office, lets people write in the
web chat, on WeChat and on Telegram, lets staff work, and takes a picture of each page on the way.
What a page shows is what the application made of it; only the month behind the figures is made up.
With `--retrain` it also trains on the labels, with the real training data, which takes minutes.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, Page

from bot.app import utc_now
from bot.review.heard import note_missing
from knowledge.loader import DOCUMENTS, load_folder
from knowledge.releases import build
from knowledge.vocabulary import vocabulary
from tests.bot.console.made_up_month import a_month
from tests.browser.chatting import ask
from tests.browser.chromium import chromium
from tests.browser.console_office import Office, at_desk, office

AUNT, UNCLE = "oAunt00000000000000000000001", "oUncle0000000000000000000002"
Camera = Callable[[Page, str], None]


def citizens(desk: Office, browser: Browser) -> None:
    """An afternoon's questions."""
    mei = browser.new_context(locale="zh-CN", base_url=desk.url).new_page()
    mei.goto("/")
    for text in ("广州月嫂培训免费吗", "那补贴多少钱", "老板还拖欠我三个月工资", "转人工"):
        ask(mei, text)
        mei.wait_for_timeout(800)
    mei.context.close()
    for text in ("昆区做保姆的意外险谁来买", "我要找人工"):
        desk.wechat.say(AUNT, text)
    desk.wechat.say(UNCLE, "长治社保补贴什么条件")
    desk.wechat.say(UNCLE, "保姆偷东西怎么办")
    for chat, texts in ((7, ("沈阳回炉培训多久一次", "人工客服")), (8, ("肇庆星级怎么评",))):
        for text in texts:
            desk.telegram_says(chat, text)
    call_back(desk)


def call_back(desk: Office) -> None:
    """Somebody has left a number."""
    place = ("telegram", "8")
    handovers = desk.app.handovers

    def leaves(conversation: object, _place: object) -> bool:
        handovers.ask(conversation, "138 0013 8000 下午打")  # type: ignore[arg-type]
        return True

    handovers.voice.within(place, leaves)


def conversations(desk: Office, browser: Browser, shoot: Camera) -> None:
    li = at_desk(browser, desk.url, "li")
    li.goto("/console/conversations/held")
    shoot(li, "held")
    li.goto("/console/conversations")
    shoot(li, "conversations")
    li.get_by_role("row", name="昆区").get_by_role("button", name="接过来").click()
    li.get_by_text("您接着", exact=True).wait_for()
    li.wait_for_load_state()
    say(li, "您好，我是小李，我看一下文件就回您。")
    desk.wechat.say(AUNT, "家政公司不给买怎么办")
    li.get_by_role("heading", name="机器人会这样答").wait_for()
    li.get_by_label("备注", exact=True).fill("她在昆区，公司没签合同")
    li.get_by_role("button", name="记下").click()
    li.get_by_text("她在昆区，公司没签合同").wait_for()
    li.locator(".tools").evaluate("tools => { tools.scrollTop = 0; }")
    shoot(li, "conversation")
    li.goto("/console/conversations")
    li.get_by_role("row", name="沈阳").get_by_role("button", name="接过来").click()
    li.get_by_text("您接着", exact=True).wait_for()
    li.wait_for_load_state()
    desk.telegram.blocked.add(7)
    say(li, "您好，沈阳的文件没有写，我帮您问一下市里。")
    li.get_by_text("1条送不到").wait_for()
    li.get_by_label("怎么结束的").select_option(label="请对方找别的部门")
    li.get_by_role("button", name="结束，交回机器人").click()
    li.goto("/console/conversations/past")
    shoot(li, "conversations-past")
    zhao = at_desk(browser, desk.url, "zhao")
    zhao.goto("/console/delivery")
    shoot(zhao, "delivery")
    zhao.goto("/console/canned")
    shoot(zhao, "canned")


def say(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="上的人说").fill(words)
    page.keyboard.press("Control+Enter")
    page.get_by_role("log").get_by_text(words).wait_for()


def assistant(desk: Office, browser: Browser, shoot: Camera) -> None:
    page = at_desk(browser, desk.url, "wang")
    page.goto("/console/assistant")
    asked(page, "长治社保补贴什么条件")
    page.get_by_label("公司正式员工（员工制）").check()
    page.get_by_role("group", name="对条件").get_by_text("符合", exact=True).first.wait_for()
    shoot(page, "assistant")
    page.locator("#compare").check()
    asked(page, "培训免费吗")
    page.locator(".areas").wait_for()
    shoot(page, "assistant-compare")
    page.locator("#show-keys").click()
    shoot(page, "assistant-keys")
    page.goto("/console/permits")
    page.get_by_label("证号", exact=True).fill(desk.permit.number.written)
    page.get_by_label("持证人全名").fill(desk.permit.full_name)
    page.get_by_role("button", name="查", exact=True).click()
    page.locator(".verdict").first.wait_for()
    shoot(page, "permits")


def asked(page: Page, text: str) -> None:
    page.locator("#q").fill(text)
    page.locator("#q").press("Enter")
    page.locator(f'#answer[data-question="{text}"]').wait_for()


def library(desk: Office, browser: Browser, shoot: Camera) -> None:
    page = at_desk(browser, desk.url, "sun")
    page.goto("/console/library")
    shoot(page, "library")
    page.get_by_label("原文里的词").fill("意外伤害保险")
    page.get_by_role("button", name="查找").click()
    shoot(page, "library-search")
    page.get_by_role("heading", level=3).get_by_role("link").first.click()
    report = page.get_by_text("这一条有错？").first
    report.click()
    page.get_by_label("哪里不对，应该是什么").first.fill("“回炉”两个字漏了引号")
    shoot(page, "library-document")
    page.get_by_role("button", name="报给政策编辑").first.click()
    page.goto("/console/library/reports")
    shoot(page, "library-reports")
    documents, _ = load_folder(DOCUMENTS)
    checked = documents[0].document.model_copy(update={"last_verified_on": utc_now().date()})
    anew = [replace(documents[0], document=checked, digest="0" * 64), *documents[1:-1]]
    build(desk.app.engine, anew, vocabulary(), utc_now())
    page.goto("/console/library/releases")
    shoot(page, "library-releases")
    build(desk.app.engine, documents, vocabulary(), utc_now())


def review(desk: Office, browser: Browser, shoot: Camera, *, retrain: bool) -> None:
    for text in ("雇主要我签放弃社保的承诺书", "雇主叫我写不要社保的保证书"):
        note_missing(desk.app.engine, text, "140400", "li", utc_now())
    page = at_desk(browser, desk.url, "sun")
    page.goto("/console/review")
    shoot(page, "review")
    group = page.get_by_role("article", name="签放弃社保")
    group.get_by_role("combobox", name="选一件事").select_option(value="labour_rights")
    group.get_by_role("button", name="定下来").click()
    page.goto("/console/review")
    group = page.get_by_role("article", name="回炉培训")
    group.get_by_role("radio", name="政策库里缺").check()
    group.get_by_role("textbox", name="说明").fill("辽宁的文件没写回炉培训多久一次")
    group.get_by_role("button", name="定下来").click()
    page.goto("/console/review/labels")
    shoot(page, "review-labels")
    zhao = at_desk(browser, desk.url, "zhao")
    zhao.goto("/console/review/labels")
    for _ in range(zhao.get_by_role("button", name="没标错").count()):
        zhao.get_by_role("button", name="没标错").first.click()
        zhao.wait_for_load_state()
    zhao.context.close()
    page.get_by_role("link", name="改").first.click()
    shoot(page, "review-label")
    page.goto("/console/review/tasks")
    shoot(page, "review-tasks")
    page.goto("/console/review/retrain")
    if retrain:
        page.get_by_role("button", name="开始训练").click()
        page.locator("#progress").wait_for(state="detached", timeout=900_000)
    shoot(page, "review-retrain")


def figures_and_people(desk: Office, browser: Browser, shoot: Camera) -> None:
    a_month(desk.app.engine, utc_now())
    boss = at_desk(browser, desk.url, "admin")
    boss.goto("/console/figures")
    shoot(boss, "figures")
    boss.get_by_role("heading", name="答得多快").scroll_into_view_if_needed()
    shoot(boss, "figures-below")
    boss.goto("/console/people")
    shoot(boss, "people")
    boss.get_by_role("link", name="李红").click()
    shoot(boss, "person")
    desk.app.audit.anchor(desk.app.engine)
    boss.goto("/console/audit?check=1")
    shoot(boss, "audit")
    boss.goto("/console/account")
    shoot(boss, "account")
    li = at_desk(browser, desk.url, "li")
    li.goto("/console/people")
    shoot(li, "refused")
    stranger = browser.new_page(base_url=desk.url, viewport={"width": 1366, "height": 768})
    stranger.goto("/console/login")
    shoot(stranger, "login")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--retrain", action="store_true")
    given = parser.parse_args()

    def shoot(page: Page, name: str) -> None:
        page.wait_for_timeout(600)  # for what comes by itself
        page.screenshot(path=given.folder / f"console-{name}.png")

    with (
        tempfile.TemporaryDirectory() as folder,
        office(Path(folder), hold_below=0.6) as desk,
        chromium(chinese=True) as browser,
    ):
        citizens(desk, browser)
        conversations(desk, browser, shoot)
        assistant(desk, browser, shoot)
        library(desk, browser, shoot)
        review(desk, browser, shoot, retrain=given.retrain)
        figures_and_people(desk, browser, shoot)


if __name__ == "__main__":
    main()
