"""What people ask and a document does not give, recognised by how they ask for it.

A question whose nearest known form belongs to a declared silence (`Silence.asked`), and to no
provision, is answered by saying first that it is not written.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dialogs.match import asked_terms
from dialogs.select import Ask, Pick
from knowledge.schema import Document, Silence
from knowledge.vocabulary import Vocabulary

# From so much in common on, two questions are taken for one (0 to 1).
_ALIKE = 0.5
# So many of the best provisions may be nearer.
_RIVALS = 5


@dataclass(frozen=True)
class Gap:
    """A silence of a document that a question is about."""

    document: Document
    silence: Silence


def gap_asked(
    ask: Ask, documents: Sequence[Document], picks: Sequence[Pick], words: Vocabulary
) -> Gap | None:
    """The silence of one of `documents` that `ask` is about, unless a provision is nearer to it;
    where there is no provision at all, one of the topic asked about."""
    asked = asked_terms(ask.text, words)
    silent = [
        (_terms(question, words), Gap(document, silence))
        for document in documents
        for silence in document.silent_on
        for question in silence.asked
    ]
    given = [
        _terms(question, words) | _terms(pick.entry.provision.says, words)
        for pick in picks[:_RIVALS]
        for question in ("", *pick.entry.provision.asked)
    ]
    known = [terms for terms, _ in silent] + given
    found = Counter(term for terms in known for term in terms)
    worth = {
        term: weight * math.log(1 + len(known) / (found[term] or 1))
        for term, weight in asked.items()
    }
    likely = [row for row in silent if alike(asked, row[0]) >= _ALIKE]
    best = max(likely, key=lambda row: _covered(worth, row[0]), default=None)
    if best is not None:
        covered = _covered(worth, best[0])
        if all(_covered(worth, one) < covered for one in given):
            return best[1]
    return None if picks else _of_topic(ask, documents)


def _of_topic(ask: Ask, documents: Sequence[Document]) -> Gap | None:
    """The silence on the topic asked about that is about most of what is asked."""
    found = [
        (len(ask.aspects.intersection(silence.aspects)), Gap(document, silence))
        for document in documents
        for silence in document.silent_on
        if silence.topic == ask.topic
    ]
    return max(found, key=lambda row: row[0])[1] if found else None


def alike(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How much of two questions is the same, by the weight of their terms: 0 to 1 (Dice's)."""
    shared = sum(weight + other[term] for term, weight in one.items() if term in other)
    return shared / ((sum(one.values()) + sum(other.values())) or 1.0)


def _covered(worth: Mapping[str, float], terms: Mapping[str, float]) -> float:
    """How much of a question is said again, by what tells it apart from others."""
    return sum(value for term, value in worth.items() if term in terms)


@lru_cache(20_000)
def _terms(question: str, words: Vocabulary) -> dict[str, float]:
    return asked_terms(question, words)
