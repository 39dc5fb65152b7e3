"""The library as it is asked, on both databases: what was stored, of one release, read once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, create_engine, event

from knowledge.library import Library
from knowledge.loader import LoadedDocument
from knowledge.releases import build
from knowledge.vocabulary import Vocabulary
from tests.knowledge.made_up import NOW, REGION, copy_of


def test_before_the_first_load_nothing_is_there(engine: Engine) -> None:
    library = Library(engine)
    assert library.release() is None
    assert library.provisions("training_subsidy", [REGION]) == []
    assert library.topic_regions("training_subsidy") == []
    assert library.documents() == []
    assert library.document("good") is None
    assert library.clause("good/1") is None
    assert library.search("培训补贴") == []


def test_provisions_are_those_of_the_documents(
    any_library: Library, documents: Sequence[LoadedDocument], words: Vocabulary
) -> None:
    regions = sorted({loaded.document.region for loaded in documents})
    for topic in words.topics:
        for chosen in (*([region] for region in regions), regions, []):
            wanted = [
                provision.id
                for loaded in sorted(documents, key=lambda loaded: loaded.document.id)
                if loaded.document.region in chosen
                for provision in loaded.document.provisions
                if topic in provision.topics
            ]
            entries = any_library.provisions(topic, chosen)
            assert [entry.provision.id for entry in entries] == wanted
        speaking = {
            loaded.document.region
            for loaded in documents
            if any(topic in provision.topics for provision in loaded.document.provisions)
        }
        assert any_library.topic_regions(topic) == sorted(speaking)


def test_a_document_comes_back_as_it_was_read(
    any_library: Library, documents: Sequence[LoadedDocument]
) -> None:
    for loaded in documents:
        found = any_library.document(loaded.document.id)
        assert found is not None
        document, entries, clauses = found
        assert document == loaded.document.model_copy(update={"provisions": []})
        assert [entry.provision for entry in entries] == loaded.document.provisions
        assert clauses == list(loaded.clauses.values())
        for entry in entries:
            assert entry.document == document
            assert entry.clause == loaded.clauses[entry.provision.clause]
            assert entry.provision.quote in entry.clause.text
        for clause in clauses:
            assert any_library.clause(clause.id) == (clause, document)


def test_documents_of_an_area(any_library: Library) -> None:
    assert [d.id for d in any_library.documents(["140400", "441200"])] == ["changzhi", "zhaoqing"]
    assert any_library.documents([]) == []
    assert len(any_library.documents()) == 15
    assert any_library.document("nothing") is None
    assert any_library.clause("changzhi/九/九") is None
    assert any_library.clause("' OR 1=1 --") is None


def test_one_connection_is_enough_for_a_thread(
    engine: Engine, good: LoadedDocument, words: Vocabulary
) -> None:
    """A reader that needed two at a time would lock up a pool full of readers."""
    build(engine, [good], words, NOW)
    narrow = create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=1)
    library = Library(narrow)
    assert library.provisions("training_subsidy", [REGION])
    assert library.documents()
    assert library.document("good")
    assert library.clause("good/1")
    assert library.search("培训补贴")
    assert library.provisions_near({"培训": 1.0}, [REGION], 20)
    narrow.dispose()


def test_a_pinned_library_stays_with_its_release(
    engine: Engine, good: LoadedDocument, words: Vocabulary
) -> None:
    assert Library(engine).pinned().release() is None
    first = build(engine, [good], words, NOW)
    library = Library(engine)
    pinned = library.pinned()
    assert library.regions() == (REGION,)
    second = build(engine, [good, copy_of(good, "other")], words, NOW)
    assert (pinned.release(), library.release()) == (first, second)
    for one, names in ((pinned, {"good"}), (library, {"good", "other"})):
        assert {document.id for document in one.documents()} == names
        assert {e.document.id for e in one.provisions("training_subsidy", [REGION])} == names
        near = one.provisions_near({"培训": 1.0}, [REGION], 99)
        assert {entry.document.id for entry in near} == names
        assert {hit.document.id for hit in one.search("培训补贴", limit=99)} == names
        assert (one.document("other") is not None) == ("other" in names)
        assert (one.clause("other/1") is not None) == ("other" in names)


def test_a_new_release_is_seen_when_it_is_time_to_look(
    engine: Engine, good: LoadedDocument, words: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = 100.0
    monkeypatch.setattr("knowledge.library.time.monotonic", lambda: clock)
    library = Library(engine, recheck_s=1.0)
    assert library.release() is None
    first = build(engine, [good], words, NOW)
    assert library.release() == first, "nothing there is never taken for settled"
    second = build(engine, [good, copy_of(good, "other")], words, NOW)
    clock += 0.9
    assert library.pinned().release() == library.release() == first
    clock += 0.2
    assert library.release() == second
    assert Library(engine).release() == second


def test_what_is_read_once_is_not_read_again(
    engine: Engine, good: LoadedDocument, words: Vocabulary
) -> None:
    build(engine, [good], words, NOW)
    pinned = Library(engine).pinned()

    def ask() -> None:
        pinned.provisions("training_subsidy", [REGION])
        pinned.topic_regions("training_subsidy")
        pinned.provisions_near({"培训": 1.0}, [REGION], 20)
        pinned.documents()
        pinned.document("good")
        pinned.regions()
        pinned.first_day()
        pinned.clause("good/1")

    ask()
    statements: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    ask()
    assert statements == []
