"""The command line: `anxin`, also `python -m bot`. Each command is a thin layer over the parts."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Annotated

import typer

from bot.bench_cli import bench_app
from bot.doctor import doctor_command
from bot.kb_cli import kb_app
from bot.key_cli import key_app
from bot.nlu_cli import nlu_app
from bot.registry_cli import registry_app
from bot.user_cli import user_app
from knowledge.strict_yaml import DataError

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="安心问: cited, honest answers for domestic-service workers and households.",
)
cli.add_typer(kb_app, name="kb", help="The policy library.")
cli.add_typer(nlu_app, name="nlu", help="Understanding: train, test, explain.")
cli.add_typer(registry_app, name="registry", help="The reference permit registry.")
cli.add_typer(key_app, name="key", help="Keys to the API for other programs.")
cli.add_typer(user_app, name="user", help="Accounts of the hotline console.")
cli.add_typer(bench_app, name="bench", help="The measurements of docs/measurements.md.")
cli.command("doctor")(doctor_command)

AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Answer as of this day (YYYY-MM-DD), not today.")
]


def parse_day(text: str | None) -> dt.date | None:
    """A day given on the command line; a bad one is a usage error, not a traceback."""
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a day; write it as 2021-05-01") from error


@cli.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question, in Chinese.")] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="JSON lines from standard input to standard output.")
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Answer one question, or JSON lines with --jsonl."""
    from bot.ask import ask_lines, ask_once

    day = parse_day(as_of)
    if jsonl:
        ask_lines(sys.stdin, sys.stdout, day)
        return
    if question is None:
        raise typer.BadParameter("a question, or --jsonl with lines on standard input")
    typer.echo(ask_once(question, day))


@cli.command()
def chat(as_of: AsOf = None) -> None:
    """A conversation in the terminal."""
    from bot.chat import run_chat

    run_chat(parse_day(as_of))


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Web chat, API and webhooks on one port."""
    from bot.serve import run_server

    run_server(host, port)


def main() -> None:
    """Run the command line; data and settings errors are one clear message, never a traceback."""
    from pydantic import ValidationError

    try:
        cli()
    except DataError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(1) from error
    except ValidationError as error:
        for item in error.errors(include_url=False):
            name = ".".join(str(part) for part in item["loc"])
            typer.echo(f"setting ANXIN_{name.upper()}: {item['msg']}", err=True)
        raise SystemExit(2) from error
