"""A library of 1,500 documents: asked by its indexes, answered with the right few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

from knowledge.library import Library
from knowledge.loader import LoadedDocument
from knowledge.releases import build
from knowledge.tables import DocumentRow
from knowledge.vocabulary import Vocabulary
from tests.databases import migrated_sqlite
from tests.knowledge.made_up import NOW, copy_of


@pytest.fixture(scope="module")
def large(
    tmp_path_factory: pytest.TempPathFactory, good: LoadedDocument, words: Vocabulary
) -> Iterator[Engine]:
    """Three documents for each of the vocabulary's areas: 100 times the real library's count."""
    regions = list(words.regions)
    documents = [
        copy_of(good, f"d{number}", region=regions[number % len(regions)]) for number in range(1500)
    ]
    with migrated_sqlite(tmp_path_factory.mktemp("large")) as engine:
        build(engine, documents, words, NOW)
        yield engine


def plan(engine: Engine, ask: Callable[[], object]) -> list[str]:
    """The query plans of the statements that `ask` runs."""
    statements: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    ask()
    event.remove(engine, "before_cursor_execute", note)
    lines = []
    with engine.connect() as connection:
        for statement, parameters in statements:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            lines += [row.detail for row in rows]
    return lines


def test_a_large_library_is_asked_by_its_indexes(large: Engine, words: Vocabulary) -> None:
    library = Library(large)
    region = list(words.regions)[7]
    chain = words.ancestors(region)
    asked: list[Callable[[], object]] = [
        lambda: library.provisions("training_subsidy", chain),
        lambda: library.document("d7"),
        lambda: library.clause("d7/1"),
        lambda: library.documents(chain),
        lambda: library.provisions_near({"培训": 1.0}, chain, 20),
        library.release,
    ]
    for ask in asked:
        lines = plan(large, ask)
        assert lines
        assert not [line for line in lines if line.startswith("SCAN")], lines
    # What was read is kept, so the plan is that of a library which has read nothing.
    lines = plan(large, lambda: Library(large).provisions("training_subsidy", chain))
    # By topic and area first, and only what is found there is looked up in the release.
    assert "ix_provision_topic_topic_region (topic=? AND region=?)" in "\n".join(lines)
    order = [line.split()[1] for line in lines if line.startswith("SEARCH")]
    assert order.index("provision_topic") < order.index("release_document")


def test_a_large_library_gives_the_right_few(large: Engine, words: Vocabulary) -> None:
    library = Library(large)
    region = list(words.regions)[7]
    entries = library.provisions("training_subsidy", [region])
    assert 3 <= len(entries) <= 6
    assert {entry.document.region for entry in entries} == {region}
    hits = library.search("住宿补贴", regions=[region], limit=99)
    assert {hit.document.region for hit in hits} == {region}
    with large.connect() as connection:
        assert connection.execute(select(func.count(DocumentRow.pk))).scalar() == 1500
