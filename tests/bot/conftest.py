"""Fixtures of the outside's tests: a database that holds the real library, and an app over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.app import App
from tests.bot.serving import app_on, copy_of


@pytest.fixture
def app(library_file: Path, tmp_path: Path) -> Iterator[App]:
    """An app of the test's own."""
    own = app_on(copy_of(library_file, tmp_path))
    yield own
    own.engine.dispose()
