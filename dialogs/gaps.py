"""What people ask and a document does not give, recognised by how they ask for it.

A question whose nearest known form belongs to a declared silence (`Silence.asked`), and to no
provision, is answered by saying first that it is not written.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from dialogs.asking import Ask
from dialogs.concern import programmes_meant
from dialogs.match import asked_terms
from dialogs.select import Pick
from knowledge.library import Entry, Library
from knowledge.schema import Document, Silence
from knowledge.vocabulary import Vocabulary
from nlu.understanding import Aspect

# Two questions are taken for one when they share so much of their terms' weight (Dice).
_ALIKE = 0.5
# Less where the question holds a word that names it.
_ALIKE_NAMED = 0.4
# Or where so much of the known one stands in a longer question.
_WHOLE = 0.85
# What is asked for by one of these is given or is not.
EXACT = frozenset[Aspect](("amount", "procedure", "office", "deadline", "list"))
# The topics under which it is written who may join.
_ADMISSION = ("training_eligibility", "credit_record")
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
    # What another plan does not give is no answer.
    plans = {None, *programmes_meant(ask, words)}
    documents = [document for document in documents if document.programme in plans]
    if (feared := _feared(ask, documents, picks, plans)) is not None:
        return feared
    asked = asked_terms(ask.text, words)
    silent = [
        (_known(question, words), Gap(document, silence))
        for document in documents
        for silence in document.silent_on
        if not silence.naming or any(word in ask.text for word in silence.naming)
        for question in silence.asked
    ]
    said = frozenset(asked)
    weight = sum(asked.values())
    shared = [(said & known.terms, known, gap) for known, gap in silent]
    # What a plan for people like her gives is not taken away by another one's silence.
    given = {
        topic
        for pick in picks
        if pick.entry.document.programme in plans - {None}
        for topic in pick.entry.provision.topics
    } - set(_ADMISSION)
    alike = [
        (terms, gap)
        for terms, known, gap in shared
        if gap.document.programme is not None or gap.silence.topic not in given
        if _on_aspect(gap, ask)
        if 2 * sum(asked[term] for term in terms) >= _alike(gap) * (weight + known.weight)
        or sum(asked[term] for term in terms) >= _WHOLE * known.weight
    ]
    if alike:
        rivals = [
            said & (_known(question, words).terms | _known(pick.entry.provision.says, words).terms)
            for pick in picks[:_RIVALS]
            if pick.entry.document.programme in plans
            for question in ("", *pick.entry.provision.asked)
        ]
        found = Counter(chain.from_iterable((*(terms for terms, _, _ in shared), *rivals)))
        worth = {
            term: asked[term] * math.log(1 + (len(shared) + len(rivals)) / number)
            for term, number in found.items()
        }
        likely = [(sum(worth[term] for term in terms), gap) for terms, gap in alike]
        covered, gap = max(likely, key=lambda row: row[0])
        if all(sum(worth[term] for term in terms) < covered for terms in rivals):
            return gap
    return None if picks else _of_topic(ask, documents)


def _alike(gap: Gap) -> float:
    return _ALIKE_NAMED if gap.silence.naming else _ALIKE


def _on_aspect(gap: Gap, ask: Ask) -> bool:
    """Whether the silence is on what is asked for, where that is said (多少钱, 怎么领)."""
    exact = ask.aspects & EXACT
    return not exact or bool(exact & set(gap.silence.aspects))


def _feared(
    ask: Ask, documents: Sequence[Document], picks: Sequence[Pick], plans: Collection[str | None]
) -> Gap | None:
    """The silence on what somebody fears stands in her way (年龄, 学历), unless a provision of her
    subject speaks of it."""
    # What is asked of social insurance itself is no obstacle.
    words = [word for word in ask.feared if word != "社保"]
    if not words:
        return None
    meant = {ask.topic, *_ADMISSION}
    for pick in picks:
        provision = pick.entry.provision
        if (
            pick.entry.document.programme in plans
            and meant & set(provision.topics)
            and any(word in provision.quote for word in words)
        ):
            return None
    found = [
        (any(word in ask.text for word in silence.naming), Gap(document, silence))
        for document in documents
        for silence in document.silent_on
        if silence.topic in meant and any(word in silence.says for word in words)
    ]
    return max(found, key=lambda row: row[0])[1] if found else None


def _of_topic(ask: Ask, documents: Sequence[Document]) -> Gap | None:
    """The silence on the topic asked about that is about most of what is asked."""
    found = [
        (len(ask.aspects.intersection(silence.aspects)), Gap(document, silence))
        for document in documents
        for silence in document.silent_on
        if silence.topic == ask.topic
    ]
    return max(found, key=lambda row: row[0])[1] if found else None


def beside(gap: Gap, picks: Sequence[Pick], ask: Ask, library: Library) -> list[Entry]:
    """What is worth saying beside that something is not given: what the silence names, or the best
    provision of its document on its topic or the one asked about."""
    if gap.silence.near:
        found = library.document(gap.document.id)
        named = {entry.provision.id: entry for entry in found[1]} if found else {}
        return [named[one] for one in gap.silence.near if one in named]
    return [
        pick.entry
        for pick in picks
        if pick.entry.document.id == gap.document.id
        and {gap.silence.topic, ask.topic} & set(pick.entry.provision.topics)
    ][:1]


@dataclass(frozen=True)
class _Known:
    """The terms of a text, and what they count for together."""

    terms: frozenset[str]
    weight: float


@lru_cache(20_000)
def _known(text: str, words: Vocabulary) -> _Known:
    terms = asked_terms(text, words)
    return _Known(frozenset(terms), sum(terms.values()))
