"""A served application for all tests of a module, and a client for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.api_keys import add_key
from bot.app import App
from bot.http import create_app
from knowledge.library import Library
from knowledge.vocabulary import Vocabulary
from tests.bot.serving import NOW, app_on, copy_of, serving
from tests.permit_desk import Desk, open_desk


@pytest.fixture(scope="module")
def client(library_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    app = app_on(copy_of(library_file, tmp_path_factory.mktemp("served")))
    with serving(create_app(app)) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client
    app.engine.dispose()


@pytest.fixture(scope="module")
def keyed(
    library_file: Path,
    library: Library,
    words: Vocabulary,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[httpx.Client, Desk]]:
    """A client with a key to an application that checks permits, and the registry behind it."""
    folder = tmp_path_factory.mktemp("keyed")
    with open_desk(folder, library, words) as desk:
        app = app_on(copy_of(library_file, folder))
        app = replace(app, conversation=replace(app.conversation, permits=desk.permits))
        key = add_key(app.engine, "test", 100_000, NOW)
        headers = {"authorization": f"Bearer {key}"}
        with (
            serving(create_app(app)) as url,
            httpx.Client(base_url=url, headers=headers, timeout=30) as client,
        ):
            yield client, desk
        app.engine.dispose()


@contextmanager
def served(app: App, **changed: Any) -> Iterator[httpx.Client]:
    """A client of the application with some settings changed."""
    settings = app.settings.model_copy(update=changed)
    with (
        serving(create_app(replace(app, settings=settings))) as url,
        httpx.Client(base_url=url) as client,
    ):
        yield client
