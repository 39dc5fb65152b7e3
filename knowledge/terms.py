"""What a provision is found by: the terms of what it says, and of the questions people ask for it.

A term is a word, a pair of characters or a character: people seldom use a document's whole words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.words import search_words

_COINED = re.compile("“([^“”，。；]{2,12})”")


@dataclass(frozen=True)
class Terms:
    """The terms of one provision. `asked` holds those of each question by itself."""

    text: frozenset[str]
    above: frozenset[str]  # of the headings and the title it stands under
    asked: tuple[frozenset[str], ...]
    coined: tuple[str, ...]  # words the document made up and set in quotation marks (“五规范”)

    @classmethod
    def of(cls, says: str, quote: str, above: str, asked: Sequence[str]) -> Terms:
        coined = tuple(_COINED.findall(quote))
        return cls(
            text=terms_in(says + quote).union(coined),
            above=terms_in(above),
            asked=tuple(map(terms_in, asked)),
            coined=coined,
        )


def terms_in(text: str) -> frozenset[str]:
    """The words, pairs of characters and characters of `text`."""
    return frozenset((*search_words(text), *map("".join, pairwise(text)), *text))
