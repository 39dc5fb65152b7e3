"""`anxin bench`: the measurements of docs/measurements.md, each by one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

bench_app = typer.Typer(no_args_is_help=True, add_completion=False)

QUESTIONS = Path("tests/conversations/questions")
Questions = Annotated[Path, typer.Option(help="Folder of questions.", exists=True, file_okay=False)]


def _aside(line: str) -> None:
    typer.echo(line, err=True)


@bench_app.command()
def answers(
    questions: Questions = QUESTIONS,
    misses: Annotated[
        bool, typer.Option(help="List the questions of the tuning half that missed.")
    ] = False,
    records: Annotated[bool, typer.Option(help="Report record by record instead.")] = False,
) -> None:
    """Answers that cite the right clause, beside plain search."""
    from bot.app import assemble
    from bot.bench.answers import measure, reach, read_questions, records_table, report
    from bot.settings import settings

    app = assemble(settings(), _aside)
    outcomes = list(measure(app, read_questions(questions)))
    if records:
        typer.echo(records_table(app, outcomes))
        return
    typer.echo(report(outcomes, misses=misses))
    typer.echo(reach(app, outcomes))


@bench_app.command()
def turn(
    questions: Questions = QUESTIONS,
) -> None:
    """Time of a turn in process, by what is said in it."""
    from bot.app import assemble, settle
    from bot.bench.answers import read_questions
    from bot.bench.turn import time_turns
    from bot.settings import settings

    app = assemble(settings(), typer.echo)
    settle(app)
    typer.echo(time_turns(app, read_questions(questions)))


@bench_app.command()
def webhook(
    database: Annotated[
        str, typer.Option(help="URL of an empty PostgreSQL database; default: a new SQLite file.")
    ] = "",
    messages: Annotated[int, typer.Option(help="Messages of a round.", min=1)] = 1500,
    rounds: Annotated[int, typer.Option(help="Rounds, of which the median counts.", min=1)] = 5,
    connections: Annotated[int, typer.Option(help="People writing at once.", min=1)] = 8,
    questions: Questions = QUESTIONS,
) -> None:
    """WeChat messages a second, beside a bare handler."""
    from bot.bench.webhook import table, webhook_bench

    found = webhook_bench(database, questions, messages, rounds, connections, _aside)
    typer.echo(table(found))


@bench_app.command()
def scale(
    sizes: Annotated[
        str, typer.Option(help="How many times the library, separated by commas.")
    ] = "1,10,100,1000",
    postgresql: Annotated[
        str, typer.Option(help="URL of a PostgreSQL server to make databases on; default: SQLite.")
    ] = "",
    questions: Questions = QUESTIONS,
) -> None:
    """Answer time with 1 to 1,000 times the library."""
    from bot.bench.scale import scale_bench

    try:
        times = [int(size) for size in sizes.split(",")]
    except ValueError as error:
        raise typer.BadParameter(f"{sizes!r} are not numbers like 1,10,100") from error
    typer.echo(scale_bench(times, questions, postgresql, _aside))


@bench_app.command()
def start(
    rounds: Annotated[int, typer.Option(help="Starts of each kind.", min=1)] = 5,
) -> None:
    """Time to the first answer, and memory, by command."""
    from bot.bench.start import start_bench

    typer.echo(start_bench(rounds, _aside))


@bench_app.command("registry-faults")
def faults(
    runs: Annotated[int, typer.Option(help="How many seeded runs.", min=12)] = 5000,
    seed: Annotated[int, typer.Option(help="The seed.")] = 1,
) -> None:
    """Permit checks under injected faults, by case."""
    from bot.bench.registry import registry_faults

    result = registry_faults(runs, seed, typer.echo)
    typer.echo(result.text())
    raise typer.Exit(0 if result.passed else 1)


@bench_app.command()
def photos(
    each: Annotated[int, typer.Option(help="Photographs of each kind of damage.", min=1)] = 20,
) -> None:
    """Photographed permit codes that are read, by damage."""
    from bot.bench.photos import permit_photos

    typer.echo(permit_photos(each).text())


@bench_app.command()
def nlu(
    diet: Annotated[
        bool, typer.Option("--diet", help="Rasa's DIET too; trains far longer.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the trained models here, and take them from here.")
    ] = None,
) -> None:
    """The embedded engine beside Rasa (after `make rasa`)."""
    from bot.bench.nlu import nlu_bench
    from nlu.rasa_server import RasaFailed

    try:
        typer.echo(nlu_bench(diet, keep, _aside))
    except RasaFailed as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
