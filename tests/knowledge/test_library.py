"""Releases of the library on both databases: whole or not at all, and found again by digest."""

from __future__ import annotations

import dataclasses
import datetime as dt
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, event, func, select

from bot.database import open_engine
from knowledge import search
from knowledge.library import Library
from knowledge.loader import LoadedDocument, library_digest, load_document
from knowledge.releases import Release, build, serve_known
from knowledge.schema import Clause
from knowledge.strict_yaml import DataError
from knowledge.tables import Base, DocumentRow, ReleaseRow
from knowledge.vocabulary import Vocabulary, vocabulary

NOW = dt.datetime(2026, 11, 21, 8, 0, tzinfo=dt.UTC)
GOOD = Path(__file__).parent / "bad" / "good.yaml"
REGION = "440100"


@pytest.fixture(scope="module")
def good() -> LoadedDocument:
    return load_document(GOOD)


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


# --- loading -----------------------------------------------------------------------------------


def test_before_the_first_load_nothing_is_there(engine: Engine) -> None:
    library = Library(engine)
    assert library.release() is None
    assert library.provisions("training_subsidy", [REGION]) == []
    assert library.topic_regions("training_subsidy") == []
    assert library.documents() == []
    assert library.document("good") is None
    assert library.clause("good/1") is None
    assert library.search("培训补贴") == []


def test_a_release_is_named_by_its_beijing_day_and_digest(
    engine: Engine, good: LoadedDocument, words: Vocabulary
) -> None:
    late = dt.datetime(2026, 11, 21, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    release = build(engine, [good], words, late)
    assert release == Release(f"20261122-{library_digest([good.digest])[:10]}", late)
    assert Library(engine).release() == release
    assert release.loaded_at.tzinfo is not None


def test_loading_again_writes_nothing(
    engine: Engine, good: LoadedDocument, words: Vocabulary
) -> None:
    documents = [good, copy_of(good, "other")]
    first = build(engine, documents, words, NOW)
    before = counts(engine)
    again = build(engine, list(reversed(documents)), words, NOW + dt.timedelta(days=1))
    assert again == first
    assert counts(engine) == before


def test_a_changed_document_makes_a_release_and_keeps_the_others_rows(
    engine: Engine, good: LoadedDocument, words: Vocabulary
) -> None:
    same, old, new = good, copy_of(good, "other", version=1), copy_of(good, "other", version=2)
    first = build(engine, [same, old], words, NOW)
    before = counts(engine)
    second = build(engine, [same, new], words, NOW)
    assert second.id != first.id
    after = counts(engine)
    assert after["document"] == before["document"] + 1
    assert after["clause"] == before["clause"] + len(new.clauses)
    assert after["provision"] == before["provision"] + len(new.document.provisions)
    assert after["release_document"] == before["release_document"] + 2
    assert titles(engine) == [same.document.title, "第2版"]
    assert current_releases(engine) == [second.id]

    # And back: the first release again, without a row written.
    assert build(engine, [same, old], words, NOW + dt.timedelta(days=9)) == first
    assert counts(engine) == after
    assert titles(engine) == [same.document.title, "第1版"]
    assert current_releases(engine) == [first.id]


def test_a_document_that_is_left_out_is_served_no_more(
    engine: Engine, good: LoadedDocument, words: Vocabulary
) -> None:
    build(engine, [good, copy_of(good, "other")], words, NOW)
    build(engine, [good], words, NOW)
    library = Library(engine)
    assert library.document("other") is None
    assert library.clause("other/1") is None
    assert {e.document.id for e in library.provisions("training_subsidy", [REGION])} == {"good"}
    assert {hit.document.id for hit in library.search("培训补贴", limit=99)} == {"good"}


def test_the_order_of_answers_does_not_hang_on_the_order_of_loading(
    engine: Engine, good: LoadedDocument, words: Vocabulary
) -> None:
    a, b, c = (copy_of(good, name) for name in "abc")
    build(engine, [c], words, NOW)
    build(engine, [c, b], words, NOW)
    build(engine, [b, c, a], words, NOW)
    library = Library(engine)
    entries = library.provisions("training_subsidy", [REGION])
    assert [entry.document.id for entry in entries] == ["a", "b", "c"]
    assert [document.id for document in library.documents()] == ["a", "b", "c"]


def test_a_known_release_is_served_without_its_documents(
    engine: Engine, good: LoadedDocument, words: Vocabulary
) -> None:
    first = build(engine, [good], words, NOW)
    build(engine, [good, copy_of(good, "other")], words, NOW)
    assert serve_known(engine, "unheard of") is None
    assert len(titles(engine)) == 2
    assert serve_known(engine, library_digest([good.digest])) == first
    assert titles(engine) == [good.document.title]
    assert current_releases(engine) == [first.id]


# --- what goes wrong ---------------------------------------------------------------------------


class PowerCut(Exception):
    pass


def test_a_load_that_breaks_off_leaves_the_old_release(
    engine: Engine, good: LoadedDocument, words: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(engine, [good], words, NOW)
    before, seen = counts(engine), []

    def index_clauses(
        connection: Connection, region: str, clauses: Sequence[tuple[int, str]]
    ) -> None:
        seen.append(clauses)
        if len(seen) == 2:
            raise PowerCut

    monkeypatch.setattr(search, "index_clauses", index_clauses)
    with pytest.raises(PowerCut):
        build(engine, [copy_of(good, name) for name in "abc"], words, NOW)
    monkeypatch.undo()
    assert Library(engine).release() == first
    assert counts(engine) == before
    assert titles(engine) == [good.document.title]
    # What was lost is loaded when it is tried again.
    build(engine, [copy_of(good, name) for name in "abc"], words, NOW)
    assert [d.id for d in Library(engine).documents()] == ["a", "b", "c"]
    assert len(Library(engine).search("住宿补贴", limit=99)) >= 3


def test_a_bad_document_leaves_the_old_release(
    engine: Engine, good: LoadedDocument, words: Vocabulary
) -> None:
    first = build(engine, [good], words, NOW)
    before = counts(engine)
    bad = dataclasses.replace(
        copy_of(good, "bad"),
        document=copy_of(good, "bad").document.model_copy(update={"region": "999999"}),
    )
    with pytest.raises(DataError, match="unknown region 999999"):
        build(engine, [good, bad], words, NOW)
    assert Library(engine).release() == first
    assert counts(engine) == before


def test_readers_see_the_old_release_until_the_new_one_is_whole(
    engine: Engine, good: LoadedDocument, words: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = build(engine, [good], words, NOW)
    library = Library(engine)
    seen: list[tuple[Release | None, int]] = []
    index_clauses = search.index_clauses

    def look(connection: Connection, region: str, clauses: Sequence[tuple[int, str]]) -> None:
        seen.append((library.release(), len(library.provisions("training_subsidy", [REGION]))))
        index_clauses(connection, region, clauses)

    monkeypatch.setattr(search, "index_clauses", look)
    second = build(engine, [good, copy_of(good, "other")], words, NOW)
    assert len(seen) == 1
    assert set(seen) == {(first, 1)}
    assert library.release() == second
    assert len(library.provisions("training_subsidy", [REGION])) == 2


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


def load_in_a_process(
    url: str, rounds: int, start: Any, finished: Any
) -> None:  # pragma: no cover (runs in another process)
    engine = open_engine(url)
    good = load_document(GOOD)
    for number in range(rounds):
        start.wait(60)
        release = build(engine, [copy_of(good, "x", version=number)], vocabulary(), NOW)
        finished.put((number, release.id))
    engine.dispose()


def test_two_processes_that_load_at_once_agree(engine: Engine) -> None:
    rounds = 8
    context = multiprocessing.get_context("spawn")
    start, finished = context.Barrier(2), context.Queue()
    url = engine.url.render_as_string(hide_password=False)
    processes = [
        context.Process(target=load_in_a_process, args=(url, rounds, start, finished))
        for _ in range(2)
    ]
    for process in processes:
        process.start()
    releases = [finished.get(timeout=90) for _ in range(2 * rounds)]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
        process.close()
    finished.close()
    finished.join_thread()
    assert len(set(releases)) == rounds
    assert len(current_releases(engine)) == 1
    assert counts(engine)["release"] == counts(engine)["document"] == rounds
    assert titles(engine) == [f"第{rounds - 1}版"]


# --- asking ------------------------------------------------------------------------------------


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


# --- size --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(
    tmp_path_factory: pytest.TempPathFactory, good: LoadedDocument, words: Vocabulary
) -> Iterator[Engine]:
    """Three documents for each of the vocabulary's areas: 100 times the real library's count."""
    from tests.databases import migrated_sqlite

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
