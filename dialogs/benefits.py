"""What could be given to somebody: the provisions of a place that may concern a person, a firm or a
household, each with what is decided about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dialogs.asking import Ask
from dialogs.concern import may_concern
from dialogs.desk import Desk
from dialogs.finding import live
from dialogs.memory import Shown
from dialogs.select import Pick, weigh
from knowledge.library import Entry
from knowledge.rules import Determination, Facts, Groups, Truth, determine
from knowledge.vocabulary import Vocabulary

# Of each topic the best benefit, or several where only few topics are looked at.
_FEW_TOPICS = 3
_GIVING = frozenset(("entitlement", "insurance", "permit", "condition"))
# What can be given to a person, a firm and a household, in the order people ask for it.
_BENEFITS = {
    "worker": (
        "training_subsidy", "refresher", "certificate_subsidy", "living_subsidy",
        "social_insurance_subsidy", "accident_insurance", "work_injury", "permit",
        "startup_support", "veterans", "disabled", "rural", "unenrolled_graduates",
        "hardship_groups",
    ),
    "enterprise": (
        "employee_model", "social_insurance_subsidy", "unemployment_refund", "apprenticeship",
        "enterprise_awards", "training_bases", "accident_insurance",
    ),
    "household": ("household_voucher", "household_reduction", "labour_rights", "credit_record"),
    "institution": ("training_bases", "training_subsidy", "apprenticeship"),
    "school": ("school_support", "apprenticeship", "training_bases"),
}  # fmt: skip


@dataclass(frozen=True)
class Benefit:
    """A provision that gives something, with what is decided about it."""

    topic: str
    entry: Entry
    determination: Determination


def benefits(
    ask: Ask, topics: Sequence[str], region: str, day: dt.date, desk: Desk
) -> list[Benefit]:
    """The benefits of `region` that could concern the person, best fitting of each topic first.

    One for certain groups stays as long as nobody has said which the person belongs to: whether it
    is hers is then a question to ask. For a firm they are the groups it hires from.
    """
    found: dict[str, Benefit] = {}
    role = ask.role or "worker"
    most = 1 if len(topics) > _FEW_TOPICS else 3
    for topic in topics:
        # Weighed by the topic's own words, so that an answer given on the way changes nothing.
        one = replace(ask, topics={topic: 1.0}, text=desk.words.topics[topic].label)
        count = sum(benefit.topic == topic for benefit in found.values())
        if count >= most:
            continue
        for pick in _on_topic(one, desk.words.ancestors(region), day, desk):
            provision = pick.entry.provision
            if provision.kind not in _GIVING or topic not in provision.topics[:2]:
                continue
            if role not in provision.audience or provision.id in found:
                continue
            determination = determine(provision, ask.facts, desk.words)
            others = not may_concern(provision.groups, ask, desk.words)
            if role != "enterprise" and others and not _may_be_hers(determination, ask, desk.words):
                continue
            own = provision.topics[0] if provision.topics[0] in topics else topic
            found[provision.id] = Benefit(own, pick.entry, determination)
            count += 1
            if count == most:
                break
    return list(found.values())


def _akin(topics: Sequence[str], others: Sequence[str]) -> bool:
    """Whether they are of one matter: social_insurance and social_insurance_subsidy."""
    return any(other.startswith(topic) for topic in topics for other in others)


def _on_topic(ask: Ask, regions: Sequence[str], day: dt.date, desk: Desk) -> list[Pick]:
    """The provisions of the topic itself on that day, weighed: a benefit needs no search."""
    entries = desk.library.provisions(ask.topic, regions)
    return weigh(live(entries, day), ask, desk.words)


def _may_be_hers(determination: Determination, ask: Ask, words: Vocabulary) -> bool:
    """Whether a benefit for groups she has not named could still turn out to be hers.

    Who has told her groups is taken to be in no other: then only another condition opens it.
    """
    provision = determination.provision
    known = ask.facts.get("groups")
    if not isinstance(known, Groups):
        return determination.outcome is not Truth.NOT_MET
    if provision.when is None:
        return False
    told = Groups(known.members, known.excluded | frozenset(provision.groups))
    outcome = determine(provision, {**ask.facts, "groups": told}, words).outcome
    return outcome is not Truth.NOT_MET


def benefit_shown(shown: Shown, facts: Facts, desk: Desk) -> Benefit | None:
    """What an answer has shown, with what is decided about it; None where it has no conditions."""
    found = desk.library.document(shown.document)
    for entry in found[1] if found else ():
        provision = entry.provision
        if (provision.clause, provision.quote) == (shown.clause, shown.quote) and provision.when:
            return Benefit(provision.topics[0], entry, determine(provision, facts, desk.words))
    return None


def other_way(benefit: Benefit, ask: Ask, desk: Desk) -> Entry | None:
    """What the same clause gives to those who do not meet the conditions of `benefit`: 签服务协议的
    beside 依法签订劳动合同的."""
    found = desk.library.document(benefit.entry.document.id)
    for entry in found[1] if found else ():
        provision = entry.provision
        if provision.clause != benefit.entry.provision.clause or provision.kind not in _GIVING:
            continue
        if provision.when is None or (ask.role or "worker") not in provision.audience:
            continue
        if not _akin(provision.topics, benefit.entry.provision.topics):
            continue
        if determine(provision, ask.facts, desk.words).outcome is not Truth.NOT_MET:
            return entry
    return None


def topics_for(role: str | None) -> tuple[str, ...]:
    """The benefits looked at for someone of this role."""
    return _BENEFITS.get(role or "worker", _BENEFITS["worker"])
