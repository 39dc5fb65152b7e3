"""Fixtures that every part's tests share.

- `words`: the project's vocabulary.
- `documents`: the real library's documents, read once.
- `library`: the real library, built once in a SQLite file. Shared by all tests: read only.
- `any_library`: the same, once on SQLite and once on PostgreSQL.
- `sqlite_engine`: an empty migrated SQLite database of the test's own.
- `engine`: the same, once on SQLite and once on PostgreSQL.

PostgreSQL is used when ANXIN_TEST_POSTGRESQL_URL names a server; each test gets its own schema.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine

from knowledge.library import Library
from knowledge.loader import LoadedDocument, load_folder
from knowledge.releases import build
from knowledge.vocabulary import Vocabulary, vocabulary
from tests.databases import DATABASES, migrated_postgresql, migrated_sqlite

# A busy machine is no fault of the code: examples are not timed.
hypothesis.settings.register_profile("anxin", deadline=None)
hypothesis.settings.load_profile("anxin")

LOADED_AT = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not run, and why: a suite without PostgreSQL proves less."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    for reason, times in reasons.most_common():
        terminalreporter.write_line(f"{times} skipped: {reason}")


@pytest.fixture(scope="session")
def words() -> Vocabulary:
    return vocabulary()


@pytest.fixture(scope="session")
def documents() -> Sequence[LoadedDocument]:
    loaded, problems = load_folder()
    assert not problems, "\n".join(map(str, problems))
    return tuple(loaded)


@pytest.fixture
def sqlite_engine(tmp_path: Path) -> Iterator[Engine]:
    with migrated_sqlite(tmp_path) as engine:
        yield engine


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    database = migrated_sqlite(tmp_path) if request.param == "sqlite" else migrated_postgresql()
    with database as engine:
        yield engine


@pytest.fixture(scope="session")
def library(
    tmp_path_factory: pytest.TempPathFactory,
    documents: Sequence[LoadedDocument],
    words: Vocabulary,
) -> Iterator[Library]:
    with migrated_sqlite(tmp_path_factory.mktemp("library")) as engine:
        build(engine, documents, words, LOADED_AT)
        yield Library(engine)


@pytest.fixture(scope="session", params=DATABASES)
def any_library(
    request: pytest.FixtureRequest, documents: Sequence[LoadedDocument], words: Vocabulary
) -> Iterator[Library]:
    if request.param == "sqlite":
        yield request.getfixturevalue("library")
        return
    with migrated_postgresql() as engine:
        build(engine, documents, words, LOADED_AT)
        yield Library(engine)
