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
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import Engine, make_url, text

from bot.database import migrate, open_engine
from knowledge.library import Library, build
from knowledge.loader import LoadedDocument, load_folder
from knowledge.vocabulary import Vocabulary, vocabulary

# A busy machine is no fault of the code: examples are not timed.
hypothesis.settings.register_profile("anxin", deadline=None)
hypothesis.settings.load_profile("anxin")

LOADED_AT = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="session")
def words() -> Vocabulary:
    return vocabulary()


@pytest.fixture(scope="session")
def documents() -> Sequence[LoadedDocument]:
    loaded, problems = load_folder()
    assert not problems, "\n".join(map(str, problems))
    return tuple(loaded)


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@contextmanager
def migrated_sqlite(folder: Path) -> Iterator[Engine]:
    """An empty migrated SQLite database in `folder`."""
    engine = open_engine(f"sqlite:///{folder}/test.db")
    migrate(engine)
    yield engine
    engine.dispose()


@contextmanager
def migrated_postgresql() -> Iterator[Engine]:
    """An empty migrated schema of its own on the PostgreSQL server, dropped afterwards."""
    url = os.environ.get("ANXIN_TEST_POSTGRESQL_URL")
    if not url:
        pytest.skip("ANXIN_TEST_POSTGRESQL_URL is not set")
    schema = f"test_{uuid.uuid4().hex}"
    server = open_engine(url)
    with server.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    own = make_url(url).update_query_dict({"options": f"-csearch_path={schema}"})
    engine = open_engine(own.render_as_string(hide_password=False))
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()
        with server.begin() as connection:
            connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        server.dispose()


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
