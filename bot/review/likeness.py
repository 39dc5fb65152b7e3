"""Messages that ask the same in nearly the same words, put together."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

from nlu.normalise import normalise
from nlu.similarity import skeleton

_KIND = re.compile("<[a-z]+>")
_GRAM = 2  # most of these messages are short
_LEAST = 0.45  # of the pairs of characters that two messages have between them, so many are shared


def key_of(text: str) -> str:
    """What a message is told by: two that differ in marks and spacing only have the same."""
    return hashlib.sha256(plain(text).encode()).hexdigest()


def plain(text: str) -> str:
    """The text's letters and figures alone, of one width and size."""
    whole = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in whole if sign.isalnum())


def grouped(texts: Sequence[str], weights: Sequence[int]) -> list[list[int]]:
    """The places of the texts, those together that are alike, the most typical first in each.

    The heaviest texts (asked most often) lead; each other text joins the leader it is most like.
    What a text names (a city, a trade, a sum) makes no difference.
    """
    grams = [_grams(text) for text in texts]
    holders: defaultdict[str, list[int]] = defaultdict(list)
    groups: dict[int, list[int]] = {}
    for place in sorted(range(len(texts)), key=lambda at: (-weights[at], len(texts[at]), at)):
        shared = Counter(leader for gram in grams[place] for leader in holders[gram])
        best, leader = 0.0, -1
        for other, common in shared.items():
            alike = common / (len(grams[place]) + len(grams[other]) - common)
            if alike > best:
                best, leader = alike, other
        if best >= _LEAST:
            groups[leader].append(place)
            continue
        groups[place] = [place]
        for gram in grams[place]:
            holders[gram].append(place)
    return [_typical_first(group, grams, weights) for group in groups.values()]


def _typical_first(
    group: list[int], grams: Sequence[frozenset[str]], weights: Sequence[int]
) -> list[int]:
    """The one first whose pairs of characters most of the others have too."""
    held = Counter(gram for place in group for gram in grams[place] for _ in range(weights[place]))

    def typical(place: int) -> float:
        return sum(held[gram] for gram in grams[place]) / len(grams[place])

    first = max(group, key=lambda place: (typical(place), -place))
    return [first, *(place for place in group if place != first)]


@lru_cache(maxsize=20_000)
def _grams(text: str) -> frozenset[str]:
    # A name's kind counts as one character, or it would outweigh the rest.
    form = _KIND.sub("◇", skeleton(normalise(text))) or text
    last = max(1, len(form) - _GRAM + 1)
    return frozenset(form[start : start + _GRAM] for start in range(last))
