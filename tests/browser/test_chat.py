"""The web chat as people use it, by keyboard or finger, on a phone or a desk."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chatting import QUESTION, ask, last_answer

pytestmark = pytest.mark.browser


def test_a_question_asked_by_keyboard_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="直接去打字")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("您要问的话")).to_be_focused()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.get_by_text("您问：")).to_have_count(1)
    conclusion = last_answer(page).locator(".conclusion").first
    expect(conclusion).to_be_visible()
    expect(conclusion).to_have_css("font-weight", "700")
    first = last_answer(page).locator("> *").first
    expect(first).to_have_class(re.compile("conclusion"))
    expect(page.get_by_label("您要问的话")).to_be_focused()
    expect(page.get_by_label("您要问的话")).to_have_value("")
    expect(page.locator("#welcome")).to_be_hidden()


def test_a_source_opens_in_place_with_its_quote_marked(page: Page) -> None:
    ask(page, QUESTION)
    answer = last_answer(page)
    answer.get_by_text("看文件原文").press("Enter")
    source = answer.locator(".source").first
    expect(source.locator(".chip")).to_have_text("计划年份已过")
    expect(source.locator(".clause-text")).to_be_hidden()
    source.locator("summary").press("Enter")
    mark = source.locator("mark").first
    expect(mark).to_be_visible()
    expect(mark).to_be_in_viewport()
    whole = source.locator("blockquote").inner_text()
    assert mark.inner_text() in whole
    assert len(whole) > len(mark.inner_text())
    assert page.url.endswith("/")


def test_the_standing_is_said_in_words(page: Page) -> None:
    ask(page, QUESTION)
    standing = last_answer(page).locator(".block.standing")
    expect(standing.locator("h3")).to_contain_text("还有效吗")
    expect(standing.locator(".chip")).to_have_text("计划年份已过")


def test_options_are_buttons_that_answer(page: Page) -> None:
    ask(page, "培训补贴多少钱")
    expect(last_answer(page).get_by_role("button", name="长治", exact=True)).to_be_visible()
    last_answer(page).get_by_role("button", name="长治", exact=True).click()
    expect(page.locator(".turn")).to_have_count(2)
    expect(last_answer(page).locator(".conclusion").first).to_be_visible()


def test_an_example_is_asked_with_one_tap(page: Page) -> None:
    examples = page.locator("#welcome .choice")
    assert 4 <= examples.count() <= 6
    examples.first.click()
    expect(page.locator(".asked")).to_contain_text(QUESTION)
    expect(last_answer(page)).to_be_visible()


def test_a_reload_brings_the_conversation_back(page: Page) -> None:
    ask(page, QUESTION)
    expect(last_answer(page)).to_be_visible()
    ask(page, "那长治呢")
    expect(page.locator(".answer")).to_have_count(2)
    before = page.locator("#log").inner_text()
    page.reload()
    expect(page.locator(".answer")).to_have_count(2)
    assert page.locator("#log").inner_text() == before
    expect(page.locator("#welcome")).to_be_hidden()


def test_messages_written_quickly_are_answered_in_order(page: Page) -> None:
    ask(page, QUESTION)
    ask(page, "那长治呢")
    ask(page, "你好")
    expect(page.locator(".answer")).to_have_count(3)
    asked = page.locator('[data-fill="question"]')
    assert asked.all_inner_texts() == [QUESTION, "那长治呢", "你好"]


def test_starting_over_asks_first_and_forgets(page: Page) -> None:
    ask(page, QUESTION)
    expect(last_answer(page)).to_be_visible()
    restart = page.get_by_role("button", name="重新开始", exact=True)
    restart.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".turn")).to_have_count(1)
    restart.click()
    page.get_by_role("button", name="不，接着问").click()
    expect(page.locator(".turn")).to_have_count(1)
    restart.click()
    page.get_by_role("button", name="是，重新开始").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.get_by_label("您要问的话")).to_be_focused()
    page.reload()
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.locator(".turn")).to_have_count(0)


def test_enter_does_not_send_while_characters_are_composed(page: Page) -> None:
    box = page.get_by_label("您要问的话")
    box.fill("yuesao")
    for event in ({"isComposing": True, "keyCode": 13}, {"isComposing": False, "keyCode": 229}):
        box.dispatch_event("keydown", {"key": "Enter", "bubbles": True, **event})
    expect(page.locator(".turn")).to_have_count(0)
    box.press("Shift+Enter")
    expect(page.locator(".turn")).to_have_count(0)
    assert box.input_value() == "yuesao\n"


def test_markup_in_a_question_stays_text(page: Page) -> None:
    text = "<img src=x onerror=alert(1)><b>补贴</b>"
    ask(page, text)
    expect(page.locator(".asked")).to_contain_text(text)
    assert page.locator("#log img, #log b").count() == 0


@pytest.mark.parametrize("place", ["welcome", "answer"])
def test_a_double_tap_is_one_message(page: Page, place: str) -> None:
    if place == "answer":
        # Wide enough that nothing moves away under the finger.
        page.set_viewport_size({"width": 1280, "height": 1400})
        ask(page, "我能拿到什么补贴")
    button = page.locator(f"#{place}" if place == "welcome" else ".answer").locator(".choice").first
    words = button.inner_text()
    button.evaluate("button => { button.click(); button.click(); }")
    expect(page.locator(".asked").last).to_contain_text(words)
    expect(last_answer(page)).to_be_visible()
    expect(page.locator(".asked").filter(has_text=words)).to_have_count(1)


def test_what_two_windows_of_one_browser_do_is_seen_in_both(
    page: Page, context: BrowserContext
) -> None:
    ask(page, "你好")
    expect(last_answer(page)).to_be_visible()
    other = context.new_page()
    other.goto("/")
    for asking, reading in ((page, other), (other, page)):
        before = asking.locator(".answer").count()
        ask(asking, QUESTION if asking is page else "那长治呢")
        for window in (asking, reading):
            expect(window.locator(".answer")).to_have_count(before + 1)
            expect(window.locator(".unsent")).to_have_count(0)
    assert page.locator("#log").inner_text() == other.locator("#log").inner_text()


def test_more_than_there_is_room_for_is_said(page: Page) -> None:
    box = page.get_by_label("您要问的话")
    notice = page.get_by_text("字数满了")
    box.focus()
    page.keyboard.insert_text("问" * 1999)
    expect(notice).to_be_hidden()
    page.keyboard.insert_text("问" * 10)
    expect(notice).to_be_visible()
    box.press("Enter")
    expect(notice).to_be_hidden()
