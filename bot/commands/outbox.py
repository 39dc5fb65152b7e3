"""`anxin outbox`: what has not been delivered."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer

from bot.database import migrate, open_engine
from bot.delivery.outbox import Outbox
from bot.delivery.parcels import ParcelState
from bot.sealing import Seal
from bot.settings import settings

outbox_app = typer.Typer(no_args_is_help=True, add_completion=False)


def _outbox() -> Outbox:
    engine = open_engine(settings().database_url)
    migrate(engine)
    return Outbox(engine, Seal.at(settings().seal_key_file), lambda: dt.datetime.now(dt.UTC))


@outbox_app.command("list")
def list_(
    state: Annotated[
        str, typer.Option(help="dead (given up), held (until the person writes) or waiting.")
    ] = "dead",
) -> None:
    """The parcels of a state, newest first: key, channel, when, attempts, reason. Whom they are
    for and what they say is not shown."""
    states: dict[str, ParcelState] = {"dead": "dead", "held": "held", "waiting": "waiting"}
    if state not in states:
        raise typer.BadParameter(f"{state!r}: use dead, held or waiting", param_hint="--state")
    rows = _outbox().listed(states[state])
    for row in rows:
        typer.echo(
            f"{row.key}  {row.channel}  {row.created_at:%Y-%m-%d %H:%M}Z"
            f"  {row.attempts} attempts  {row.reason or '-'}"
        )
    if not rows:
        typer.echo(f"nothing is {state}")


@outbox_app.command()
def replay(
    key: Annotated[str | None, typer.Argument(help="One parcel's key; left out: all.")] = None,
) -> None:
    """Send dead parcels again; a running `anxin serve` does so within a second."""
    number = _outbox().replay(key)
    typer.echo(f"{number} to be sent again")
    if key is not None and not number:
        raise typer.Exit(1)
