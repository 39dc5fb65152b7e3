"""A question asked in the web chat, and its answer found."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

QUESTION = "广州月嫂培训免费吗"


def ask(page: Page, text: str) -> None:
    """Type a question into the chat page and send it with the enter key."""
    box = page.get_by_label("您要问的话")
    box.fill(text)
    box.press("Enter")


def last_answer(page: Page) -> Locator:
    """The answer that stands last in the chat."""
    return page.locator(".turn").last.locator(".answer")
