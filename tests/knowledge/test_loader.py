from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from knowledge.loader import (
    DOCUMENTS,
    LoadedDocument,
    document_paths,
    file_digest,
    folder_digest,
    library_digest,
    load_document,
    load_folder,
)
from knowledge.strict_yaml import DataError

GOOD = Path(__file__).parent / "bad" / "good.yaml"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    for name in ("good.yaml", "good.clauses.yaml"):
        shutil.copy(GOOD.with_name(name), tmp_path)
    return tmp_path / "good.yaml"


def test_a_document_comes_with_its_clauses_in_order(good: Path) -> None:
    loaded = load_document(good)
    assert loaded.document.id == "good"
    assert list(loaded.clauses) == ["good/1", "good/2", "good/3", "good/4"]
    assert loaded.source.line(("provisions", 1)) == 40
    assert loaded.clause_source.path.name == "good.clauses.yaml"


def test_the_problems_of_both_files_are_told_at_once(good: Path) -> None:
    clauses = good.with_name("good.clauses.yaml")
    good.write_text(good.read_text(encoding="utf-8") + "colour: red\n", encoding="utf-8")
    clauses.write_text("- id: good/1\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_document(good)
    assert {problem.path.name for problem in caught.value.problems} == {good.name, clauses.name}

    good.write_text("a: 1\na: 2\n", encoding="utf-8")
    clauses.write_text("- [", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_document(good)
    assert {problem.path.name for problem in caught.value.problems} == {good.name, clauses.name}


@pytest.mark.parametrize("content", ["", "[]", "id: x\n", "just words"])
def test_a_file_that_is_no_document_is_refused(content: str, good: Path) -> None:
    good.write_text(content, encoding="utf-8")
    with pytest.raises(DataError):
        load_document(good)


def test_one_bad_document_does_not_hide_the_others(good: Path) -> None:
    (good.parent / "other.yaml").write_text("id: other\n", encoding="utf-8")
    loaded, problems = load_folder(good.parent)
    assert [one.document.id for one in loaded] == ["good"]
    assert {problem.path.name for problem in problems} == {"other.yaml"}


def test_the_digest_covers_both_files(good: Path) -> None:
    before = file_digest(good)
    assert load_document(good).digest == before
    for path in (good, good.with_name("good.clauses.yaml")):
        text = path.read_text(encoding="utf-8")
        path.write_text(text + "# a remark\n", encoding="utf-8")
        assert file_digest(good) != before
        path.write_text(text, encoding="utf-8")
    assert file_digest(good) == before


def test_a_library_s_digest_does_not_hang_on_the_order() -> None:
    assert library_digest(["a", "b"]) == library_digest(["b", "a"]) != library_digest(["ab"])


def test_the_folder_s_digest_is_that_of_the_documents_loaded(
    documents: Sequence[LoadedDocument],
) -> None:
    assert folder_digest() == library_digest(loaded.digest for loaded in documents)


def test_the_library_holds_the_five_documents_and_ten_plans(
    documents: Sequence[LoadedDocument],
) -> None:
    ids = {loaded.document.id for loaded in documents}
    plans = {f"guangzhou/{number}" for number in range(11)}
    assert ids == {"changzhi", "kundulun", "liaoning", "zhaoqing"} | plans
    assert len(document_paths(DOCUMENTS)) == len(documents)


def test_what_moves_from_one_file_to_the_other_changes_the_digest(good: Path) -> None:
    clauses = good.with_name("good.clauses.yaml")
    first, second = good.read_text(encoding="utf-8"), clauses.read_text(encoding="utf-8")
    good.write_text(first + "# a remark\n", encoding="utf-8")
    before = file_digest(good)
    good.write_text(first, encoding="utf-8")
    clauses.write_text("# a remark\n" + second, encoding="utf-8")
    assert file_digest(good) != before


def test_the_lists_of_everyday_questions_are_written_out(good: Path) -> None:
    text = good.read_text(encoding="utf-8")
    start = text.index("\nprovisions:")
    end = text.index("\n  quote:", start)
    good.write_text(text[:end] + "\n  everyday: [course_fee]" + text[end:], encoding="utf-8")
    asked = load_document(good).document.provisions[0].asked
    assert "学费多少" in asked
    assert len(asked) == len(set(asked))


def test_a_list_that_there_is_none_of_is_refused(good: Path) -> None:
    text = good.read_text(encoding="utf-8")
    end = text.index("\n  quote:", text.index("\nprovisions:"))
    good.write_text(text[:end] + "\n  everyday: [weather]" + text[end:], encoding="utf-8")
    with pytest.raises(DataError, match="unknown list of questions 'weather'"):
        load_document(good)
