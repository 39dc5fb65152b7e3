"""What people ask and a document does not give, recognised by how they ask for it.

A question whose nearest known form belongs to a declared silence (`Silence.asked`), and to no
provision, is answered by saying first that it is not written.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from dialogs.match import asked_terms
from dialogs.select import Ask, Pick
from knowledge.schema import Document, Silence
from knowledge.vocabulary import Vocabulary

# Two questions are taken for one when they share so much of their terms' weight (Dice).
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
        (_known(question, words), Gap(document, silence))
        for document in documents
        for silence in document.silent_on
        if not silence.naming or any(word in ask.text for word in silence.naming)
        for question in silence.asked
    ]
    given = [
        _known(question, words).terms | _known(pick.entry.provision.says, words).terms
        for pick in picks[:_RIVALS]
        for question in ("", *pick.entry.provision.asked)
    ]
    shared = [(asked.keys() & known.terms, known, gap) for known, gap in silent]
    rivals = [asked.keys() & terms for terms in given]
    found = Counter(chain.from_iterable((*(terms for terms, _, _ in shared), *rivals)))
    worth = {
        term: asked[term] * math.log(1 + (len(shared) + len(rivals)) / number)
        for term, number in found.items()
    }
    weight = sum(asked.values())
    likely = [
        (sum(worth[term] for term in terms), gap)
        for terms, known, gap in shared
        if 2 * sum(asked[term] for term in terms) >= _ALIKE * (weight + known.weight)
    ]
    if likely:
        covered, gap = max(likely, key=lambda row: row[0])
        if all(sum(worth[term] for term in terms) < covered for terms in rivals):
            return gap
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


@dataclass(frozen=True)
class _Known:
    """The terms of a text, and what they count for together."""

    terms: frozenset[str]
    weight: float


@lru_cache(20_000)
def _known(text: str, words: Vocabulary) -> _Known:
    terms = asked_terms(text, words)
    return _Known(frozenset(terms), sum(terms.values()))
