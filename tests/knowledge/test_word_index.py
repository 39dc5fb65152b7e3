"""Provisions found by words in memory, as a slow and plain reckoning finds them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.library import Library
from knowledge.loader import LoadedDocument
from knowledge.word_index import WordIndex, found_by, nearest
from knowledge.words import question_words, search_words
from tests.knowledge.test_search import QUESTIONS

_ROWS = st.lists(st.frozensets(st.sampled_from("abcdef"), max_size=4), max_size=12)
_WORDS = st.dictionaries(st.sampled_from("abcdefg"), st.sampled_from((0.5, 0.8, 1.0)), max_size=6)


def reckoned(held: Mapping[int, frozenset[str]], words: Mapping[str, float]) -> list[int]:
    """The rows that hold any of the words, best first, worked out the plain way.

    A word's worth is a whole number of parts, so that no sum hangs on its order.
    """
    any_of_them = [row for row, found in held.items() if found & words.keys()]
    count = {word: sum(word in held[row] for row in any_of_them) for word in words}
    worth = {
        word: round(words[word] * math.log(1 + len(any_of_them) / number) * 2**30)
        for word, number in count.items()
        if number
    }
    score = {row: sum(worth[word] for word in held[row] & words.keys()) for row in any_of_them}
    return sorted(score, key=lambda row: (-score[row], row))


@given(_ROWS, _ROWS, _WORDS, st.integers(0, 20))
def test_the_nearest_are_those_reckoned(
    here: list[frozenset[str]],
    there: list[frozenset[str]],
    words: dict[str, float],
    limit: int,
) -> None:
    areas = [dict(enumerate(here, 1)), dict(enumerate(there, 100))]
    indexes = [WordIndex.of((row, " ".join(held)) for row, held in area.items()) for area in areas]
    found = nearest(indexes, words, limit)
    assert found == reckoned({**areas[0], **areas[1]}, words)[:limit]


def test_words_that_count_alike_leave_the_order_of_rows() -> None:
    """Sums of the same parts in another order must not differ in their last digit."""
    words = dict.fromkeys("abcdefghij", 0.1)
    turned = ["a b c d e f g", "g f e d c b a", "c a b g e f d", "h i j"]
    index = WordIndex.of(enumerate(turned))
    assert nearest([index], words, 3) == [0, 1, 2]


def test_an_area_without_provisions_and_words_that_nobody_holds() -> None:
    empty = WordIndex.of([])
    assert nearest([empty], {"培训": 1.0}, 5) == []
    assert nearest([], {"培训": 1.0}, 5) == []
    assert nearest([WordIndex.of([(7, "培训")])], {"补贴": 1.0}, 5) == []
    assert nearest([empty, WordIndex.of([(7, "培训")])], {"培训": 1.0}, 5) == [7]


@pytest.mark.parametrize("region", ["140400", "440100", "210000"])
def test_the_library_finds_what_is_reckoned_from_its_documents(
    region: str, any_library: Library, documents: Sequence[LoadedDocument]
) -> None:
    held = {
        provision.id: frozenset(
            search_words(
                " ".join(
                    (
                        provision.says,
                        provision.quote,
                        loaded.clauses[provision.clause].heading,
                        *provision.asked,
                    )
                )
            )
        )
        for loaded in documents
        if loaded.document.region == region
        for provision in loaded.document.provisions
    }
    order = list(held)
    rows = {place: held[name] for place, name in enumerate(order)}
    for question, _, _ in QUESTIONS:
        words = question_words(question)
        # Twice the same area is that area.
        found = any_library.provisions_near(words, [region, region, "999999"], 20)
        assert [entry.provision.id for entry in found] == [
            order[row] for row in reckoned(rows, words)[:20]
        ]


def test_what_a_text_is_found_by_stands_once() -> None:
    words = found_by("家政培训补贴", "培训补贴", "怎么领培训补贴").split()
    assert len(words) == len(set(words))
    assert {"培训", "补贴"} <= set(words)
