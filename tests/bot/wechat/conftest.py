"""Fixtures of the WeChat channel's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.bot.wechat.line import Line
from tests.databases import DATABASES, migrated_file, migrated_postgresql


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The address of an empty migrated SQLite database."""
    return migrated_file(tmp_path / "wechat.db")


@pytest.fixture(params=DATABASES)
def any_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The same, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database")
        return
    with migrated_postgresql() as engine:
        yield engine.url.render_as_string(hide_password=False)


@pytest.fixture
def line(engine: Engine) -> Line:
    """The way out, over each database in turn."""
    return Line(engine)
