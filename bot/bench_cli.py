"""`anxin bench`: the measurements of docs/measurements.md, each by one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

bench_app = typer.Typer(no_args_is_help=True, add_completion=False)


@bench_app.command()
def answers(
    questions: Annotated[
        Path, typer.Option(help="Folder of questions.", exists=True, file_okay=False)
    ] = Path("tests/conversations/questions"),
    misses: Annotated[
        bool, typer.Option(help="List the questions of the tuning half that missed.")
    ] = False,
    records: Annotated[bool, typer.Option(help="Report record by record instead.")] = False,
) -> None:
    """How often the answer cites the clause it must rest on, beside plain search."""
    from bot.app import assemble
    from bot.bench_answers import measure, reach, read_questions, records_table, report
    from bot.settings import settings

    app = assemble(settings(), lambda line: typer.echo(line, err=True))
    outcomes = list(measure(app, read_questions(questions)))
    if records:
        typer.echo(records_table(app, outcomes))
        return
    typer.echo(report(outcomes, misses=misses))
    typer.echo(reach(app, outcomes))


@bench_app.command()
def turn(
    questions: Annotated[
        Path, typer.Option(help="Folder of questions.", exists=True, file_okay=False)
    ] = Path("tests/conversations/questions"),
) -> None:
    """The time of a whole turn in process, beside the library's search alone."""
    from bot.app import assemble
    from bot.bench_answers import read_questions
    from bot.bench_turn import time_turns
    from bot.settings import settings

    app = assemble(settings(), typer.echo)
    typer.echo(time_turns(app, read_questions(questions)))


@bench_app.command("registry-faults")
def faults(
    runs: Annotated[int, typer.Option(help="How many seeded runs.", min=12)] = 5000,
    seed: Annotated[int, typer.Option(help="The seed.")] = 1,
) -> None:
    """Permit checks under injected faults: how many were wrongly valid, by case."""
    from bot.bench_registry import registry_faults

    result = registry_faults(runs, seed, typer.echo)
    typer.echo(result.text())
    raise typer.Exit(0 if result.passed else 1)


@bench_app.command()
def photos(
    each: Annotated[int, typer.Option(help="Photographs of each kind of damage.", min=1)] = 20,
) -> None:
    """How many photographed permit codes are read, by kind of damage, beside another decoder."""
    from bot.bench_photos import permit_photos

    typer.echo(permit_photos(each).text())


@bench_app.command()
def nlu(
    diet: Annotated[
        bool, typer.Option("--diet", help="Rasa's DIET too; trains far longer.")
    ] = False,
) -> None:
    """The embedded engine beside Rasa on the same pipeline (after `make rasa`), one run."""
    from bot.bench_nlu import nlu_bench
    from nlu.rasa_server import RasaFailed

    try:
        typer.echo(nlu_bench(diet, lambda line: typer.echo(line, err=True)))
    except RasaFailed as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
