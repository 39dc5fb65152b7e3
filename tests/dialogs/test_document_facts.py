"""What is told of a document's head: true to the document, resting on the clause that bears it."""

from __future__ import annotations

import datetime as dt

import pytest

from dialogs.composer import Composer
from dialogs.document_facts import Facts
from knowledge.library import Library
from knowledge.schema import Document
from knowledge.vocabulary import Vocabulary

TODAY = dt.date(2026, 11, 21)
KINDS = (
    "basis",
    "number",
    "issuer",
    "date",
    "start",
    "name",
    "kind",
    "repeal",
    "expiry",
    "validity",
)


def _facts(
    library: Library, words: Vocabulary, document_id: str, **changed: object
) -> tuple[Facts, Document]:
    found = library.document(document_id)
    assert found is not None
    document = found[0].model_copy(update=changed)
    return Facts(Composer(words, library, TODAY, TODAY), document), document


def _told(facts: Facts, kind: str) -> str:
    return "".join(statement.text for statement in facts.of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_each_fact_of_each_document_rests_on_a_clause(
    library: Library, words: Vocabulary, kind: str
) -> None:
    for document in library.documents():
        facts, _ = _facts(library, words, document.id)
        statements = facts.of(kind)
        assert statements
        assert all(statement.clauses for statement in statements)
        for citation in facts.composer.citations.values():
            clause = library.clause(citation.clause)
            assert clause is not None
            assert citation.quote in clause[0].text
            assert clause[1].id in (document.id, document.part_of)


def test_no_number_of_another_document_is_told_as_its_own(
    library: Library, words: Vocabulary
) -> None:
    for document in library.documents():
        facts, _ = _facts(library, words, document.id)
        told = _told(facts, "number")
        assert ("号" in told.replace("文号", "")) == (document.doc_no is not None)
        if document.doc_no is not None:
            assert document.doc_no in told


def test_issuers_are_quoted_from_first_to_last(library: Library, words: Vocabulary) -> None:
    facts, document = _facts(library, words, "liaoning")
    (statement,) = facts.of("issuer")
    assert statement.clauses == ("liaoning/落款",)
    (citation,) = facts.composer.citations.values()
    assert citation.quote.startswith(document.issuers[0])
    assert citation.quote.endswith(document.issuers[-1])


def test_dates_of_its_own_are_told(library: Library, words: Vocabulary) -> None:
    facts, _ = _facts(library, words, "changzhi", effective_on=dt.date(2021, 11, 1))
    assert _told(facts, "start") == "从2021年11月1日起施行。"
    facts, _ = _facts(library, words, "changzhi", expires_on=dt.date(2028, 1, 1), plan_period=None)
    assert _told(facts, "expiry") == "到2028年1月1日。"
    facts, _ = _facts(library, words, "changzhi", issued_on=None)
    assert _told(facts, "date") == "没写印发日期。"


def test_basis_that_is_not_given_is_said_so(library: Library, words: Vocabulary) -> None:
    facts, _ = _facts(library, words, "changzhi", basis=[])
    assert _told(facts, "basis") == "没写根据哪份文件。"
