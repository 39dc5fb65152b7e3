"""What is seen of the web chat, and heard or printed of it: large enough, in sight, in order."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chatting import QUESTION, ask, last_answer

pytestmark = pytest.mark.browser


def test_large_type_is_larger_and_stays(page: Page) -> None:
    def size() -> float:
        return float(page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)"))

    normal = size()
    assert normal >= 18
    button = page.get_by_role("button", name="大字")
    expect(button).to_have_attribute("aria-pressed", "false")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    assert size() >= normal * 1.25
    page.reload()
    assert size() >= normal * 1.25


def test_large_type_leaves_the_end_in_sight(page: Page) -> None:
    ask(page, QUESTION)
    expect(last_answer(page)).to_be_visible()
    page.locator("main").evaluate("(main) => { main.scrollTop = main.scrollHeight; }")
    page.get_by_role("button", name="大字").click()
    expect(last_answer(page).get_by_text("看文件原文")).to_be_in_viewport(ratio=1)


# Reads every visible text: its size in px and its contrast with what lies behind it (WCAG 2).
MEASURE = """() => {
  const channel = (value) => {
    const part = value / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  };
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found.length < 4 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const measured = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    const text = walk.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || element.closest(".hidden")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [light(colour(style.color)), light(behind(element))];
    measured.push({
      text,
      size: parseFloat(style.fontSize),
      contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
    });
  }
  return measured;
}"""


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
def test_everything_can_be_read_and_touched(page: Page, large: bool) -> None:
    if large:
        page.get_by_role("button", name="大字").click()
    ask(page, "培训补贴多少钱")
    expect(last_answer(page)).to_be_visible()
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    expect(page.locator("mark").first).to_be_visible()
    texts = page.evaluate(MEASURE)
    assert len(texts) > 20
    assert [t for t in texts if t["size"] < 18] == []
    assert [t for t in texts if t["contrast"] < 4.5] == []
    # Nothing is wider than the screen, and the input stays on it.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.getElementById('scroll').scrollWidth <= innerWidth")
    expect(page.get_by_role("button", name="发送")).to_be_in_viewport(ratio=1)
    expect(page.get_by_label("您要问的话")).to_be_in_viewport(ratio=1)
    for control in page.locator("button:visible, summary:visible, textarea:visible").all():
        box = control.bounding_box()
        assert box is not None
        assert box["height"] >= 44, control.inner_text()


def test_head_and_input_stay_while_the_conversation_scrolls(page: Page) -> None:
    for number in range(1, 4):
        ask(page, "培训补贴多少钱")
        expect(page.locator(".answer")).to_have_count(number)
        # What was asked, and the beginning of its answer, are what is seen first.
        expect(page.locator(".asked").last).to_be_in_viewport(ratio=1)
        expect(last_answer(page).locator("p").first).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("heading", level=1)).to_be_in_viewport(ratio=1)
        expect(page.get_by_role("button", name="发送")).to_be_in_viewport(ratio=1)
        assert page.evaluate("scrollY") == 0


def test_a_keyboard_on_the_screen_does_not_cover_the_input(page: Page) -> None:
    ask(page, QUESTION)
    expect(last_answer(page)).to_be_visible()
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": size["width"], "height": 320})
    expect(page.get_by_label("您要问的话")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="发送")).to_be_in_viewport(ratio=1)
    assert page.locator("main").bounding_box()["height"] >= 100  # type: ignore[index]


def test_focus_can_be_seen(page: Page) -> None:
    for _ in range(4):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "(({outlineStyle, outlineWidth}) => [outlineStyle, parseFloat(outlineWidth)])"
            "(getComputedStyle(document.activeElement))"
        )
        assert outline[0] != "none"
        assert outline[1] >= 2


def test_a_screen_reader_finds_its_way(page: Page) -> None:
    expect(page.get_by_role("banner")).to_be_visible()
    expect(page.get_by_role("main")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("安心问")
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    ask(page, QUESTION)
    expect(log).to_contain_text("免费")
    assert page.locator("button:not([type])").count() <= 2  # the two that close the dialog
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, textarea')].filter("
        "(e) => !e.textContent.trim() && !e.labels?.length && !e.ariaLabel).length"
    )
    assert unnamed == 0


def test_on_paper_the_answer_stands_alone(page: Page) -> None:
    ask(page, QUESTION)
    expect(last_answer(page)).to_be_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(last_answer(page)).to_be_visible()
    expect(page.locator("mark").first).to_be_visible()
    expect(page.locator("#form")).to_be_hidden()
    expect(page.get_by_role("button", name="大字")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('main')).overflowY") == "visible"
