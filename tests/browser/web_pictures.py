"""Pictures of the web chat and of a worker's pages, on a telephone (360 px) and a desk (1,280 px).

`python -m tests.browser.web_pictures FOLDER` serves a whole office, asks, checks a permit, asks for
its worker's consent and for a person, and takes a picture on the way. What is seen is what the
application made of it.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from bot.conversations.kept import conversation_pk
from tests.browser.chatting import QUESTION, ask, last_answer
from tests.browser.chromium import chromium
from tests.browser.conftest import NARROW, WIDE
from tests.browser.console_office import Office, office

Camera = Callable[[Page, str], None]


def answers(page: Page, shoot: Camera) -> None:
    """The first look, an answer, its sources, and all of it on paper."""
    shoot(page, "welcome")
    ask(page, QUESTION)
    last_answer(page).locator(".conclusion").first.wait_for()
    shoot(page, "chat")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    page.locator("mark").first.wait_for()
    shoot(page, "print")
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    last_answer(page).get_by_text("看文件原文").click()
    last_answer(page).locator(".source summary").first.click()
    page.locator("mark").first.wait_for()
    shoot(page, "sources")


def permits(page: Page, desk: Office, shoot: Camera) -> None:
    """A verdict, and what the worker sees of it."""
    ask(page, f"{desk.permit.number.written} {desk.permit.full_name}")
    page.locator(".verdict.good").wait_for()
    shoot(page, "permit")
    page.get_by_role("button", name="请她授权").last.click()
    link = page.locator("a[href*='/permit/consent/']").last
    hers = page.context.new_page()
    hers.goto(link.get_attribute("href") or "")
    shoot(hers, "consent")
    for box in hers.get_by_role("checkbox").all():
        box.check()
    prove(hers, desk)
    hers.get_by_role("button", name="同意", exact=True).click()
    hers.goto("/permit/mine")
    prove(hers, desk)
    hers.keyboard.press("Enter")
    hers.get_by_role("heading", name="我的证：").wait_for()
    shoot(hers, "mine")
    hers.close()


def prove(hers: Page, desk: Office) -> None:
    hers.get_by_label("您的证号").fill(desk.permit.number.value)
    hers.get_by_label("6位数字密码").fill(desk.permit.pin)


def people(page: Page, desk: Office, shoot: Camera) -> None:
    """Staff in the conversation, and no network."""
    ask(page, "转人工")
    page.get_by_text("正在等工作人员").wait_for()
    id = page.evaluate("localStorage.getItem('anxin.conversation')")
    pk = conversation_pk(desk.app.engine, "web", id)
    assert pk is not None
    handover = desk.app.handovers.of_conversation(pk)
    assert handover is not None
    assert desk.app.handovers.take(handover.pk, "li")
    assert desk.app.handovers.say(handover.pk, "li", "您好，我是小李。您和公司签合同了吗？")
    page.locator(".from-staff").wait_for()
    ask(page, "签了")
    page.get_by_text("已经发给工作人员").wait_for()
    shoot(page, "staff")
    page.context.set_offline(True)
    page.get_by_text("网络断了").wait_for()
    ask(page, "还有社保呢")
    page.get_by_text("没发出去").wait_for()
    shoot(page, "offline")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        office(Path(folder)) as desk,
        chromium(chinese=True) as browser,
    ):
        for size in (NARROW, WIDE):
            page = browser.new_context(
                viewport={"width": size["width"], "height": size["height"]},
                locale="zh-CN",
                base_url=desk.url,
            ).new_page()

            def shoot(seen: Page, name: str, width: int = size["width"]) -> None:
                seen.wait_for_timeout(600)  # for what comes by itself
                whole = name in ("print", "consent", "mine")
                if name != "print" or width == WIDE["width"]:
                    seen.screenshot(path=given.folder / f"{name}-{width}.png", full_page=whole)

            page.goto("/")
            page.get_by_role("button", name="发送").and_(page.locator(":enabled")).wait_for()
            answers(page, shoot)
            permits(page, desk, shoot)
            people(page, desk, shoot)
            page.context.close()


if __name__ == "__main__":
    main()
