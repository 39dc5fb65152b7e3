"""Is every clause accounted for: turned into provisions, or listed as prose with the reason?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knowledge.loader import DOCUMENTS, LoadedDocument, load_folder
from knowledge.strict_yaml import DataError

State = Literal["structured", "prose", "unaccounted"]


@dataclass(frozen=True)
class Row:
    """One clause: the ids of its provisions, or why it has none.

    Linting refuses a document in which a clause has both, or neither (`unaccounted`).
    """

    document: str
    clause: str
    provisions: tuple[str, ...]
    reason: str | None

    @property
    def state(self) -> State:
        """`structured`, `prose`, or `unaccounted`."""
        if self.provisions:
            return "structured"
        return "unaccounted" if self.reason is None else "prose"


def coverage(documents: Iterable[LoadedDocument]) -> list[Row]:
    """A row for every clause of `documents`, in document and clause order."""
    return [
        Row(
            document=loaded.document.id,
            clause=clause_id,
            provisions=tuple(p.id for p in loaded.document.provisions if p.clause == clause_id),
            reason=loaded.document.prose.get(clause_id),
        )
        for loaded in documents
        for clause_id in loaded.clauses
    ]


def coverage_text(folder: Path = DOCUMENTS) -> str:
    """The coverage of the documents below `folder`, for a reader.

    Raises `DataError` where a document cannot be read.
    """
    documents, problems = load_folder(folder)
    if problems:
        raise DataError(problems)
    return rows_text(coverage(documents))


def rows_text(rows: Sequence[Row]) -> str:
    """A clause a line, and the sums in the last line."""
    lines = []
    for row in rows:
        names = ", ".join(name.removeprefix(row.clause) for name in row.provisions)
        said = names or row.reason or "no provision, and no reason under prose"
        lines.append(f"{row.state:<11} {row.clause}  {said}")
    states = [row.state for row in rows]
    lines.append(
        f"{len(rows)} clauses: {states.count('structured')} structured"
        f" ({sum(len(row.provisions) for row in rows)} provisions),"
        f" {states.count('prose')} prose, {states.count('unaccounted')} unaccounted"
    )
    return "\n".join(lines)
