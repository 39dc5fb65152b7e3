"""Releases of the library on both databases: whole or not at all, and found again by digest."""

from __future__ import annotations

import dataclasses
import datetime as dt
import multiprocessing
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from bot.database import open_engine
from knowledge import search
from knowledge.library import Library
from knowledge.loader import LoadedDocument, library_digest, load_document
from knowledge.releases import Release, build, serve_known
from knowledge.strict_yaml import DataError
from knowledge.vocabulary import Vocabulary, vocabulary
from tests.knowledge.made_up import GOOD, NOW, REGION, copy_of, counts, current_releases, titles


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
