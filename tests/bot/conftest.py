"""Fixtures of the outside's tests: a database that holds the real library, and an app over it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bot.app import App
from bot.database import open_engine
from knowledge.loader import LoadedDocument
from knowledge.releases import build
from knowledge.vocabulary import Vocabulary
from tests.bot.serving import NOW, app_on, copy_of
from tests.databases import migrated_file


@pytest.fixture(scope="session")
def library_file(
    tmp_path_factory: pytest.TempPathFactory,
    documents: Sequence[LoadedDocument],
    words: Vocabulary,
) -> Path:
    """A migrated database with the real library in it, to be copied."""
    path = tmp_path_factory.mktemp("outside") / "library.db"
    engine = open_engine(migrated_file(path))
    build(engine, documents, words, NOW - dt.timedelta(days=1))
    engine.dispose()
    return path


@pytest.fixture
def app(library_file: Path, tmp_path: Path) -> Iterator[App]:
    """An app of the test's own."""
    own = app_on(copy_of(library_file, tmp_path))
    yield own
    own.engine.dispose()
