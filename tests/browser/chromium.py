"""The system's Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

EXECUTABLE = shutil.which("chromium")


@contextmanager
def chromium(*, chinese: bool = False) -> Iterator[Browser]:
    """Chromium until the end of the block; `chinese`: what it writes itself is Chinese too."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    language = {"LANG": "zh_CN.UTF-8", "LANGUAGE": "zh_CN"} if chinese else {}
    if chinese:
        arguments.append("--lang=zh-CN")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=EXECUTABLE, args=arguments, env={**os.environ, **language}
        )
        yield browser
        browser.close()
