"""`anxin review`: what staff labelled, for the training data and for the engine."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer
from sqlalchemy import Engine

from bot.console.audit import open_audit
from bot.database import migrate, open_engine
from bot.review import taught
from bot.review.retrain import Trainer
from bot.review.retrainings import Retraining
from bot.settings import settings
from nlu.trial import Tried

review_app = typer.Typer(no_args_is_help=True, add_completion=False)
_WHO = "terminal"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _database() -> Engine:
    engine = open_engine(settings().database_url)
    migrate(engine)
    return engine


@review_app.command()
def export(
    everything: Annotated[bool, typer.Option("--all", help="Those exported before, too.")] = False,
) -> None:
    """Print the accepted labels as a patch in Rasa's YAML. They cannot be changed afterwards."""
    with _database().begin() as connection:
        patch = taught.export(connection, _now(), everything=everything)
        if patch:
            open_audit(settings()).record(connection, _now(), _WHO, "labels_exported")
    if not patch:
        typer.echo("no labels to export", err=True)
        raise typer.Exit(1)
    typer.echo(patch, nl=False)


@review_app.command()
def retrain() -> None:
    """Train on what was labelled; it serves at once, everywhere, if it is not worse in the test.
    Exit 1 where it is worse or the training broke."""
    engine = _database()
    trainer = Trainer(engine, settings().model_dir, _now)
    trainer.prepare()
    with engine.begin() as connection:
        open_audit(settings()).record(connection, _now(), _WHO, "retrained")
    typer.echo("training and testing; this takes minutes", err=True)
    done = trainer.run(_WHO)
    if done is None:
        typer.echo("another retraining is running", err=True)
        raise typer.Exit(1)
    for line in _told(done):
        typer.echo(line)
    raise typer.Exit(0 if done.state in ("promoted", "idle") else 1)


def _told(done: Retraining) -> list[str]:
    if done.figures is None:
        return [f"{done.state}: {done.progress}"]
    found = done.figures
    lines = [
        f"{done.state}: {done.labels} labels" + "".join(f", {why}" for why in found.reasons),
        _row("old", found.old),
        _row("new", found.new),
        f"test messages that the training gives away, asked of neither: {found.given_away}",
    ]
    lines += [
        f"surer of what is right, {name}: {one.shift:+.2f} of {one.messages} (± {one.error:.2f})"
        for name, one in (("all", found.whole), ("taken from", found.taken_from))
    ]
    return lines + [f"no longer: {s.text} ({s.wanted}) → {s.got}" for s in found.slips]


def _row(name: str, one: Tried) -> str:
    return (
        f"{name}: in scope right {one.right}/{one.in_scope}, "
        f"far answered as ours {one.far_answered}/{one.far}"
    )
