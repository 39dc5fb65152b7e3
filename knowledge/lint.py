"""Everything about the library's documents that one field alone cannot tell.

`lint_documents` is what loading runs; nothing with a problem is ever served. What concerns one
document is in `knowledge/lint_document.py`; here is what concerns several.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from knowledge.lint_document import DocumentLint
from knowledge.loader import DOCUMENTS, LoadedDocument, load_folder
from knowledge.strict_yaml import Problem
from knowledge.vocabulary import Vocabulary, vocabulary


def lint_documents(documents: Sequence[LoadedDocument], words: Vocabulary) -> list[Problem]:
    """All problems of `documents`, each alone and all together."""
    problems = [problem for doc in documents for problem in DocumentLint(doc, words).run()]
    problems += _unique(documents)
    problems += _parents(documents)
    problems += _overrides(documents, words)
    return sorted(problems)


def lint_folder(folder: Path = DOCUMENTS) -> list[Problem]:
    """Read and check every document below `folder`."""
    documents, problems = load_folder(folder)
    return sorted([*problems, *lint_documents(documents, vocabulary())])


def _unique(documents: Sequence[LoadedDocument]) -> Iterator[Problem]:
    mend = "give it an id of its own"
    seen: set[str] = set()
    clauses: set[str] = set()
    provisions: set[str] = set()
    for doc in documents:
        if doc.document.id in seen:
            yield doc.source.problem(("id",), f"duplicate document {doc.document.id}", mend)
        seen.add(doc.document.id)
        for i, clause_id in enumerate(doc.clauses):
            if clause_id in clauses:
                yield doc.clause_source.problem(
                    (i,), f"clause {clause_id} stands in two documents", "keep it in one"
                )
            clauses.add(clause_id)
        for i, provision in enumerate(doc.document.provisions):
            if provision.id in provisions:
                yield doc.source.problem(
                    ("provisions", i), f"duplicate provision {provision.id}", mend
                )
            provisions.add(provision.id)


def _parents(documents: Sequence[LoadedDocument]) -> Iterator[Problem]:
    """A plan's collection exists, and years taken from its notice stand there verbatim."""
    by_id = {doc.document.id: doc for doc in documents}
    for doc in documents:
        part_of, period = doc.document.part_of, doc.document.plan_period
        if part_of is None:
            continue
        parent = by_id.get(part_of)
        if parent is None:
            yield doc.source.problem(
                ("part_of",), f"unknown document {part_of}", "name a document of the library"
            )
        elif period is not None and period.clause not in doc.clauses:
            yield from _quoted_from(parent, doc, period.clause, period.quote)


def _quoted_from(
    parent: LoadedDocument, doc: LoadedDocument, clause_id: str, quote: str
) -> Iterator[Problem]:
    clause = parent.clauses.get(clause_id)
    if clause is None:
        yield doc.source.problem(
            ("plan_period", "clause"),
            f"unknown clause {clause_id}",
            f"name a clause of this document or of {parent.document.id}",
        )
    elif quote not in clause.text:
        yield doc.source.problem(
            ("plan_period", "quote"),
            f"quote is not verbatim in {clause_id}: {quote}",
            "copy it from the clause, character by character",
        )


def _overrides(documents: Iterable[LoadedDocument], words: Vocabulary) -> Iterator[Problem]:
    """Only a rule of an area above may be replaced: a city's rule its province's."""
    region_of = {
        provision.id: doc.document.region
        for doc in documents
        for provision in doc.document.provisions
    }
    for doc in documents:
        above = words.ancestors(doc.document.region)[1:]
        for i, provision in enumerate(doc.document.provisions):
            for j, other in enumerate(provision.overrides):
                at = ("provisions", i, "overrides", j)
                if other not in region_of:
                    yield doc.source.problem(
                        at, f"unknown provision {other}", "name a provision of the library"
                    )
                elif region_of[other] not in above:
                    yield doc.source.problem(
                        at,
                        f"{other} is not a rule of an area above {doc.document.region}",
                        "override only a rule of the province or country this area is in",
                    )


def main() -> int:
    """`python -m knowledge.lint [folder]`: print the problems; exit 1 where there are any."""
    parser = argparse.ArgumentParser(description="check the policy library")
    parser.add_argument("folder", nargs="?", type=Path, default=DOCUMENTS)
    problems = lint_folder(parser.parse_args().folder)
    for problem in problems:
        print(problem)  # noqa: T201
    print(f"{len(problems)} problems" if problems else "no problems")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
