"""What changed between two releases of the library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Engine, select

from knowledge.releases import releases
from knowledge.tables import DocumentRow, ProvisionRow, ReleaseDocumentRow


@dataclass(frozen=True)
class Change:
    """A document's head or a provision that is new (+), gone (-) or changed (~)."""

    sign: Literal["+", "-", "~"]
    id: str
    before: str | None  # its body as JSON
    after: str | None


def difference(engine: Engine, old: str, new: str) -> list[Change]:
    """What changed from one release to another, by id."""
    with engine.connect() as connection:
        before, after = _contents(connection, old), _contents(connection, new)
    return [
        Change(
            "+" if name not in before else "-" if name not in after else "~",
            name,
            before.get(name),
            after.get(name),
        )
        for name in sorted(before | after)
        if before.get(name) != after.get(name)
    ]


def difference_text(engine: Engine, old: str, new: str | None = None) -> str:
    """Documents and provisions added (+), gone (-) and changed (~), a line each."""
    known = releases(engine)
    if new is None:
        new = next((release for release, current in known if current), None)
    names = {release for release, _ in known}
    missing = [name for name in (old, new) if name not in names]
    if missing:
        listed = ", ".join(sorted(names)) or "none"
        return f"no release {missing[0]}; there are: {listed}"
    lines = [f"{old} → {new}"]
    lines += [f"{change.sign} {change.id}" for change in difference(engine, old, str(new))]
    return "\n".join(lines) if len(lines) > 1 else f"{lines[0]}: no difference"


def _contents(connection: Connection, release: str) -> dict[str, str]:
    """What a release holds: each document's head and each provision, by id."""
    in_release = select(ReleaseDocumentRow.document_pk).where(
        ReleaseDocumentRow.release_id == release
    )
    documents = connection.execute(
        select(DocumentRow.id, DocumentRow.body).where(DocumentRow.pk.in_(in_release))
    )
    provisions = connection.execute(
        select(ProvisionRow.id, ProvisionRow.body).where(ProvisionRow.document_pk.in_(in_release))
    )
    return {row.id: row.body for rows in (documents, provisions) for row in rows}
