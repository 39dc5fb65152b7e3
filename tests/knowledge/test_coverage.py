from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import pytest

from knowledge.coverage import Row, coverage, coverage_text, rows_text
from knowledge.loader import LoadedDocument, load_document
from knowledge.schema import Clause
from knowledge.strict_yaml import DataError

GOOD = Path(__file__).parent / "bad" / "good.yaml"


def test_every_clause_of_the_library_is_accounted_for(
    documents: Sequence[LoadedDocument],
) -> None:
    rows = coverage(documents)
    assert [row.clause for row in rows] == [c for loaded in documents for c in loaded.clauses]
    assert [row.clause for row in rows if row.state == "unaccounted"] == []
    # Every provision is counted once, and no clause is both.
    assert sum(len(row.provisions) for row in rows) == sum(
        len(loaded.document.provisions) for loaded in documents
    )
    assert [row.clause for row in rows if row.provisions and row.reason] == []


def test_prose_is_the_exception_and_says_why(documents: Sequence[LoadedDocument]) -> None:
    rows = coverage(documents)
    prose = [row for row in rows if row.state == "prose"]
    assert len(prose) < len(rows) / 4
    assert all(row.reason and len(row.reason) >= 10 for row in prose)


def test_a_clause_is_structured_prose_or_unaccounted() -> None:
    good = load_document(GOOD)
    extra = Clause(id="good/5", heading="", text="各街道：")
    rows = coverage([dataclasses.replace(good, clauses={**good.clauses, extra.id: extra})])
    assert rows == [
        Row("good", "good/1", ("good/1#subsidy", "good/1#lodging"), None),
        Row("good", "good/2", ("good/2#who",), None),
        Row("good", "good/3", ("good/3#repeal",), None),
        Row("good", "good/4", (), "The addressees only."),
        Row("good", "good/5", (), None),
    ]
    assert [row.state for row in rows] == ["structured"] * 3 + ["prose", "unaccounted"]
    assert rows_text(rows).splitlines() == [
        "structured  good/1  #subsidy, #lodging",
        "structured  good/2  #who",
        "structured  good/3  #repeal",
        "prose       good/4  The addressees only.",
        "unaccounted good/5  no provision, and no reason under prose",
        "5 clauses: 3 structured (4 provisions), 1 prose, 1 unaccounted",
    ]


def test_nothing_is_nothing() -> None:
    assert coverage([]) == []
    assert rows_text([]) == "0 clauses: 0 structured (0 provisions), 0 prose, 0 unaccounted"


def test_a_folder_is_told_clause_by_clause(tmp_path: Path) -> None:
    lines = coverage_text().splitlines()
    assert len(lines) == 218
    assert lines[-1].startswith("217 clauses: ")
    assert lines[-1].endswith(" 0 unaccounted")
    with pytest.raises(DataError, match="no document here"):
        coverage_text(tmp_path)
