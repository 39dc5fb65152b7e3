"""`anxin kb`: check, load, show, search and compare the policy library."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.database import migrate, open_engine
from bot.settings import settings
from knowledge.library import Library
from knowledge.loader import DOCUMENTS

kb_app = typer.Typer(no_args_is_help=True, add_completion=False)
Folder = Annotated[Path, typer.Argument(help="Folder of document files.", exists=True)]


def _library() -> Library:
    engine = open_engine(settings().database_url)
    migrate(engine)
    return Library(engine)


@kb_app.command()
def lint(folder: Folder = DOCUMENTS) -> None:
    """Check the document files; exit 1 with file, line and mend for every problem."""
    from knowledge.lint import lint_folder

    problems = lint_folder(folder)
    for problem in problems:
        typer.echo(str(problem))
    typer.echo(f"{len(problems)} problems" if problems else "no problems")
    raise typer.Exit(1 if problems else 0)


@kb_app.command()
def build(folder: Folder = DOCUMENTS) -> None:
    """Load the document files as the current release. A bad library changes nothing."""
    from bot.app import utc_now
    from knowledge.loader import load_folder
    from knowledge.releases import build as build_release
    from knowledge.strict_yaml import DataError
    from knowledge.vocabulary import vocabulary

    documents, problems = load_folder(folder)
    if problems:
        raise DataError(problems)
    engine = open_engine(settings().database_url)
    migrate(engine)
    release = build_release(engine, documents, vocabulary(), utc_now())
    typer.echo(f"release {release.id}: {len(documents)} documents")


@kb_app.command()
def show(name: Annotated[str, typer.Argument(help="A document or clause id.")]) -> None:
    """A document's clauses and provisions, or one clause with its provisions."""
    library = _library()
    found = library.document(name)
    if found is not None:
        document, entries, clauses = found
        typer.echo(f"{document.id}  {document.title}  {document.doc_no or '（无文号）'}")
    elif (one := library.clause(name)) is not None:
        clause, document = one
        whole = library.document(document.id)
        entries = [e for e in (whole[1] if whole else []) if e.provision.clause == name]
        clauses = [clause]
    else:
        typer.echo(f"no document or clause {name}", err=True)
        raise typer.Exit(1)
    for clause in clauses:
        typer.echo(f"\n【{clause.id}】{clause.heading}\n{clause.text}")
        for entry in entries:
            if entry.provision.clause == clause.id:
                typer.echo(
                    f"  - {entry.provision.id}  [{entry.provision.kind}] {entry.provision.says}"
                )


@kb_app.command()
def search(
    question: str,
    limit: Annotated[int, typer.Option(help="How many clauses at most.", min=1, max=50)] = 5,
) -> None:
    """The clauses nearest to a question, with their scores."""
    for hit in _library().search(question, limit=limit):
        typer.echo(f"{hit.score:8.3f}  {hit.clause.id}  {hit.clause.text[:80]}")


@kb_app.command()
def coverage(folder: Folder = DOCUMENTS) -> None:
    """Each clause as structured (with its provisions) or as prose (with the reason)."""
    from knowledge.coverage import coverage_text

    typer.echo(coverage_text(folder))


@kb_app.command()
def diff(
    old: Annotated[str, typer.Argument(help="An older release id.")],
    new: Annotated[
        str | None, typer.Argument(help="A newer one; the current release if left out.")
    ] = None,
) -> None:
    """What changed between two releases: documents, and provisions added, gone or changed."""
    from knowledge.difference import difference_text

    engine = open_engine(settings().database_url)
    migrate(engine)
    typer.echo(difference_text(engine, old, new))
