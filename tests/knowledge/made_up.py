"""Libraries of made-up documents, and what their tables hold."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select

from knowledge.library import Library
from knowledge.loader import LoadedDocument
from knowledge.schema import Clause
from knowledge.tables import Base, ReleaseRow

NOW = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)
GOOD = Path(__file__).parent / "bad" / "good.yaml"
REGION = "440100"


def copy_of(
    good: LoadedDocument, name: str, *, version: int = 0, region: str = REGION
) -> LoadedDocument:
    """The made-up document under another id; each version differs in its title and digest."""

    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("good/", f"{name}/")
        if isinstance(value, list):
            return [renamed(item) for item in value]
        if isinstance(value, dict):
            return {renamed(key): renamed(item) for key, item in value.items()}
        return value

    fields = renamed(good.document.model_dump(by_alias=True, exclude_none=True))
    fields |= {"id": name, "region": region, "title": f"第{version}版", "doc_no": None}
    return dataclasses.replace(
        good,
        document=type(good.document).model_validate({"issued_on": None, **fields}),
        clauses={
            f"{name}/{clause.id.removeprefix('good/')}": Clause(
                id=f"{name}/{clause.id.removeprefix('good/')}",
                heading=clause.heading,
                text=clause.text,
            )
            for clause in good.clauses.values()
        },
        digest=f"{name}-{version}-{region}",
    )


def counts(engine: Engine) -> dict[str, int]:
    """Rows in each of the library's tables."""
    names = ("release", "document", "release_document", "clause", "provision", "provision_topic")
    with engine.connect() as connection:
        return {
            name: connection.execute(
                select(func.count()).select_from(Base.metadata.tables[name])
            ).scalar_one()
            for name in names
        }


def titles(engine: Engine) -> list[str]:
    return [document.title for document in Library(engine).documents()]


def current_releases(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(ReleaseRow.id).where(ReleaseRow.current)).scalars())
