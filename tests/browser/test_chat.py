"""The web chat as people use it: by keyboard or finger, on a phone or a desk, offline and back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

pytestmark = pytest.mark.browser

QUESTION = "广州月嫂培训免费吗"


def ask(page: Page, text: str) -> None:
    box = page.get_by_label("您要问的话")
    box.fill(text)
    box.press("Enter")


def last_answer(page: Page) -> Locator:
    return page.locator(".turn").last.locator(".answer")


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
        posted.append(route.request.post_data_json["id"])
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


def test_a_server_in_trouble_is_said_and_can_be_asked_again(page: Page) -> None:
    broken = {"status": "failed", "id": "x", "blocks": [], "citations": [], "choices": []}
    page.route("**/api/v1/messages", lambda route: route.fulfill(json=broken))
    ask(page, QUESTION)
    expect(page.get_by_text("我们这边出了点问题")).to_be_visible()
    page.unroute("**/api/v1/messages")
    page.get_by_role("button", name="再发一次").click()
    expect(last_answer(page)).to_be_visible()
    expect(page.locator(".turn")).to_have_count(1)


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
