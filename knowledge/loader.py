"""Reading the document files: each `<name>.yaml` with the clause texts of `<name>.clauses.yaml`.

Reads and validates one file at a time; what needs the vocabulary or several files is checked by
`knowledge/lint.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from knowledge.everyday import EVERYDAY, asked_every_day, unknown_lists
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
    clause_path = _clause_path(path)
    if not clause_path.exists():
        problem = Problem(
            path, 1, f"no clause texts: {clause_path.name} is missing", "add the file"
        )
        raise DataError([problem])
    problems: list[Problem] = []
    sources: list[Source] = []
    for one in (path, clause_path):
        try:
            sources.append(read(one))
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    source, clause_source = sources
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
    if document is not None:
        problems += unknown_lists(document, source)
    if problems or document is None:
        raise DataError(problems)
    return LoadedDocument(
        asked_every_day(document), by_id, source, clause_source, file_digest(path)
    )


def _clause_path(path: Path) -> Path:
    return path.with_name(f"{path.stem}.clauses.yaml")


def file_digest(path: Path) -> str:
    """The digest of a document file with its clause file and the everyday questions."""
    clauses = _clause_path(path)
    text = clauses.read_bytes() if clauses.exists() else b""
    parts = (path.read_bytes(), text, EVERYDAY.read_bytes())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def library_digest(digests: Iterable[str]) -> str:
    """The digest of a whole library from those of its documents."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def folder_digest(folder: Path = DOCUMENTS) -> str:
    """The library digest of the files below `folder`, without parsing them."""
    return library_digest(file_digest(path) for path in document_paths(folder))


def load_folder(folder: Path = DOCUMENTS) -> tuple[list[LoadedDocument], list[Problem]]:
    """Every document that can be read, and the problems of those that cannot.

    A folder without documents, and a file that would be passed over, are problems too: neither an
    empty library nor half of one is ever loaded by mistake.
    """
    loaded: list[LoadedDocument] = []
    paths = document_paths(folder)
    problems = list(_passed_over(folder, paths))
    if not paths:
        problems.append(Problem(folder, 1, "no document here", "name a folder of documents"))
    for path in paths:
        try:
            loaded.append(load_document(path))
        except DataError as error:
            problems += error.problems
    return loaded, problems


def _passed_over(folder: Path, documents: list[Path]) -> Iterator[Problem]:
    with_clauses = {_clause_path(path) for path in documents}
    for path in sorted(folder.rglob("*.clauses.yaml")):
        if path not in with_clauses:
            yield Problem(path, 1, "clause texts without their document", "add the document's file")
    for path in sorted(folder.rglob("*.yml")):
        yield Problem(path, 1, "a document's name ends in .yaml", "rename the file")
