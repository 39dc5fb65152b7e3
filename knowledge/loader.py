"""Reading the document files: each `<name>.yaml` with the clause texts of `<name>.clauses.yaml`.

Reads and validates one file at a time; what needs the vocabulary or several files is checked by
`knowledge/lint.py`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from knowledge.schema import Clause, Document
from knowledge.strict_yaml import DataError, Problem, Source, read, validation_problems

DOCUMENTS = Path(__file__).parent / "documents"

_CLAUSES = TypeAdapter(list[Clause])


@dataclass(frozen=True)
class LoadedDocument:
    """A document with its clause texts, where each value stood, and a digest of both files."""

    document: Document
    clauses: dict[str, Clause]
    source: Source
    clause_source: Source
    digest: str


def document_paths(folder: Path) -> list[Path]:
    """The document files below `folder`, in a fixed order (clause files left out)."""
    return sorted(p for p in folder.rglob("*.yaml") if not p.name.endswith(".clauses.yaml"))


def load_document(path: Path) -> LoadedDocument:
    """Read one document and its clauses. Raises `DataError` with every problem of the two files."""
    clause_path = path.with_name(f"{path.stem}.clauses.yaml")
    if not clause_path.exists():
        problem = Problem(path, 1, f"no clause texts: {clause_path.name} is missing", "add the file")
        raise DataError([problem])
    source, clause_source = read(path), read(clause_path)
    problems: list[Problem] = []
    document: Document | None = None
    clauses: list[Clause] = []
    try:
        document = Document.model_validate(source.data)
    except ValidationError as error:
        problems += validation_problems(source, error)
    try:
        clauses = _CLAUSES.validate_python(clause_source.data)
    except ValidationError as error:
        problems += validation_problems(clause_source, error)
    by_id: dict[str, Clause] = {}
    for index, clause in enumerate(clauses):
        if clause.id in by_id:
            problems.append(
                clause_source.problem((index,), f"duplicate clause {clause.id}", "keep one of them")
            )
        by_id[clause.id] = clause
    if problems or document is None:
        raise DataError(problems)
    digest = hashlib.sha256(path.read_bytes() + b"\0" + clause_path.read_bytes()).hexdigest()
    return LoadedDocument(document, by_id, source, clause_source, digest)


def load_folder(folder: Path = DOCUMENTS) -> tuple[list[LoadedDocument], list[Problem]]:
    """Every document that can be read, and the problems of those that cannot."""
    loaded: list[LoadedDocument] = []
    problems: list[Problem] = []
    for path in document_paths(folder):
        try:
            loaded.append(load_document(path))
        except DataError as error:
            problems += error.problems
    return loaded, problems
