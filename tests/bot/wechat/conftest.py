"""Fixtures of the WeChat channel's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.database import migrate, open_engine


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The address of an empty migrated SQLite database."""
    url = f"sqlite:///{tmp_path}/wechat.db"
    engine = open_engine(url)
    migrate(engine)
    engine.dispose()
    return url
