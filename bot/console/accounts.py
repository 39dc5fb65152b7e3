"""Accounts of the console's people. Every function takes a connection: who calls it sets the
transaction, so that an act and its line in the audit are written together."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, DateTime, Row, String, Text, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from bot.console import passwords
from bot.console.roles import ADMINISTRATOR, roles
from knowledge.tables import Base

ONE_TIME_LASTS = dt.timedelta(days=3)
_NAME = re.compile(r"[\w.-]{2,40}")
_LABEL_MOST = 40


class AccountRow(Base):
    """An account. It is disabled, never deleted: the audit goes on naming it."""

    __tablename__ = "account"

    pk: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)  # to log in with; see `as_name`
    label: Mapped[str] = mapped_column(String(40))  # what colleagues call the person
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(Text)
    # The password was made for one log-in, until then; it must be changed before anything else.
    one_time_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Account:
    """An account without its password."""

    pk: int
    name: str
    label: str
    role: str
    must_change: bool
    disabled: bool
    created_at: dt.datetime


class AccountError(Exception):
    """What was asked for cannot be done; `code` is a key of wording.yaml's `error`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def as_name(text: str) -> str:
    """A name as it is kept: one shape for what looks the same, no capitals, no spaces around."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def add(
    connection: Connection,
    name: str,
    label: str,
    role: str,
    password: str | None,
    now: dt.datetime,
) -> tuple[int, str | None]:
    """Add an account; its key, and the one-time password that was made if none was given.

    Raises AccountError for a name, label, role or password that will not do, or a name in use.
    """
    name, label = checked_name(connection, name), label.strip()
    if not 1 <= len(label) <= _LABEL_MOST or not label.isprintable():
        raise AccountError("label_bad")
    _check_role(role)
    made = None
    if password is None:
        password = made = passwords.one_time()
    else:
        check_password(password, name)
    values = {
        "name": name,
        "label": label,
        "role": role,
        "password_hash": passwords.hashed(password),
        "one_time_until": now + ONE_TIME_LASTS if made else None,
        "created_at": now,
    }
    pk = connection.execute(insert(AccountRow).values(values).returning(AccountRow.pk)).scalar_one()
    return pk, made


def checked_name(connection: Connection, name: str) -> str:
    """The name of a new account as it is kept. Raises AccountError for one that will not do."""
    name = as_name(name)
    if not _NAME.fullmatch(name):
        raise AccountError("name_bad")
    if connection.execute(select(AccountRow.pk).where(AccountRow.name == name)).first():
        raise AccountError("name_taken")
    return name


def check_password(password: str, name: str) -> None:
    """Raises AccountError for a password that will not do."""
    code = passwords.weakness(password, name)
    if code is not None:
        raise AccountError(code)


def find(connection: Connection, pk: int) -> Account | None:
    """The account with this key."""
    row = connection.execute(_SELECTED.where(AccountRow.pk == pk)).one_or_none()
    return None if row is None else account_of(row)


def named(connection: Connection, name: str) -> Account | None:
    """The account that logs in with this name."""
    row = connection.execute(_SELECTED.where(AccountRow.name == as_name(name))).one_or_none()
    return None if row is None else account_of(row)


def everybody(connection: Connection) -> list[Account]:
    """All accounts, the disabled ones last."""
    ordered = _SELECTED.order_by(AccountRow.disabled_at.is_not(None), AccountRow.name)
    return [account_of(row) for row in connection.execute(ordered)]


def password_of(connection: Connection, name: str, now: dt.datetime) -> str | None:
    """The hash to check a log-in with; None where nobody may log in with this name: there is no
    such account, it is disabled, or its one-time password is past its time."""
    row = connection.execute(
        select(AccountRow.password_hash, AccountRow.one_time_until).where(
            AccountRow.name == as_name(name), AccountRow.disabled_at.is_(None)
        )
    ).one_or_none()
    if row is None or (row.one_time_until is not None and utc(row.one_time_until) <= now):
        return None
    stored: str = row.password_hash
    return stored


def set_password(connection: Connection, account: Account, password: str) -> None:
    """Give the account the password that its owner chose. Raises AccountError for one that will
    not do."""
    check_password(password, account.name)
    _change(connection, account, password_hash=passwords.hashed(password), one_time_until=None)


def reset_password(connection: Connection, account: Account, now: dt.datetime) -> str:
    """Give the account a one-time password, and return it."""
    made = passwords.one_time()
    _change(
        connection,
        account,
        password_hash=passwords.hashed(made),
        one_time_until=now + ONE_TIME_LASTS,
    )
    return made


def keep_hash(connection: Connection, account: Account, password: str) -> None:
    """Hash the password anew, with today's parameters."""
    _change(connection, account, password_hash=passwords.hashed(password))


def set_role(connection: Connection, account: Account, role: str) -> None:
    """Change the role. Raises AccountError for an unknown one, or for the last administrator."""
    _check_role(role)
    if role != ADMINISTRATOR:
        _spare_last_administrator(connection, account)
    _change(connection, account, role=role)


def disable(connection: Connection, account: Account, now: dt.datetime) -> None:
    """Let nobody log in with the account. Raises AccountError for the last administrator."""
    _spare_last_administrator(connection, account)
    _change(connection, account, disabled_at=now)


def enable(connection: Connection, account: Account) -> None:
    """Take a disabling back."""
    _change(connection, account, disabled_at=None)


def account_of(row: Row[*tuple[Any, ...]]) -> Account:
    """The account in a row that has the columns of `COLUMNS`."""
    return Account(
        pk=row.pk,
        name=row.name,
        label=row.label,
        role=row.role,
        must_change=row.one_time_until is not None,
        disabled=row.disabled_at is not None,
        created_at=utc(row.created_at),
    )


def utc(moment: dt.datetime) -> dt.datetime:
    """A stored moment with its zone, which SQLite does not give back."""
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


COLUMNS = (
    AccountRow.pk,
    AccountRow.name,
    AccountRow.label,
    AccountRow.role,
    AccountRow.one_time_until,
    AccountRow.disabled_at,
    AccountRow.created_at,
)
_SELECTED = select(*COLUMNS)


def _change(connection: Connection, account: Account, **values: object) -> None:
    connection.execute(update(AccountRow).where(AccountRow.pk == account.pk).values(values))


def _check_role(role: str) -> None:
    if role not in roles():
        raise AccountError("role_unknown")


def _spare_last_administrator(connection: Connection, account: Account) -> None:
    # The rows are locked, or two administrators could remove each other at the same moment.
    active = (
        select(AccountRow.pk)
        .where(AccountRow.role == ADMINISTRATOR, AccountRow.disabled_at.is_(None))
        .with_for_update()
    )
    if {row.pk for row in connection.execute(active)} == {account.pk}:
        raise AccountError("last_administrator")


def any_account(connection: Connection) -> bool:
    """Whether there is an account at all."""
    return bool(connection.execute(select(func.count()).select_from(AccountRow)).scalar())
