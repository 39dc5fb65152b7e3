"""A served application for all tests of a module, and a client for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bot.http import create_app
from tests.bot.serving import app_on, copy_of, serving


@pytest.fixture(scope="module")
def client(library_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    app = app_on(copy_of(library_file, tmp_path_factory.mktemp("served")))
    with serving(create_app(app)) as url, httpx.Client(base_url=url) as client:
        yield client
    app.engine.dispose()
