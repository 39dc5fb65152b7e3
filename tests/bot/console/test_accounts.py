"""Accounts and sessions in the databases they are kept in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, select

from bot.console import accounts, sessions
from bot.console.accounts import Account, AccountError, AccountRow
from bot.console.audit import AuditRow
from bot.console.sessions import Lifetime, SessionRow
from knowledge.tables import Base
from tests.bot.console.desk import PASSWORD
from tests.bot.serving import NOW

LIFETIME = Lifetime(dt.timedelta(hours=1), dt.timedelta(hours=12))
HOUR = dt.timedelta(hours=1)


def added(engine: Engine, name: str, role: str = "operator") -> Account:
    with engine.begin() as connection:
        pk, _ = accounts.add(connection, name, name, role, PASSWORD, NOW)
        account = accounts.find(connection, pk)
    assert account is not None
    return account


def test_an_account_is_found_as_it_was_added(engine: Engine) -> None:
    account = added(engine, "Wang.Li", "editor")
    assert account == Account(account.pk, "wang.li", "Wang.Li", "editor", False, False, NOW)
    with engine.connect() as connection:
        assert accounts.any_account(connection)
        assert accounts.named(connection, " WANG.LI ") == account
        assert accounts.named(connection, "li") is None
        assert accounts.find(connection, account.pk + 1) is None
        assert accounts.everybody(connection) == [account]


def test_a_one_time_password_has_its_time(engine: Engine) -> None:
    with engine.begin() as connection:
        pk, made = accounts.add(connection, "late", "late", "operator", None, NOW)
        account = accounts.find(connection, pk)
        assert account is not None
        assert account.must_change
        last = NOW + accounts.ONE_TIME_LASTS
        assert made
        assert accounts.password_of(connection, "late", last - HOUR)
        assert accounts.password_of(connection, "late", last) is None
        accounts.set_password(connection, account, PASSWORD)
        assert accounts.password_of(connection, "late", last)


def test_one_administrator_stays(engine: Engine) -> None:
    first, second = (
        added(engine, "first", "administrator"),
        added(engine, "second", "administrator"),
    )
    with engine.begin() as connection:
        accounts.disable(connection, first, NOW)
    changes: tuple[Callable[[Connection], object], ...] = (
        lambda c: accounts.disable(c, second, NOW),
        lambda c: accounts.set_role(c, second, "operator"),
    )
    for change in changes:
        with pytest.raises(AccountError, match="last_administrator"), engine.begin() as connection:
            change(connection)
    with engine.begin() as connection:
        accounts.enable(connection, first)
        accounts.set_role(connection, second, "operator")


def test_a_session_has_its_time(engine: Engine) -> None:
    account = added(engine, "wang")
    with engine.begin() as connection:
        token = sessions.begin(connection, account.pk, "192.0.2.1", "测试", NOW)

        def found(after: dt.timedelta) -> bool:
            return sessions.find(connection, token, NOW + after, LIFETIME) is not None

        assert found(dt.timedelta(minutes=59))
        assert not found(HOUR)
        known = sessions.find(connection, token, NOW, LIFETIME)
        assert known is not None
        session, owner = known
        assert owner == account
        assert session.seen_at == session.created_at == NOW
        assert not sessions.note_use(connection, session, NOW + dt.timedelta(seconds=59))
        assert sessions.note_use(connection, session, NOW + HOUR / 2)
        assert found(HOUR)
        assert sessions.counts(connection, NOW, LIFETIME) == {account.pk: 1}
        assert sessions.counts(connection, NOW + 2 * HOUR, LIFETIME) == {}
        sessions.forget_old(connection, NOW + HOUR, LIFETIME)
        assert connection.execute(select(SessionRow.pk)).all()
        sessions.forget_old(connection, NOW + 2 * HOUR, LIFETIME)
        assert not connection.execute(select(SessionRow.pk)).all()


def test_a_session_is_ended_by_its_owner_only(engine: Engine) -> None:
    wang, li = added(engine, "wang"), added(engine, "li")
    with engine.begin() as connection:
        tokens = [sessions.begin(connection, wang.pk, "", "", NOW) for _ in range(3)]
        assert len(set(tokens)) == 3
        own = sessions.of_account(connection, wang.pk, NOW, LIFETIME)
        assert not sessions.end(connection, li.pk, own[0].pk)
        assert sessions.end(connection, wang.pk, own[0].pk)
        sessions.end_all(connection, wang.pk, but=own[1].pk)
        assert sessions.of_account(connection, wang.pk, NOW, LIFETIME) == [own[1]]
        sessions.end_all(connection, wang.pk)
        assert sessions.of_account(connection, wang.pk, NOW, LIFETIME) == []


def test_the_tables_are_what_the_migrations_make(engine: Engine) -> None:
    ours = {row.__tablename__ for row in (AccountRow, SessionRow, AuditRow)}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = [
            difference
            for difference in compare_metadata(context, Base.metadata)
            if any(f"'{name}'" in repr(difference) for name in ours)
        ]
    assert differences == []
