"""The chat on somebody else's page, by one script tag."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from bot.http import create_app
from tests.bot.serving import app_on, copy_of, serving
from tests.browser.accessibility import accessible
from tests.browser.conftest import NARROW, PATIENCE_MS, WIDE

pytestmark = pytest.mark.browser

# A careful site: it allows the one script and the one frame, and no inline style.
PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>街道服务</title>
<meta http-equiv="content-security-policy"
  content="default-src 'none'; script-src {chat}; frame-src {chat}"></head>
<body><main><h1>街道服务</h1><p>这里是别人的网页。</p></main>
<script src="{chat}/embed.js"></script></body></html>"""


@pytest.fixture(params=[True, False], ids=["named", "not named"])
def named(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def hosted(library_file: Path, tmp_path: Path, named: bool) -> Iterator[str]:
    """Somebody's site that shows the chat; the chat names it, or names another."""
    host = FastAPI()
    own = app_on(copy_of(library_file, tmp_path))
    with serving(host) as site:
        origins = site.replace("127.0.0.1", "localhost") if named else "https://www.example.org"
        settings = own.settings.model_copy(update={"embed_origins": origins})
        with serving(create_app(replace(own, settings=settings))) as chat:

            @host.get("/")
            def page() -> HTMLResponse:
                return HTMLResponse(PAGE.format(chat=chat))

            yield site.replace("127.0.0.1", "localhost")
    own.engine.dispose()


def opened(browser: Browser, hosted: str, narrow: bool) -> tuple[Page, list[str]]:
    context = browser.new_context(viewport=NARROW if narrow else WIDE, locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and "favicon" not in (message.location or {}).get("url", ""):
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(hosted)
    return page, errors


@pytest.mark.parametrize("narrow", [True, False], ids=["360px", "1280px"])
def test_the_chat_on_another_site(browser: Browser, hosted: str, named: bool, narrow: bool) -> None:
    page, errors = opened(browser, hosted, narrow)
    button = page.get_by_role("button", name="问家政政策")
    expect(button).to_have_attribute("aria-expanded", "false")
    assert page.locator("iframe").count() == 0, "nothing is loaded before it is asked for"
    button.click()
    frame = page.frame_locator("iframe")
    if named:
        expect(frame.get_by_role("button", name="发送")).to_be_enabled()
        frame.get_by_label("您要问的话").fill("你好")
        frame.get_by_label("您要问的话").press("Enter")
        expect(frame.locator(".answer")).to_be_visible()
        accessible(page)
        page.get_by_role("button", name="关闭").click()
        expect(page.locator("iframe")).to_be_hidden()
        button.click()
        expect(frame.locator(".answer")).to_be_visible()
        assert errors == []
    else:
        expect(frame.get_by_label("您要问的话")).to_have_count(0)
        assert any("frame-ancestors" in error for error in errors)
    page.context.close()
