"""Which provisions answer a question: the topic's provisions, weighed by how well they fit.

The weights are coarse steps, chosen on one half of the questions of tests/conversations/questions
and checked on the other (docs/measurements.md). What a provision shares with the question counts
by its rarity among the candidates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from dialogs.asking import Ask
from dialogs.concern import belongs, may_concern, programmes_meant
from dialogs.match import nearness
from knowledge.library import Entry
from knowledge.schema import Amount
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
# A provision of the plan that is asked about, of another one where that is not certain, and where
# it is (in shares of the first).
_OWN, _ALIEN, _FOREIGN = 3.0, -4.0, -3.0
# A provision of the topic asked about: its first topic, any of them; one of its kind.
_MAIN, _ANY, _KIND = 3.0, 2.0, 0.8
# One of other topics, where there is no doubt which is asked about: 月嫂 stands in many provisions.
_OFF_TOPIC = 6.0
# One of a document that the question names.
_NAMED = 2.0
# A provision that gives the number asked for, one for some trades only, one that says where to go.
_COUNT, _PART, _ACCEPTS = 4.0, 2.0, 2.5
# One that speaks of what is feared to stand in the way, one that names trades that are taught.
_OBSTACLE, _TAUGHT = 12.0, 4.0
# A number of people, where money is asked or what somebody may have or must do.
_NO_MONEY, _NO_ANSWER = -20.0, -8.0
_NUMBERS = frozenset(("target", "figure"))
_NOT_BY_NUMBERS = frozenset[Aspect](("procedure", "office", "condition", "everyone", "benefit"))
_LIMITING = frozenset(("condition", "prohibition"))
_GIVING = frozenset(("entitlement", "insurance", "permit"))
_MONEY_UNITS = frozenset(("元", "万元", "%", "％", "年租金"))
_TIME_UNITS = frozenset(("日", "天", "个月", "月", "年", "个工作日", "工作日", "学时"))


def is_money(amount: Amount) -> bool:
    """Whether an amount answers 多少钱 or 要钱吗: money, a share, free, or named with no figure."""
    return amount.unit is None or amount.unit in _MONEY_UNITS


def is_time(amount: Amount) -> bool:
    """Whether an amount answers 几天 or 多久."""
    return amount.unit in _TIME_UNITS


def _counts(amount: Amount, asked: Sequence[str]) -> bool:
    """Whether an amount gives the number that is asked for: 几星, 多少人次, 多少家."""
    measured = f"{amount.of}{amount.text}"
    return amount.state == "given" and any(one in measured for one in asked)


@dataclass(frozen=True)
class Pick:
    """A provision with how well it answers, and how near its words are to the question's."""

    entry: Entry
    score: float
    near: float


def weigh(entries: Sequence[Entry], ask: Ask, words: Vocabulary) -> list[Pick]:
    """The entries with their scores, best first. Entries for other occupations are left out."""
    near = nearness(entries, ask.text, tuple(ask.topics), words)
    meant = programmes_meant(ask, words)
    programmes = {entry.document.programme for entry in entries}
    if any(meant[topic] == 1.0 for topic in meant if topic in programmes):
        # Which plan is asked about is certain: another's is about other people's matters.
        meant |= {other: _FOREIGN for other in programmes - meant.keys() if other is not None}
    picks = [
        Pick(entry, score + _fit(entry, ask, words, meant), score)
        for entry, score in zip(entries, near, strict=True)
    ]
    return sorted(picks, key=lambda pick: -pick.score)


@lru_cache(20_000)
def words_of(text: str) -> frozenset[str]:
    """The words of a text of the library."""
    return frozenset(search_words(text))


def _fit(entry: Entry, ask: Ask, words: Vocabulary, meant: Mapping[str, float]) -> float:
    provision = entry.provision
    score = _KIND * _BY_KIND[provision.kind]
    score_of_plan = _of_programme(entry.document.programme, meant)
    score += score_of_plan
    score += _NAMED if entry.document.id in ask.documents else 0.0
    score += _MAIN * ask.topics.get(provision.topics[0], 0.0)
    score += _ANY * max(ask.topics.get(topic, 0.0) for topic in provision.topics)
    if ask.sure and not ask.topics.keys() & set(provision.topics):
        score -= _OFF_TOPIC
    score += _for_groups(provision.groups, ask, words)
    occupation = ask.facts.get("occupation")
    if occupation is not None and provision.occupations:
        hers = _TAUGHT if ask.learns else 1.5
        score += hers if occupation in provision.occupations else -4.0
    score -= _not_for(provision.audience, ask.role)
    for aspect in ask.aspects:
        score += 1.5 if provision.kind in _KINDS_OF_ASPECT.get(aspect, ()) else 0.0
    if "amount" in ask.aspects:
        money = [amount for amount in provision.amounts if is_money(amount)]
        score += 1.5 * bool(money)
        score += 1.5 * any(words_of(one.of) & ask.words for one in money)
        if provision.kind in _NUMBERS and not money and not _numbers_wanted(ask):
            score += _NO_MONEY
    elif provision.kind in _NUMBERS and ask.aspects & _NOT_BY_NUMBERS and not _numbers_wanted(ask):
        score += _NO_ANSWER
    if "benefit" in ask.aspects and provision.kind in _GIVING:
        score += 1.5 if provision.amounts or provision.kind == "entitlement" else 0.0
    if ask.counted:
        score += _COUNT * any(_counts(amount, ask.counted) for amount in provision.amounts)
    if ask.courses and provision.occupations:
        score += _TAUGHT
    elif occupation is None and provision.occupations:
        score -= _PART * (
            1 + (provision.kind in _NUMBERS)
        )  # who named no trade asks about all of them
    if ask.feared and provision.kind in _LIMITING and score_of_plan >= 0:
        score += _OBSTACLE * any(word in provision.quote for word in ask.feared)
    if "deadline" in ask.aspects and any(is_time(a) for a in provision.amounts):
        score += 1.5
    if ask.aspects & {"condition", "everyone"} and provision.when is not None:
        score += 1.0
    if "office" in ask.aspects and provision.agencies is not None:
        score += _ACCEPTS if provision.agencies.accepts else 0.5
    if "list" in ask.aspects and len(provision.occupations) > 2:
        score += 1.5
    return score


def _numbers_wanted(ask: Ask) -> bool:
    """Whether a target may answer: a number is asked for, or what is taught, which targets name."""
    return bool(ask.counted) or ask.courses


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
    if not belongs(ask.groups, words).isdisjoint(limited_to):
        return 2.0
    if may_concern(limited_to, ask, words):
        return 1.0
    return -3.0 if ask.groups else -2.5
