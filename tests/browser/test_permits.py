"""A permit checked in the web chat: a photograph goes out, the verdict comes as a card."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from bot.http import create_app
from tests.bot.serving import app_on, copy_of, serving
from tests.browser.conftest import NARROW, WIDE
from tests.permit_desk import NAME, Desk, open_desk

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(library_file: Path, tmp_path: Path) -> Iterator[Desk]:
    app = app_on(library_file)
    with open_desk(tmp_path, app.library, app.conversation.words) as desk:
        yield desk
    app.engine.dispose()


@pytest.fixture(params=[NARROW, WIDE], ids=["360px", "1280px"])
def page(
    browser: Browser,
    desk: Desk,
    library_file: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Page]:
    app = dataclasses.replace(
        app_on(copy_of(library_file, tmp_path)), conversation=desk.conversation
    )
    with serving(create_app(app)) as url:
        context = browser.new_context(viewport=request.param, locale="zh-CN", base_url=url)
        context.set_default_timeout(15_000)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.goto("/")
        yield page
        context.close()
    app.engine.dispose()
    assert errors == []


def photograph(desk: Desk) -> bytes:
    """A permit's code on a table, as a phone takes it: large, and a little turned."""
    code = Image.open(io.BytesIO(desk.photo(desk.issue()))).convert("RGB").resize((1100, 1100))
    table = Image.new("RGB", (3000, 2200), "#c9b79c")
    turned = code.rotate(7, expand=True, fillcolor="#c9b79c")
    table.paste(turned, (800, 400))
    out = io.BytesIO()
    table.save(out, "JPEG", quality=85)
    return out.getvalue()


def send_photo(page: Page, data: bytes, name: str = "permit.jpg") -> None:
    page.get_by_label("发照片").set_input_files(
        {"name": name, "mimeType": "image/jpeg", "buffer": data}
    )


def test_a_photograph_and_its_verdict(page: Page, desk: Desk) -> None:
    send_photo(page, photograph(desk))
    expect(page.get_by_role("img", name="您发的照片")).to_be_visible()
    card = page.locator(".verdict")
    expect(card.get_by_role("heading")).to_have_text("证有效，人还没核对")
    expect(card).to_contain_text("核验码")
    page.get_by_label("您要问的话").fill(NAME)
    page.get_by_label("您要问的话").press("Enter")
    second = page.locator(".verdict.good")
    expect(second.get_by_role("heading")).to_have_text("证有效，信息相符")
    expect(page.get_by_role("button", name="请她授权").last).to_be_visible()
    page.reload()
    expect(page.locator(".verdict")).to_have_count(2)
    expect(page.get_by_text(NAME)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_file_that_is_no_picture_says_so(page: Page) -> None:
    send_photo(page, b"no picture", "words.txt")
    expect(page.get_by_role("alert")).to_contain_text("不是照片")


def test_without_the_registry_a_recheck_is_offered(page: Page, desk: Desk) -> None:
    desk.way.down = True
    send_photo(page, photograph(desk))
    expect(page.locator(".verdict").get_by_role("heading")).to_have_text("没有结论")
    page.get_by_role("button", name="过会儿帮我再查").click()
    expect(page.locator(".turn").last).to_contain_text("平台恢复后我会自动再查")
