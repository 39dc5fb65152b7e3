"""`anxin doctor`: checks what a process needs, and says what to mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import typer
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.database import open_engine, revision
from bot.permits import is_local
from bot.settings import Settings
from bot.telegram.doctor import telegram_findings
from bot.wechat.doctor import wechat_findings
from knowledge.library import Library
from knowledge.lint import lint_folder
from nlu.engine import MODEL_NAME, EmbeddedClassifier
from nlu.model import ModelError


@dataclass(frozen=True)
class Finding:
    """One thing checked: whether it is well, what was found, and how to mend it."""

    ok: bool
    what: str
    mend: str = ""


def doctor_command() -> None:
    """Check settings, database, migrations, library and model; exit 1 when something is wrong."""
    try:
        settings = Settings()
    except ValidationError as error:
        for item in error.errors(include_url=False):
            name = ".".join(str(part) for part in item["loc"])
            typer.echo(f"✗ setting ANXIN_{name.upper()}: {item['msg']}")
        raise typer.Exit(1) from error
    findings = list(examine(settings))
    for finding in findings:
        mark = "✓" if finding.ok else "✗"
        typer.echo(f"{mark} {finding.what}" + (f" → {finding.mend}" if not finding.ok else ""))
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check in order; one that cannot run because an earlier failed is left out."""
    yield Finding(True, "settings are well-formed")
    engine = open_engine(settings.database_url)
    shown = engine.url.render_as_string(hide_password=True)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        yield Finding(
            False, f"database {shown}: {reason}", "correct ANXIN_DATABASE_URL or start it"
        )
        return
    yield Finding(True, f"database {shown} answers")
    current, newest = revision(engine)
    yield Finding(
        current == newest,
        f"schema is at revision {current or 'none'}, newest is {newest}",
        "run anxin kb build (it migrates)",
    )
    if current == newest:
        release = Library(engine).release()
        what = f"library release {release.id} is served" if release else "no library is loaded"
        yield Finding(release is not None, what, "run anxin kb build")
    yield from _checked("policy documents are true to their clauses", _lint)
    yield from _checked("NLU model loads", lambda: _model(settings))
    tokens = (settings.wechat_token, settings.telegram_token)
    if any(token.get_secret_value() for token in tokens) and is_local(settings.address):
        yield Finding(
            False,
            f"links in answers lead to {settings.address}, which no telephone can open",
            "set ANXIN_PUBLIC_URL to the address that people reach; until then no links are given",
        )
    for channel in (wechat_findings, telegram_findings):
        yield from (Finding(*found) for found in channel(settings))


def _checked(what: str, check: Callable[[], str | None]) -> Iterator[Finding]:
    problem = check()
    yield Finding(True, what) if problem is None else Finding(False, f"{what}: no", problem)


def _lint() -> str | None:
    problems = lint_folder()
    return f"{problems[0]} ({len(problems)} in all; run anxin kb lint)" if problems else None


def _model(settings: Settings) -> str | None:
    try:
        EmbeddedClassifier.load(settings.model_dir / MODEL_NAME)
    except ModelError as error:
        return str(error)
    return None
