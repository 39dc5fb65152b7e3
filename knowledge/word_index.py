"""Provisions by the words they are found by: an index of each area, held in memory.

A question asks some thirty words of up to four areas (its district, city, province, the country).
A database reads hundreds of rows for that, which takes longer than all the rest of a turn; an
area's index takes a few hundred kilobytes, is made in milliseconds from words that were cut when
the document was stored, and never changes, since a release never does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from sys import intern

import numpy as np
import numpy.typing as npt

from knowledge.words import search_words

Numbers = npt.NDArray[np.int64]

# What a word is worth is rounded to so many parts of one: sums are then exact in whatever order,
# and equal scores stay equal.
_PARTS = 2.0**30


def found_by(*texts: str) -> str:
    """The words by which something that holds `texts` is found, as `WordIndex.of` takes them."""
    return " ".join(dict.fromkeys(search_words(" ".join(texts))))


@dataclass(frozen=True, eq=False)
class WordIndex:
    """Which rows hold which word."""

    rows: Numbers
    holders: Mapping[str, Numbers]  # the places in `rows` of those that hold a word

    @classmethod
    def of(cls, stored: Iterable[tuple[int, str]]) -> WordIndex:
        """The index of rows, each with its number and its words between spaces."""
        rows: list[int] = []
        places: dict[str, list[int]] = {}
        for place, (row, words) in enumerate(stored):
            rows.append(row)
            for word in words.split():
                places.setdefault(word, []).append(place)
        # A word that many areas hold is kept once.
        holders = {intern(word): np.array(held, np.int64) for word, held in places.items()}
        return cls(np.array(rows, np.int64), holders)


def nearest(indexes: Sequence[WordIndex], words: Mapping[str, float], limit: int) -> list[int]:
    """The rows of `indexes` nearest to weighed `words`, best first.

    A word counts by its rarity among the rows that hold any of the words.
    """
    asked = [
        (index, [(word, index.holders[word]) for word in words if word in index.holders])
        for index in indexes
    ]
    asked = [(index, held) for index, held in asked if held]
    if not asked:
        return []
    count = Counter[str]()
    for _, held in asked:
        count.update({word: len(places) for word, places in held})
    together = [np.concatenate([places for _, places in held]) for _, held in asked]
    total = sum(np.count_nonzero(np.bincount(places)) for places in together)
    worth = {
        word: round(words[word] * math.log(1 + total / number) * _PARTS) / _PARTS
        for word, number in count.items()
    }
    rows, scores = [], []
    for (index, held), places in zip(asked, together, strict=True):
        each = np.repeat([worth[word] for word, _ in held], [len(one) for _, one in held])
        score = np.bincount(places, each)
        (there,) = score.nonzero()
        rows.append(index.rows[there])
        scores.append(score[there])
    found, score = np.concatenate(rows), np.concatenate(scores)
    best: list[int] = found[np.lexsort((found, -score))[:limit]].tolist()
    return best
