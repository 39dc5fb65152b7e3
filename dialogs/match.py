"""How near the words of provisions are to those of a question.

A provision is compared by what it says, by the headings and the title above it, and by the
questions it is known to answer (`asked`), of which the nearest counts. What is shared counts by its
rarity among the provisions compared. The weights are coarse steps (docs/measurements.md).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain, pairwise

from knowledge.library import Entry
from knowledge.numbers import numbers_in
from knowledge.terms import ABOVE, ASKED, TEXT, Terms
from knowledge.vocabulary import Vocabulary
from knowledge.words import one_of, question_words

# What a shared word, pair of characters and character count for, by their rarity.
_WORD, _PAIR, _CHARACTER = 1.5, 0.9, 0.6
# One that the document itself coined.
_COINED = 2.0
# A term that stands in the headings above a clause, or names its topic, and not in what it says.
_IN_PART = 0.4
# A long provision shares words with every question.
_LENGTH = 1.2
# What the nearest of the questions a provision is known to answer counts for, and how much a long
# one must share more.
_ASKED, _ASKED_LENGTH = 0.8, 1.0
# A trade that is named tells who asks, which is weighed apart, more than what is asked.
_TRADE = 0.6
# One that somebody wants to learn is what she asks about.
_LEARNT = re.compile("[学教当]$")
# Everyday words that stand for something else in documents (保险公司, and 企业 for a firm).
_ELSEWHERE = frozenset(("公司",))
# A year stands in every plan's targets: it is one number, and not four characters that many share.
_YEAR = re.compile(r"(?<!\d)20[12]\d年?")
# What terms are worth is rounded to this part of one, so that sums are exact.
_GRAIN = 2.0**30
# Characters that say nothing about what is asked, alone or two together.
_EMPTY = frozenset(
    "的了吗呢吧啊呀是在和与及或我你您他她它有没不就都也还请想要能哪这那个什么怎多少几给去来到对为以会让被把咱俺们"
)


def nearness(
    entries: Sequence[Entry], text: str, topics: Sequence[str], words: Vocabulary
) -> list[float]:
    """How near each of `entries` is to the question `text`, which is about `topics`."""
    asked = _without_trades(asked_terms(text, words), text, words)
    coined = (term for entry in entries for term in entry.terms.coined)
    asked |= dict.fromkeys((term for term in coined if term in text), _COINED)
    named = _named(text, topics, words)
    shared = [_shared(entry, asked, named) for entry in entries]
    found = Counter(chain.from_iterable(shared))
    # Rounded so that sums are exact, in whatever order: equal scores must stay equal.
    worth = {
        term: round(asked[term] * math.log(1 + len(entries) / found[term]) * _GRAIN) / _GRAIN
        for term in found
    }
    return [_near(entry.terms, parts, worth) for entry, parts in zip(entries, shared, strict=True)]


def _shared(
    entry: Entry, asked: Mapping[str, float], named: Mapping[str, frozenset[str]]
) -> dict[str, tuple[int, ...]]:
    """The terms that a provision shares with the question, and the parts they stand in."""
    parts = entry.terms.parts
    fewer = min(asked, parts, key=len)  # a story asks more terms than a provision has
    shared = {term: parts[term] for term in fewer if term in asked and term in parts}
    # The names of its topics, which it need not say again, stand above it as it were.
    for term in _implied(entry, named) & asked.keys():
        where = shared.get(term, ())
        if where[:1] not in ((TEXT,), (ABOVE,)):
            shared[term] = (ABOVE, *where)
    return shared


def _near(terms: Terms, shared: Mapping[str, tuple[int, ...]], worth: Mapping[str, float]) -> float:
    """How near a provision is by the parts in which it shares terms, and what each is worth."""
    sums = [0.0] * len(terms.sizes)
    for term, parts in shared.items():
        for part in parts:
            sums[part] += worth[term]
    score = sums[TEXT] + _IN_PART * sums[ABOVE] - _LENGTH * math.log(terms.sizes[TEXT])
    questions = zip(sums[ASKED:], terms.sizes[ASKED:], strict=True)
    nearest = max(
        (total - _ASKED_LENGTH * math.log(size) for total, size in questions), default=0.0
    )
    return score + _ASKED * max(0.0, nearest)


def asked_terms(text: str, words: Vocabulary) -> dict[str, float]:
    """The terms of a question and what each counts for.

    Whose rules these are is settled: that a provision names the place says nothing more for it.
    """
    return _terms(_places(words).sub(" ", text))


def _without_trades(asked: dict[str, float], text: str, words: Vocabulary) -> dict[str, float]:
    """The terms with what the names of trades are worth less."""
    trades = frozenset(
        term
        for named in _trades(words).finditer(text)
        if not _LEARNT.search(text[: named.start()])
        for term in _terms(named.group())
    )
    return {
        term: weight * (_TRADE if term in trades else 1.0)
        for term, weight in asked.items()
        if term not in _ELSEWHERE or f"保险{term}" in text
    }


def _terms(text: str) -> dict[str, float]:
    numbers = dict.fromkeys((f"{number:g}" for number in numbers_in(text)), _WORD)  # 五十块
    text = _YEAR.sub(" ", text).strip()
    terms = dict.fromkeys(text, _CHARACTER)
    terms |= dict.fromkeys(map("".join, pairwise(text)), _PAIR)
    terms |= numbers
    terms |= {word: _WORD * weight for word, weight in question_words(text).items()}
    return {term: weight for term, weight in terms.items() if not _EMPTY.issuperset(term)}


@cache
def _trades(words: Vocabulary) -> re.Pattern[str]:
    """Every name of every trade, longest first."""
    trades = words.occupations.values()
    return re.compile(one_of({name for trade in trades for name in trade.called}))


@cache
def _places(words: Vocabulary) -> re.Pattern[str]:
    """Every name of every area, longest first."""
    named = {n for area in words.regions.values() for n in (area.label, area.short, *area.called)}
    return re.compile(one_of(named))


def _named(text: str, topics: Sequence[str], words: Vocabulary) -> dict[str, frozenset[str]]:
    """The terms by which the question names each topic that it is about."""
    return {
        topic: frozenset(
            term for name in words.topics[topic].called if name in text for term in _terms(name)
        )
        for topic in topics
    }


def _implied(entry: Entry, named: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The names of a provision's topics."""
    return frozenset().union(*(named.get(topic, ()) for topic in entry.provision.topics))
