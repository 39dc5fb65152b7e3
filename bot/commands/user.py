"""`anxin user …`: the console's accounts, from the machine that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Connection, Engine

from bot.app import utc_now
from bot.console import accounts, sessions
from bot.console.accounts import Account, AccountError
from bot.console.audit import open_audit
from bot.console.roles import ADMINISTRATOR, roles
from bot.console.wording import say
from bot.database import migrate, open_engine
from bot.settings import settings

# Who stands in the audit for what is done at the machine itself.
AT_THE_MACHINE = "anxin user"

user_app = typer.Typer(no_args_is_help=True, add_completion=False)

Name = Annotated[str, typer.Argument(help="the name that the person logs in with")]
Generate = Annotated[
    bool, typer.Option("--generate", help="make a one-time password, to be changed at log-in")
]


@user_app.command()
def add(
    name: Name,
    role: Annotated[str, typer.Option(help=f"one of: {', '.join(roles())}")] = "operator",
    label: Annotated[str, typer.Option(help="what colleagues call the person")] = "",
    generate: Generate = False,
) -> None:
    """Add an account. The password is asked for, unless one is generated."""
    with _accounts() as connection:
        accounts.checked_name(connection, name)
    password = None if generate else _asked(name)
    with _accounts() as connection:
        _, made = accounts.add(connection, name, label or name, role, password, utc_now())
        _record(connection, "account_added", name)
    typer.echo(f"account {accounts.as_name(name)} ({role}) added")
    _tell(made)


@user_app.command("list")
def list_accounts() -> None:
    """Every account: name, role, whether it is in use, and the person."""
    with _accounts() as connection:
        everybody = accounts.everybody(connection)
    for account in everybody:
        state = "disabled" if account.disabled else "must change" if account.must_change else "ok"
        typer.echo(f"{account.name}\t{account.role}\t{state}\t{account.label}")
    if not everybody:
        typer.echo(f"no accounts yet: anxin user add NAME --role {ADMINISTRATOR}", err=True)


@user_app.command()
def disable(name: Name) -> None:
    """Let nobody log in with the account any more, and end its log-ins at once."""
    with _accounts() as connection:
        account = _named(connection, name)
        accounts.disable(connection, account, utc_now())
        sessions.end_all(connection, account.pk)
        _record(connection, "account_disabled", name)
    typer.echo(f"account {account.name} disabled")


@user_app.command()
def enable(name: Name) -> None:
    """Take a disabling back."""
    with _accounts() as connection:
        account = _named(connection, name)
        accounts.enable(connection, account)
        _record(connection, "account_enabled", name)
    typer.echo(f"account {account.name} enabled")


@user_app.command()
def password(name: Name, generate: Generate = False) -> None:
    """Give the account a new password, and end its log-ins."""
    with _accounts() as connection:
        account = _named(connection, name)
    chosen = None if generate else _asked(name)
    made = None
    with _accounts() as connection:
        if chosen is None:
            made = accounts.reset_password(connection, account, utc_now())
        else:
            accounts.set_password(connection, account, chosen)
        sessions.end_all(connection, account.pk)
        _record(connection, "password_reset", name)
    typer.echo(f"account {account.name} has a new password")
    _tell(made)


@user_app.command("audit")
def verify_audit() -> None:
    """Check that nobody has changed or taken away a line of the console's audit. Exit 1 if so."""
    engine = open_engine(settings().database_url)
    migrate(engine)
    wrong = open_audit(settings()).problems(engine)
    for line in wrong or ["the audit is whole"]:
        typer.echo(line)
    raise typer.Exit(1 if wrong else 0)


@contextmanager
def _accounts() -> Iterator[Connection]:
    """A transaction on the database, brought up to date first; an AccountError ends the command."""
    engine = open_engine(settings().database_url)
    try:
        migrate(engine)
        with engine.begin() as connection:
            yield connection
        _anchor(engine)
    except AccountError as error:
        typer.echo(say(f"error.{error.code}"), err=True)
        raise typer.Exit(1) from error
    finally:
        engine.dispose()


def _anchor(engine: Engine) -> None:
    """As a server does every few seconds; but the first account is added before any runs."""
    try:
        open_audit(settings()).anchor(engine)
    except OSError as error:
        typer.echo(f"the audit's anchor cannot be written: {error}", err=True)


def _named(connection: Connection, name: str) -> Account:
    account = accounts.named(connection, name)
    if account is None:
        raise AccountError("no_account")
    return account


def _asked(name: str) -> str:
    """A password typed twice; asked again until it will do."""
    while True:
        typed: str = typer.prompt("password", hide_input=True, confirmation_prompt=True)
        try:
            accounts.check_password(typed, accounts.as_name(name))
        except AccountError as error:
            typer.echo(say(f"error.{error.code}"), err=True)
        else:
            return typed


def _record(connection: Connection, action: str, name: str) -> None:
    about = f"account:{accounts.as_name(name)}"
    open_audit(settings()).record(connection, utc_now(), AT_THE_MACHINE, action, about)


def _tell(made: str | None) -> None:
    if made is not None:
        days = accounts.ONE_TIME_LASTS.days
        typer.echo(f"one-time password (shown once, good for {days} days): {made}")
