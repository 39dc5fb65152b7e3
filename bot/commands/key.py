"""`anxin key`: keys to `/api/v1` for other programs."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer
from sqlalchemy import Engine

from bot.api_keys import NameRefused, add_key, list_keys, revoke_key
from bot.database import migrate, open_engine
from bot.settings import settings

key_app = typer.Typer(no_args_is_help=True, add_completion=False)
Name = Annotated[str, typer.Argument(help="Whose key it is: a program or an office.")]


def _database() -> Engine:
    engine = open_engine(settings().database_url)
    migrate(engine)
    return engine


@key_app.command()
def add(
    name: Name,
    limit: Annotated[
        int, typer.Option(min=1, max=100_000, help="How many requests a minute it may make.")
    ] = 60,
) -> None:
    """Make a key and show it, this once."""
    try:
        key = add_key(_database(), name, limit, dt.datetime.now(dt.UTC))
    except NameRefused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(key)
    typer.echo("Shown this once; only its digest is kept. Send it as: Authorization: Bearer KEY")


@key_app.command("list")
def list_() -> None:
    """The keys: name, beginning, limit, last use, state."""
    keys = list_keys(_database())
    for key in keys:
        used = f"{key.last_used_at:%Y-%m-%d %H:%M}Z" if key.last_used_at else "never used"
        state = f"revoked {key.revoked_at:%Y-%m-%d}" if key.revoked_at else "in use"
        typer.echo(f"{key.name:<24} {key.shown}…  {key.per_minute}/minute  {used}  {state}")
    if not keys:
        typer.echo("no keys; make one with: anxin key add NAME")


@key_app.command()
def revoke(name: Name) -> None:
    """End a key at once and for good."""
    if not revoke_key(_database(), name, dt.datetime.now(dt.UTC)):
        typer.echo(f"no key in use is named {name}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{name}: revoked")
