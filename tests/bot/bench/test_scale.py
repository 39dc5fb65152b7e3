"""The measurement of scale: its copies are libraries of their own, and its table says what grew."""

from __future__ import annotations

from sqlalchemy import Engine

from bot.app import utc_now
from bot.bench.scale import Asked, Stored, copies_of, table
from knowledge.library import Library
from knowledge.loader import DOCUMENTS, load_document
from knowledge.releases import store


def test_a_copy_is_a_document_of_its_own_in_an_area_of_its_own(engine: Engine) -> None:
    original = load_document(DOCUMENTS / "zhaoqing" / "zhaoqing.yaml")
    store(engine, copies_of([original], 3), "three", utc_now())
    library = Library(engine)
    documents = library.documents()
    assert [one.id for one in documents] == ["zhaoqing", "1~zhaoqing", "2~zhaoqing"]
    assert len(library.regions()) == 3
    found = library.document("2~zhaoqing")
    assert found is not None
    assert len(found[1]) == len(original.document.provisions)
    assert all(entry.clause.id.startswith("2~zhaoqing/") for entry in found[1])
    assert {hit.document.id for hit in library.search("肇庆家嫂", limit=9)} == {
        one.id for one in documents
    }


def test_the_table_compares_each_size_with_the_first() -> None:
    one = Asked([4.0, 6.0], [8.0, 8.0], 9.0, ["a", "b"], 100.0)
    ten = Asked([6.0, 9.0], [4.0, 4.0], 9.0, ["a", "c"], 110.0)
    lines = table([(1, Stored(15, 700, 2.0, 1.0), one), (10, Stored(150, 7000, 9.0, 8.0), ten)])
    row = lines.splitlines()[3].split(" | ")
    assert row[3:10] == ["9.0", "9.0", "1.50", "4.0", "4.0", "0.50", "50.0%"]
