"""Which provisions answer a question: the topic's provisions, weighed by how well they fit.

The weights are small whole or half steps, chosen on the questions of tests/conversations and checked
by their coverage report; a word shared with the question counts by its rarity among the candidates.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from knowledge.library import Entry
from knowledge.rules import Facts, Groups
from knowledge.vocabulary import Vocabulary
from knowledge.words import search_words
from nlu.understanding import Aspect

_BY_KIND = {
    "entitlement": 2.0,
    "insurance": 2.0,
    "permit": 2.0,
    "rating": 2.0,
    "condition": 1.5,
    "duty": 1.0,
    "prohibition": 1.0,
    "procedure": 1.0,
    "deadline": 1.0,
    "contact": 0.5,
    "measure": 0.5,
    "target": 0.0,
    "figure": 0.0,
}
_KINDS_OF_ASPECT: dict[Aspect, frozenset[str]] = {
    "procedure": frozenset(("procedure",)),
    "office": frozenset(("contact",)),
    "deadline": frozenset(("deadline",)),
    "condition": frozenset(("condition", "prohibition")),
    "everyone": frozenset(("condition", "prohibition", "entitlement")),
    "obligation": frozenset(("duty", "prohibition")),
}
_TIME_UNITS = frozenset(("日", "天", "个月", "月", "年", "个工作日", "工作日", "学时"))


@dataclass(frozen=True)
class Ask:
    """A question made ready for weighing. `topic` may be None when only groups are known."""

    text: str
    topic: str
    aspects: frozenset[Aspect]
    facts: Facts

    @property
    def role(self) -> str:
        return str(self.facts.get("role", "worker"))

    @property
    def groups(self) -> frozenset[str]:
        groups = self.facts.get("groups")
        return groups.members if isinstance(groups, Groups) else frozenset()


@dataclass(frozen=True)
class Pick:
    entry: Entry
    score: float


def weigh(entries: Sequence[Entry], ask: Ask, words: Vocabulary) -> list[Pick]:
    """The entries with their scores, best first. Entries for other occupations are left out."""
    documents = [frozenset(search_words(e.provision.says + e.provision.quote)) for e in entries]
    frequency = Counter(word for document in documents for word in document)
    asked = frozenset(search_words(ask.text))
    picks = []
    for entry, document in zip(entries, documents, strict=True):
        shared = sum(math.log(1 + len(entries) / frequency[word]) for word in asked & document)
        picks.append(Pick(entry, shared + _fit(entry, ask, words)))
    return sorted(picks, key=lambda pick: -pick.score)


def _fit(entry: Entry, ask: Ask, words: Vocabulary) -> float:
    provision = entry.provision
    score = _BY_KIND[provision.kind]
    score += 2.0 if provision.topics[0] == ask.topic else 0.0
    score += 0.0 if ask.topic in provision.topics else -1.0
    score += _for_groups(provision.groups, ask, words)
    occupation = ask.facts.get("occupation")
    if occupation is not None and provision.occupations:
        score += 2.0 if occupation in provision.occupations else -3.0
    if ask.role not in provision.audience and "public" not in provision.audience:
        score -= 3.0 if provision.audience == ["agency"] else 1.5
    for aspect in ask.aspects:
        score += 2.5 if provision.kind in _KINDS_OF_ASPECT.get(aspect, ()) else 0.0
    if "amount" in ask.aspects and provision.amounts:
        score += 2.0
    if "deadline" in ask.aspects and any(a.unit in _TIME_UNITS for a in provision.amounts):
        score += 2.0
    if ask.aspects & {"condition", "everyone"} and provision.when is not None:
        score += 1.5
    if "office" in ask.aspects and provision.agencies is not None:
        score += 1.0
    if "list" in ask.aspects and len(provision.occupations) > 2:
        score += 2.0
    return score


def _for_groups(limited_to: Sequence[str], ask: Ask, words: Vocabulary) -> float:
    if not limited_to:
        return 0.0
    belongs = frozenset().union(*(words.groups_above(group) for group in ask.groups))
    if belongs & frozenset(limited_to):
        return 4.0
    return -4.0 if belongs else -2.0
