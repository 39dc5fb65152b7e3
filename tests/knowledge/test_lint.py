"""The real library is true to its clauses, and stops being so when one character changes.

The single errors are in `bad/` (test_bad.py).
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.lint import lint_documents, lint_folder, main
from knowledge.loader import LoadedDocument, load_folder
from knowledge.schema import Condition, Document, Provision
from knowledge.vocabulary import Vocabulary, vocabulary

DIGESTS = Path(__file__).parent / "clause_digests.txt"


def test_the_library_has_no_fault() -> None:
    assert [str(problem) for problem in lint_folder()] == []


def test_the_command_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["lint"])
        assert main() == 0
        assert capsys.readouterr().out == "no problems\n"
        patch.setattr("sys.argv", ["lint", str(tmp_path)])
        assert main() == 1
        assert capsys.readouterr().out.endswith("1 problems\n")


def test_clause_ids_and_texts_are_those_of_the_sources(
    documents: Sequence[LoadedDocument],
) -> None:
    """Clause ids are permanent addresses, and a clause's text is never touched."""
    lines = DIGESTS.read_text(encoding="utf-8").splitlines()
    wanted = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    found = {
        clause.id: hashlib.sha256(clause.text.encode()).hexdigest()[:12]
        for loaded in documents
        for clause in loaded.clauses.values()
    }
    assert found == wanted
    assert len(wanted) == 217


# --- one character of one quote ----------------------------------------------------------------

LIBRARY = load_folder()[0]
WORDS = vocabulary()


def conditions(node: Condition | None, at: tuple[int, ...] = ()) -> Iterator[Condition]:
    if node is None:
        return
    yield node
    for child in (*(node.all_ or ()), *(node.any_ or ()), *([node.not_] if node.not_ else ())):
        yield from conditions(child)


def with_condition(node: Condition, old: Condition, new: Condition) -> Condition:
    """The tree with the node `old` replaced."""
    if node is old:
        return new
    return node.model_copy(
        update={
            "all_": node.all_ and [with_condition(child, old, new) for child in node.all_],
            "any_": node.any_ and [with_condition(child, old, new) for child in node.any_],
            "not_": node.not_ and with_condition(node.not_, old, new),
        }
    )


Quote = tuple[int, int, int | None]  # document, provision, condition (None: the provision's own)
QUOTES: list[Quote] = [
    (d, p, c)
    for d, loaded in enumerate(LIBRARY)
    for p, provision in enumerate(loaded.document.provisions)
    for c in (
        None,
        *(i for i, node in enumerate(conditions(provision.when)) if node.quote is not None),
    )
]


def altered(text: str, place: int, character: str) -> str:
    at = place % len(text)
    return text[:at] + character + text[at + 1 :]


def with_provision(document: Document, index: int, provision: Provision) -> Document:
    provisions = [*document.provisions]
    provisions[index] = provision
    return document.model_copy(update={"provisions": provisions})


@settings(max_examples=150)
@given(st.sampled_from(QUOTES), st.integers(0, 400), st.sampled_from("啊零9，、“。 x"))
def test_a_quote_altered_by_one_character_fails(quote: Quote, place: int, character: str) -> None:
    d, p, c = quote
    provision = LIBRARY[d].document.provisions[p]
    if c is None:
        text = altered(provision.quote, place, character)
        changed = provision.model_copy(update={"quote": text})
        same = text == provision.quote
    else:
        assert provision.when is not None
        node = list(conditions(provision.when))[c]
        assert node.quote is not None
        text = altered(node.quote, place, character)
        same = text == node.quote
        when = with_condition(provision.when, node, node.model_copy(update={"quote": text}))
        changed = provision.model_copy(update={"when": when})
    loaded = dataclasses.replace(
        LIBRARY[d], document=with_provision(LIBRARY[d].document, p, changed)
    )
    messages = [problem.message for problem in lint_documents([loaded], WORDS)]
    found = any("quote is not verbatim" in message and text in message for message in messages)
    assert found != same


@settings(max_examples=60)
@given(st.sampled_from(QUOTES), st.integers(0, 400))
def test_a_quote_that_loses_a_character_inside_fails(quote: Quote, place: int) -> None:
    d, p, _ = quote
    provision = LIBRARY[d].document.provisions[p]
    at = 1 + place % max(1, len(provision.quote) - 2)
    text = provision.quote[:at] + provision.quote[at + 1 :]
    if text in LIBRARY[d].clauses[provision.clause].text:
        return  # one of two equal characters, or the quote is too short to lose one inside
    changed = provision.model_copy(update={"quote": text})
    loaded = dataclasses.replace(
        LIBRARY[d], document=with_provision(LIBRARY[d].document, p, changed)
    )
    assert any("not verbatim" in problem.message for problem in lint_documents([loaded], WORDS))


def test_problems_come_in_the_order_of_the_files(words: Vocabulary) -> None:
    broken = [
        dataclasses.replace(
            loaded, document=loaded.document.model_copy(update={"region": "999999"})
        )
        for loaded in reversed(LIBRARY)
    ]
    found = lint_documents(broken, words)
    assert len(found) >= len(LIBRARY)
    assert found == sorted(found)
