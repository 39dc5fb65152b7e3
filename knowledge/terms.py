"""What a provision is found by: the terms of what it says, and of the questions people ask for it.

A term is a word, a pair of characters or a character: people seldom use a document's whole words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.words import search_words

_COINED = re.compile("“([^“”，。；]{2,12})”")


# The parts a provision's terms stand in, besides the questions, which are numbered from ASKED on.
TEXT, ABOVE, ASKED = 0, 1, 2


@dataclass(frozen=True)
class Terms:
    """The terms of one provision.

    `parts`: where each term stands: in its TEXT, else in what is ABOVE it (the headings and the
    title), and in which of the questions. `sizes`: how many terms each part has.
    """

    parts: Mapping[str, tuple[int, ...]]
    sizes: tuple[int, ...]
    coined: tuple[str, ...]  # words the document made up and set in quotation marks (“五规范”)

    @classmethod
    def of(cls, says: str, quote: str, above: str, asked: Sequence[str]) -> Terms:
        coined = tuple(_COINED.findall(quote))
        text = terms_in(says + quote).union(coined)
        each = [text, terms_in(above) - text, *map(terms_in, asked)]
        parts: dict[str, tuple[int, ...]] = {}
        for part, terms in enumerate(each):
            for term in terms:
                parts[term] = (*parts.get(term, ()), part)
        return cls(parts, tuple(map(len, each)), coined)


def terms_in(text: str) -> frozenset[str]:
    """The words, pairs of characters and characters of `text`."""
    return frozenset((*search_words(text), *map("".join, pairwise(text)), *text))
