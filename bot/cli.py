"""The command line: `anxin`, also `python -m bot`. Each command is a thin layer over the parts."""

from __future__ import annotations

import datetime as dt
import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from knowledge.strict_yaml import DataError

# Loaded when they are asked for: what one command needs, another should not wait for.
_GROUPS = {
    "kb": ("bot.commands.kb:kb_app", "The policy library."),
    "nlu": ("bot.commands.nlu:nlu_app", "Understanding: train, test, explain."),
    "registry": ("bot.commands.registry:registry_app", "The reference permit registry."),
    "wechat": ("bot.wechat.cli:wechat_app", "The WeChat channel."),
    "telegram": ("bot.telegram.cli:telegram_app", "The Telegram channel."),
    "review": ("bot.commands.review:review_app", "What staff labelled: export, retrain."),
    "user": ("bot.commands.user:user_app", "Accounts of the hotline console."),
    "key": ("bot.commands.key:key_app", "Keys to the API for other programs."),
    "outbox": ("bot.commands.outbox:outbox_app", "What is on its way to people, or was given up."),
    "bench": ("bot.commands.bench:bench_app", "The measurements of docs/measurements.md."),
}


class _Lazily(TyperGroup):
    """The commands of this module, and the groups of the others."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_GROUPS]

    # The types are of Typer's own click.
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command; of a group no more than what the list of commands shows."""
        if cmd_name not in _GROUPS:
            return super().get_command(ctx, cmd_name)
        return TyperGroup(name=cmd_name, help=_GROUPS[cmd_name][1])

    def resolve_command(self, ctx: Any, args: Any) -> Any:
        """The command that is to run, loaded."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in _GROUPS:
            where, says = _GROUPS[name]
            module, _, attribute = where.partition(":")
            command = typer.main.get_command(getattr(import_module(module), attribute))
            command.name, command.help = name, says
        return name, command, rest


cli = typer.Typer(
    cls=_Lazily,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="安心问: cited, honest answers for domestic-service workers and households.",
)

AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Answer as of this day (YYYY-MM-DD), not today.")
]


@cli.callback()
def _log_beside_the_output() -> None:
    """Whatever a command prints is its own: log lines go to standard error, `serve` sets more."""
    from bot.logging import configure_logging

    configure_logging("warning")


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
    from bot.commands.ask import ask_lines, ask_once

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
    from bot.commands.chat import run_chat

    run_chat(parse_day(as_of))


@cli.command()
def doctor() -> None:
    """Check what a process needs, and say what to mend."""
    from bot.commands.doctor import doctor_command

    doctor_command()


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Web chat, API and webhooks on one port."""
    from bot.commands.serve import run_server

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
