"""A whole eligibility interview by keyboard only, with a reload in the middle."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.accessibility import accessible
from tests.browser.chatting import last_answer

pytestmark = pytest.mark.browser


def tab_to(page: Page, label: str) -> None:
    """Press Tab until the choice with this label has the focus."""
    for _ in range(80):
        focused = page.evaluate(
            "document.activeElement.matches('.choice') ? document.activeElement.textContent : ''"
        )
        if focused == label:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{label} cannot be reached by keyboard")


def answered(page: Page, count: int) -> None:
    expect(page.locator(".answer")).to_have_count(count)


def test_an_interview_by_keyboard_with_a_reload_in_the_middle(
    page: Page, context: BrowserContext
) -> None:
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the skip link leads to the text field
    page.keyboard.type("我能领什么")
    page.keyboard.press("Enter")
    answered(page, 1)
    for _ in range(60):  # back into the conversation, to the first of the places
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "广州":
            break
    page.keyboard.press("Enter")
    answered(page, 2)
    # From choice to choice nothing but Enter and Tab is needed.
    expect(last_answer(page).locator(".choice").first).to_be_focused()
    tab_to(page, "公司正式员工（员工制）")
    page.keyboard.press("Enter")
    answered(page, 3)
    expect(last_answer(page)).to_contain_text("哪一种")
    accessible(page)

    page.reload()
    answered(page, 3)
    expect(last_answer(page)).to_contain_text("哪一种")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.type("残疾人")
    context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.get_by_text("没发出去")).to_be_visible()
    context.set_offline(False)
    answered(page, 4)
    expect(last_answer(page)).to_contain_text("自己创业")
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.textContent") == "不是":
            break
    page.keyboard.press("Enter")
    answered(page, 5)
    expect(last_answer(page)).to_contain_text("【还需确认】社保补贴")
    expect(last_answer(page)).to_contain_text("还有效吗")
    expect(last_answer(page)).to_contain_text("最后以当地部门审核为准")
    expect(page.locator(".turn")).to_have_count(5)
    accessible(page)


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
def test_axe_finds_nothing(page: Page, large: bool) -> None:
    accessible(page)
    if large:
        page.get_by_role("button", name="大字").click()
    for count, text in enumerate(("培训补贴多少钱", "广州月嫂培训免费吗", "今天天气"), 1):
        page.get_by_label("您要问的话").fill(text)
        page.keyboard.press("Enter")
        answered(page, count)
    page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    expect(page.locator("mark").first).to_be_visible()
    page.get_by_role("button", name="没用").first.click()
    expect(page.get_by_text("哪里不好").first).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="重新开始", exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    accessible(page)
