"""A page in the system's Chromium, on a served application of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
)

from bot.http import create_app
from tests.bot.conftest import library_file as library_file
from tests.bot.serving import app_on, copy_of, serving
from tests.browser.chromium import EXECUTABLE, chromium

# How long a page is waited for: a busy machine is no fault of it.
PATIENCE_MS = 45_000
expect.set_options(timeout=PATIENCE_MS)

NARROW: ViewportSize = {"width": 360, "height": 740}
WIDE: ViewportSize = {"width": 1280, "height": 800}


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium for this folder's tests, and no longer: until Playwright is stopped its event loop
    counts as the running one of the thread, and no later test could start a loop of its own."""
    if EXECUTABLE is None:
        pytest.skip("chromium is not installed")
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="package")
def site(library_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    app = app_on(copy_of(library_file, tmp_path_factory.mktemp("site")))
    with serving(create_app(app), lifespan="on") as url:
        yield url
    app.engine.dispose()


@pytest.fixture(params=[NARROW, WIDE], ids=["360px", "1280px"])
def context(
    browser: Browser, site: str, request: pytest.FixtureRequest
) -> Iterator[BrowserContext]:
    context = browser.new_context(
        viewport=request.param, locale="zh-CN", base_url=site, has_touch=request.param is NARROW
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, site: str) -> Iterator[Page]:
    """The chat page. No test may end with a console error or a request to another host."""
    page = context.new_page()
    errors: list[str] = []
    strangers: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def note(message: ConsoleMessage) -> None:
        # That a request could not go out the browser reports itself; some tests make it so.
        if message.type == "error" and "net::ERR_INTERNET_DISCONNECTED" not in message.text:
            errors.append(message.text)

    page.on("console", note)
    page.on(
        "request",
        lambda request: None if request.url.startswith(site) else strangers.append(request.url),
    )
    page.goto("/")
    yield page
    assert errors == []
    assert strangers == []
