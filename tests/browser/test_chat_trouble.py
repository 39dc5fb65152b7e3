"""The web chat where network, server or browser are in trouble: nothing lost, nothing twice."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.chatting import QUESTION, ask, last_answer

pytestmark = pytest.mark.browser


def test_offline_nothing_is_lost_and_nothing_is_answered_twice(
    page: Page, context: BrowserContext
) -> None:
    ask(page, QUESTION)
    expect(last_answer(page)).to_be_visible()
    context.set_offline(True)
    expect(page.get_by_text("网络断了")).to_be_visible()
    ask(page, "那长治呢")
    expect(page.get_by_text("没发出去")).to_be_visible()
    expect(page.get_by_role("button", name="再发一次")).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="再发一次").click()
    expect(page.get_by_text("没发出去")).to_be_visible()
    ask(page, "你好")
    expect(page.get_by_text("没发出去")).to_have_count(2)
    context.set_offline(False)
    # Back on the network, what is left goes out by itself, in the order written.
    expect(page.get_by_text("网络断了")).to_be_hidden()
    expect(page.locator(".answer")).to_have_count(3)
    asked = page.locator('[data-fill="question"]')
    assert asked.all_inner_texts() == [QUESTION, "那长治呢", "你好"]
    expect(page.get_by_text("没发出去")).to_have_count(0)
    page.reload()
    expect(page.locator(".answer")).to_have_count(3)
    expect(page.locator(".turn")).to_have_count(3)


def test_what_was_written_while_the_server_was_away_goes_out_by_itself(page: Page) -> None:
    for path in ("**/api/v1/messages", "**/healthz"):
        page.route(path, lambda route: route.abort("internetdisconnected"))
    with page.expect_request("**/healthz", timeout=30_000):
        ask(page, QUESTION)
        expect(page.get_by_text("没发出去")).to_be_visible()
    page.unroute_all()
    expect(last_answer(page)).to_be_visible(timeout=30_000)
    expect(page.get_by_text("没发出去")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(1)


def test_an_answer_lost_on_its_way_is_the_same_answer_again(page: Page) -> None:
    """The server has answered, the browser never heard: the message must not count twice."""
    posted: list[str] = []

    def lose_the_first(route: Route) -> None:
        posted.append(json.loads(route.request.post_data or "")["id"])
        answer = route.fetch()
        if len(posted) == 1:
            route.abort("internetdisconnected")
        else:
            route.fulfill(response=answer)

    page.route("**/api/v1/messages", lose_the_first)
    ask(page, QUESTION)
    page.get_by_role("button", name="再发一次").click()
    expect(last_answer(page)).to_be_visible()
    assert posted[0] == posted[1]
    page.reload()
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".answer")).to_have_count(1)


def test_what_was_not_sent_is_still_there_after_a_reload(
    page: Page, context: BrowserContext
) -> None:
    page.route("**/api/v1/messages", lambda route: route.abort("internetdisconnected"))
    ask(page, QUESTION)
    expect(page.get_by_text("没发出去")).to_be_visible()
    page.unroute("**/api/v1/messages")
    page.reload()
    expect(page.locator(".asked")).to_contain_text(QUESTION)
    page.get_by_role("button", name="再发一次").click()
    expect(last_answer(page)).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)


def test_a_server_in_trouble_is_said_and_can_be_asked_again(page: Page) -> None:
    broken = {"status": "failed", "id": "x", "blocks": [], "citations": [], "choices": []}
    page.route("**/api/v1/messages", lambda route: route.fulfill(json=broken))
    ask(page, QUESTION)
    expect(page.get_by_text("我们这边出了点问题")).to_be_visible()
    page.unroute("**/api/v1/messages")
    page.get_by_role("button", name="再发一次").click()
    expect(last_answer(page)).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)


_OLD = """
delete AbortSignal.timeout; delete Map.groupBy;
Object.defineProperty(window, "localStorage", {
  get() { throw new DOMException("", "SecurityError") },
});
"""


def test_an_old_browser_that_keeps_nothing_still_gets_its_answer(context: BrowserContext) -> None:
    """As in a frame on another site where storage is blocked, on a phone of 2021."""
    context.add_init_script(_OLD)
    page = context.new_page()
    page.goto("/")
    ask(page, QUESTION)
    last_answer(page).get_by_text("看文件原文").press("Enter")
    expect(last_answer(page).locator(".source").first).to_be_visible()
    ask(page, "那长治呢")
    expect(page.locator(".answer")).to_have_count(2)


def test_scripts_that_are_long_in_coming_are_waited_for_with_a_word(
    context: BrowserContext,
) -> None:
    page = context.new_page()
    held: list[Route] = []
    page.route("**/static/chat.js", lambda route: held.append(route))
    page.goto("/", wait_until="commit")
    notice = page.get_by_text("网页还没有打开全")
    expect(notice).to_be_hidden()
    page.evaluate("document.getAnimations().forEach(one => one.finish())")  # in five seconds
    expect(notice).to_be_visible()
    held[0].continue_()
    expect(notice).to_have_count(0)


def test_the_modules_are_asked_for_at_once(page: Page) -> None:
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map(one => new URL(one.name).pathname)"
    )
    preloaded = page.locator("link[rel=modulepreload]")
    hrefs = {preloaded.nth(n).get_attribute("href") for n in range(preloaded.count())}
    assert hrefs == {path for path in loaded if path.endswith(".js")}
    assert len(loaded) == len(set(loaded)), "none twice"


def test_what_is_typed_before_the_scripts_came_is_not_lost(context: BrowserContext) -> None:
    page = context.new_page()
    held: list[Route] = []
    page.route("**/static/chat.js", lambda route: held.append(route))
    page.goto("/", wait_until="commit")
    box, button = page.get_by_label("您要问的话"), page.get_by_role("button", name="发送")
    box.fill(QUESTION)
    expect(button).to_be_disabled()
    held[0].continue_()
    expect(button).to_be_enabled()
    expect(box).to_have_value(QUESTION)
    button.click()
    expect(last_answer(page).locator(".conclusion").first).to_be_visible()
