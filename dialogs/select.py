"""Which provisions answer a question: the topic's provisions, weighed by how well they fit.

The weights are coarse steps, chosen on one half of the questions of tests/conversations/questions
and checked on the other (docs/measurements.md). What a provision shares with the question counts
by its rarity among the candidates.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, pairwise

from dialogs.reading import how_many
from knowledge.library import Entry
from knowledge.rules import Facts, Groups
from knowledge.schema import Amount
from knowledge.vocabulary import Vocabulary
from knowledge.words import question_words, search_words
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
    "target": -0.3,
    "figure": -0.8,
}
_KINDS_OF_ASPECT: dict[Aspect, frozenset[str]] = {
    "procedure": frozenset(("procedure", "entitlement")),
    "office": frozenset(("contact", "procedure")),
    "deadline": frozenset(("deadline",)),
    "condition": frozenset(("condition", "entitlement")),
    "everyone": frozenset(("condition", "entitlement")),
    "obligation": frozenset(("duty", "prohibition")),
}
# Groups whose own plans answer them, whatever the topic asked.
_TOPIC_OF_GROUP = {
    "veteran": "veterans",
    "disabled": "disabled",
    "rural_labourer": "rural",
    "unenrolled_graduate": "unenrolled_graduates",
    "hardship": "hardship_groups",
    "out_of_poverty": "hardship_groups",
}
# A provision of the plan that is asked about, of another one where that is not certain, and where
# it is (in shares of the first).
_OWN, _ALIEN, _FOREIGN = 3.0, -4.0, -3.0
# One of other topics, where there is no doubt which is asked about: 月嫂 stands in many provisions.
_OFF_TOPIC = 3.0
# One of a document that the question names.
_NAMED = 2.0
# A provision that gives the number asked for, one for some trades only, one that says where to go.
_COUNT, _PART, _ACCEPTS = 4.0, 1.5, 2.5
_GIVING = frozenset(("entitlement", "insurance", "permit"))
_MONEY_UNITS = frozenset(("元", "万元", "%", "％", "年租金"))
_TIME_UNITS = frozenset(("日", "天", "个月", "月", "年", "个工作日", "工作日", "学时"))


def is_money(amount: Amount) -> bool:
    """Whether an amount answers 多少钱 or 要钱吗: money, a share, free, or named with no figure."""
    return amount.unit is None or amount.unit in _MONEY_UNITS


def is_time(amount: Amount) -> bool:
    """Whether an amount answers 几天 or 多久."""
    return amount.unit in _TIME_UNITS


def _counts(amount: Amount, question: str) -> bool:
    """Whether an amount gives the number that is asked for: 几星, 多少人次, 多少家."""
    asked = how_many(question)
    measured = f"{amount.of}{amount.text}"
    return amount.state == "given" and any(one in measured for one in asked)


# What a shared word, pair of characters and character count for, by their rarity.
_WORD, _PAIR, _CHARACTER = 1.2, 0.7, 0.4
# One that the document itself coined.
_COINED = 2.0
# A term that stands in the headings above a clause, or names its topic, and not in what it says.
_IN_PART = 0.6
# Characters that say nothing about what is asked, alone or two together.
_EMPTY = frozenset(
    "的了吗呢吧啊呀是在和与及或我你您他她它有没不就都也还请想要能哪这那个什么怎多少几给去来到对为以会让被把咱俺们"
)
_LENGTH = 1.5


@dataclass(frozen=True)
class Ask:
    """A question made ready for weighing. `topics` are what it may be about, best first, with the
    weight of each beside the best (1.0)."""

    text: str
    topics: Mapping[str, float]
    aspects: frozenset[Aspect]
    facts: Facts
    sure: bool = False  # there is no doubt about the topic: a provision of another answers nothing
    documents: frozenset[str] = frozenset()  # named in the question

    @property
    def topic(self) -> str:
        return next(iter(self.topics))

    @property
    def role(self) -> str | None:
        """Who asks, where that was said."""
        role = self.facts.get("role")
        return role if isinstance(role, str) else None

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
    # Whose rules these are is settled: that a provision names the place says nothing more for it.
    asked = _asked_terms(_places(words).sub(" ", ask.text))
    coined = (term for entry in entries for term in _coined(entry.provision.quote))
    asked |= dict.fromkeys((term for term in coined if term in ask.text), _COINED)
    said = frozenset(asked)
    named = _named(ask, words)
    documents = [_terms_of(entry.provision.says, entry.provision.quote) for entry in entries]
    whole = [document & said for document in documents]
    part = [
        ((_terms_of(entry.clause.heading) | _implied(entry, named)) & said) - terms
        for entry, terms in zip(entries, whole, strict=True)
    ]
    found = Counter(chain.from_iterable((*whole, *part)))
    worth = {term: asked[term] * math.log(1 + len(entries) / found[term]) for term in found}
    meant = programmes_meant(ask, words)
    programmes = {entry.document.programme for entry in entries}
    if any(meant[topic] == 1.0 for topic in meant if topic in programmes):
        # Which plan is asked about is certain: another's is about other people's matters.
        meant |= {other: _FOREIGN for other in programmes - meant.keys() if other is not None}
    picks = []
    for entry, document, terms, others in zip(entries, documents, whole, part, strict=True):
        # The exact sum: a set has no order, and equal scores must stay equal.
        score = math.fsum(worth[term] for term in terms)
        score += _IN_PART * math.fsum(worth[term] for term in others)
        # A long provision shares words with every question.
        score -= _LENGTH * math.log(len(document))
        picks.append(Pick(entry, score + _fit(entry, ask, words, meant)))
    return sorted(picks, key=lambda pick: -pick.score)


@cache
def _places(words: Vocabulary) -> re.Pattern[str]:
    """Every name of every area, longest first."""
    named = {n for area in words.regions.values() for n in (area.label, area.short, *area.called)}
    return re.compile("|".join(map(re.escape, sorted(named, key=len, reverse=True))))


def _named(ask: Ask, words: Vocabulary) -> dict[str, frozenset[str]]:
    """The terms by which the question names each topic that it is about."""
    return {
        topic: frozenset(
            term
            for name in words.topics[topic].called
            if name in ask.text
            for term in _asked_terms(name)
        )
        for topic in ask.topics
    }


def _implied(entry: Entry, named: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The names of a provision's topics, which it need not say again."""
    return frozenset().union(*(named.get(topic, ()) for topic in entry.provision.topics))


@lru_cache(20_000)
def _terms_of(says: str, quote: str = "") -> frozenset[str]:
    """Words, pairs of characters and characters: people seldom use a document's whole words."""
    text = says + quote
    pairs = map("".join, pairwise(text))
    return frozenset((*search_words(text), *pairs, *text, *_coined(quote)))


@lru_cache(20_000)
def _coined(quote: str) -> tuple[str, ...]:
    """The words a document made up and set in quotation marks (“五规范”)."""
    return tuple(re.findall("“([^“”，。；]{2,12})”", quote))


@lru_cache(20_000)
def words_of(text: str) -> frozenset[str]:
    """The words of a text of the library."""
    return frozenset(search_words(text))


def _asked_terms(text: str) -> dict[str, float]:
    text = text.strip()
    terms = dict.fromkeys(text, _CHARACTER)
    terms |= dict.fromkeys(map("".join, pairwise(text)), _PAIR)
    terms |= {word: _WORD * weight for word, weight in question_words(text).items()}
    return {term: weight for term, weight in terms.items() if not _EMPTY.issuperset(term)}


def _fit(entry: Entry, ask: Ask, words: Vocabulary, meant: Mapping[str, float]) -> float:
    provision = entry.provision
    score = 0.8 * _BY_KIND[provision.kind]
    score += _of_programme(entry.document.programme, meant)
    score += _NAMED if entry.document.id in ask.documents else 0.0
    score += 2.0 * ask.topics.get(provision.topics[0], 0.0)
    score += 2.0 * max(ask.topics.get(topic, 0.0) for topic in provision.topics)
    if ask.sure and not ask.topics.keys() & set(provision.topics):
        score -= _OFF_TOPIC
    score += _for_groups(provision.groups, ask, words)
    occupation = ask.facts.get("occupation")
    if occupation is not None and provision.occupations:
        score += 1.5 if occupation in provision.occupations else -2.0
    score -= _not_for(provision.audience, ask.role)
    for aspect in ask.aspects:
        score += 1.5 if provision.kind in _KINDS_OF_ASPECT.get(aspect, ()) else 0.0
    if "amount" in ask.aspects:
        money = [amount for amount in provision.amounts if is_money(amount)]
        score += 1.5 * bool(money)
        score += 1.5 * any(words_of(one.of).intersection(search_words(ask.text)) for one in money)
    if "benefit" in ask.aspects and provision.kind in _GIVING:
        score += 1.5 if provision.amounts or provision.kind == "entitlement" else 0.0
    score += _COUNT * any(_counts(amount, ask.text) for amount in provision.amounts)
    # Who named no trade asks about all of them.
    score -= _PART * (occupation is None and bool(provision.occupations))
    if "deadline" in ask.aspects and any(is_time(a) for a in provision.amounts):
        score += 1.5
    if ask.aspects & {"condition", "everyone"} and provision.when is not None:
        score += 1.0
    if "office" in ask.aspects and provision.agencies is not None:
        score += _ACCEPTS if provision.agencies.accepts else 0.5
    if "list" in ask.aspects and len(provision.occupations) > 2:
        score += 1.5
    return score


def programmes_meant(ask: Ask, words: Vocabulary) -> dict[str, float]:
    """The topics that may be a programme's, as far as the question is about them: what it may be
    about, what the person's groups have of their own, and what it names in so many words."""
    meant = dict(ask.topics)
    for group in ask.groups:
        for wider in words.groups_above(group):
            if wider in _TOPIC_OF_GROUP:
                meant[_TOPIC_OF_GROUP[wider]] = 1.0
    named = (t.id for t in words.topics.values() if any(name in ask.text for name in t.called))
    return meant | dict.fromkeys(named, 1.0)


def _of_programme(programme: str | None, meant: Mapping[str, float]) -> float:
    """A programme's own plan answers for it, and for nothing else."""
    if programme is None:
        return 0.0
    return _OWN * meant[programme] if programme in meant else _ALIEN


def _not_for(audience: Sequence[str], role: str | None) -> float:
    """How much a provision for others counts against it; who did not say is probably a worker."""
    if audience == ["agency"]:
        return 1.5 if role else 1.0
    if "public" in audience or (role or "worker") in audience:
        return 0.0
    return 1.0 if role else 0.3


def _for_groups(limited_to: Sequence[str], ask: Ask, words: Vocabulary) -> float:
    if not limited_to:
        return 0.0
    if _belongs(ask, words) & frozenset(limited_to):
        return 2.0
    if may_concern(limited_to, ask, words):
        return 1.0
    return -2.0 if ask.groups else -1.0


def may_concern(limited_to: Sequence[str], ask: Ask, words: Vocabulary) -> bool:
    """Whether a provision for these groups may be the person's: she belongs to one of them, or to
    a wider one (盲人 when 残疾人 was said); none given is everybody."""
    if not limited_to or _belongs(ask, words) & frozenset(limited_to):
        return True
    return any(words.groups_above(group) & ask.groups for group in limited_to)


def _belongs(ask: Ask, words: Vocabulary) -> frozenset[str]:
    return frozenset().union(*(words.groups_above(group) for group in ask.groups))
