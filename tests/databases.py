"""Empty migrated databases for tests. To migrate takes a second, and hundreds of tests want one: a
SQLite file is copied from one that was migrated, a PostgreSQL schema is emptied and used again."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import DBAPIError

from bot.database import migrate, open_engine

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


def migrated_file(path: Path) -> str:
    """The address of an empty migrated SQLite database that is put at `path`."""
    shutil.copyfile(_sqlite_template(), path)
    return f"sqlite:///{path}"


@contextmanager
def migrated_sqlite(folder: Path) -> Iterator[Engine]:
    """An empty migrated SQLite database in `folder`."""
    engine = open_engine(migrated_file(folder / "test.db"))
    yield engine
    engine.dispose()


@contextmanager
def migrated_postgresql() -> Iterator[Engine]:
    """An empty migrated schema of its own on the PostgreSQL server."""
    url = os.environ.get("ANXIN_TEST_POSTGRESQL_URL")
    if not url:
        pytest.skip("ANXIN_TEST_POSTGRESQL_URL is not set")
    schema = _free.pop() if _free else _made(url)
    engine = open_engine(_address(url, schema.name))
    try:
        yield engine
    finally:
        engine.dispose()
        if _emptied(url, schema):
            _free.append(schema)
        else:
            _dropped(url, schema.name)


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="anxin-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    engine = open_engine(f"sqlite:///{folder}/template.db")
    migrate(engine)
    engine.dispose()  # what is in its journal is written back
    return folder / "template.db"


# --- PostgreSQL ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Schema:
    """A migrated schema as it was made: its tables and columns, and the rows that were in it."""

    name: str
    shape: str
    rows: dict[str, str]  # table → its rows as JSON


_free: list[_Schema] = []  # that nobody uses now


def _made(url: str) -> _Schema:
    name = f"test_{uuid.uuid4().hex}"
    with _server(url) as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    atexit.register(_dropped, url, name)
    engine = open_engine(_address(url, name))
    migrate(engine)
    engine.dispose()
    with _server(url) as connection:
        rows = {
            table: connection.execute(
                text(f"SELECT json_agg(one)::text FROM {name}.{table} one")
            ).scalar()
            for table in _tables(connection, name)
        }
        return _Schema(name, _shape(connection, name), {t: r for t, r in rows.items() if r})


def _emptied(url: str, schema: _Schema) -> bool:
    """Make the schema as it was; False where that cannot be done, as after a test of migrations."""
    try:
        with _server(url) as connection:
            if _shape(connection, schema.name) != schema.shape:
                return False
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
            # Without foreign keys and triggers: rows may go in any order.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            for table in _tables(connection, schema.name):
                connection.execute(text(f"DELETE FROM {schema.name}.{table}"))
            for table, rows in schema.rows.items():
                place = f"{schema.name}.{table}"
                connection.execute(
                    text(
                        f"INSERT INTO {place}"
                        f" SELECT * FROM json_populate_recordset(NULL::{place}, :rows)"
                    ),
                    {"rows": rows},
                )
            connection.execute(
                text(
                    "SELECT setval(oid::regclass, 1, false) FROM pg_class"
                    " WHERE relkind = 'S' AND relnamespace = CAST(:schema AS regnamespace)"
                ),
                {"schema": schema.name},
            )
    except DBAPIError:  # not allowed to, or somebody still holds a row
        return False
    return True


def _dropped(url: str, schema: str) -> None:
    with _server(url) as connection:
        connection.execute(text(f"DROP SCHEMA IF EXISTS {schema} CASCADE"))


def _tables(connection: Connection, schema: str) -> list[str]:
    found = text("SELECT tablename FROM pg_tables WHERE schemaname = :schema ORDER BY 1")
    return list(connection.scalars(found, {"schema": schema}))


def _shape(connection: Connection, schema: str) -> str:
    columns = text(
        "SELECT string_agg(concat_ws(' ', relname, attname, atttypid), ','"
        " ORDER BY relname, attnum) FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid"
        " WHERE relnamespace = CAST(:schema AS regnamespace) AND attnum > 0"
    )
    return str(connection.execute(columns, {"schema": schema}).scalar())


def _address(url: str, schema: str) -> str:
    own = make_url(url).update_query_dict({"options": f"-csearch_path={schema}"})
    return own.render_as_string(hide_password=False)


@contextmanager
def _server(url: str) -> Iterator[Connection]:
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
