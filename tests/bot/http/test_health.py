"""Alive is not ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from bot.app import App
from bot.database import migrate, open_engine
from bot.http import create_app
from knowledge.library import Library
from nlu.understanding import EngineUnavailable, Understanding
from tests.bot.serving import serving


def ready(app: App) -> tuple[int, dict[str, str]]:
    with serving(create_app(app)) as url:
        assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
        response = httpx.get(f"{url}/readyz")
    return response.status_code, response.json()["checks"]


def over(app: App, engine: Engine) -> App:
    library = Library(engine)
    return replace(
        app,
        engine=engine,
        library=library,
        conversation=replace(app.conversation, library=library),
    )


def test_ready_when_everything_is_there(app: App) -> None:
    status, checks = ready(app)
    assert status == 200
    assert checks == dict.fromkeys(("database", "migrations", "library", "model"), "ok")


def old_schema(engine: Engine) -> None:
    migrate(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num='0001'")


@pytest.mark.parametrize(
    ("prepare", "failed"),
    [
        (lambda _engine: None, {"migrations", "library"}),  # an empty database
        (migrate, {"library"}),  # no library loaded
        (old_schema, {"migrations", "library"}),
    ],
)
def test_not_ready_without_schema_or_library(
    app: App, tmp_path: Path, prepare: Callable[[Engine], None], failed: set[str]
) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/other.db")
    prepare(engine)
    status, checks = ready(over(app, engine))
    engine.dispose()
    assert status == 503
    assert {name for name, state in checks.items() if state == "failed"} == failed


def test_not_ready_without_a_database(app: App, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/gone/library.db")
    (tmp_path / "gone").rmdir()
    status, checks = ready(over(app, engine))
    engine.dispose()
    assert status == 503
    assert checks["database"] == "failed"
    assert checks["model"] == "ok"


def test_not_ready_without_a_model(app: App) -> None:
    def lost(_text: str) -> list[Understanding]:
        raise EngineUnavailable

    status, checks = ready(replace(app, conversation=replace(app.conversation, understand=lost)))
    assert status == 503
    assert checks == {"database": "ok", "migrations": "ok", "library": "ok", "model": "failed"}
