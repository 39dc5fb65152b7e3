"""The eligibility interview: from 我能领什么 to a determination for each benefit that could apply.

It asks only what decides, at most five questions, each with why it is asked; what the person does
not know stays unknown. The result says for each benefit 符合, 不符合 or 还需确认, on its clauses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dialogs.answer import Composer
from dialogs.conditions import explain
from dialogs.memory import Interview, Memory, Pending
from dialogs.policy import Desk, candidates, covered, places
from dialogs.reply import Block, Option, Reply, Statement, Status
from dialogs.select import Ask, may_concern
from dialogs.wording import has, listed, say
from knowledge.library import Entry
from knowledge.rules import Determination, Groups, Truth, deciding_question, determine
from knowledge.schema import Condition
from knowledge.standing import Standing, standing
from knowledge.vocabulary import AskedOf, Fact, Vocabulary

MOST_QUESTIONS = 5
_MOST_BENEFITS = 8
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
# Nothing is given yet by a clause that only studies, strives or encourages.
NOT_YET = frozenset(("study", "strive", "encourage"))
_MARK = {Truth.MET: "met", Truth.NOT_MET: "not_met", Truth.UNKNOWN: "unknown"}


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
        for pick in candidates(one, desk.words.ancestors(region), day, desk):
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


def _may_be_hers(determination: Determination, ask: Ask, words: Vocabulary) -> bool:
    """Whether a benefit for groups she has not named could still turn out to be hers.

    Who has told her groups is taken to be in no other: then only another condition opens it.
    """
    provision = determination.provision
    known = ask.facts.get("groups")
    if provision.when is None or not isinstance(known, Groups):
        return provision.when is not None and determination.outcome is not Truth.NOT_MET
    told = Groups(known.members, known.excluded | frozenset(provision.groups))
    outcome = determine(provision, {**ask.facts, "groups": told}, words).outcome
    return outcome is not Truth.NOT_MET


def topics_for(role: str | None) -> tuple[str, ...]:
    """The benefits looked at for someone of this role."""
    return _BENEFITS.get(role or "worker", _BENEFITS["worker"])


def step(
    ask: Ask, memory: Memory, composer: Composer, desk: Desk, now: dt.datetime
) -> tuple[Reply, Memory]:
    """The next question of the interview in `memory`, or its result."""
    interview = memory.interview
    assert interview is not None  # noqa: S101 - only called while there is one
    region = memory.region
    if region is None:
        return _ask_region(memory, composer, desk, now)
    found = benefits(ask, interview.topics, region, composer.as_of, desk)
    fact = deciding_question((benefit.determination for benefit in found), interview.asked)
    if fact is not None and len(interview.asked) < MOST_QUESTIONS:
        return _ask_fact(desk.words.facts[fact], found, memory, composer, desk, now)
    reply = _result(found, region, composer, desk)
    return reply, replace(memory, interview=None, pending=None)


def _ask_region(
    memory: Memory, composer: Composer, desk: Desk, now: dt.datetime
) -> tuple[Reply, Memory]:
    composer.add("question", Statement(say("region.ask")))
    reply = composer.reply(Status.NEEDS_INFO, missing=("region",), options=places(desk))
    return reply, replace(memory, pending=Pending("region", now, reply.options))


def role_of(memory: Memory) -> str | None:
    """The role the person told, if any."""
    role = memory.facts.get("role")
    return role if isinstance(role, str) else None


def _ask_fact(
    fact: Fact,
    found: Sequence[Benefit],
    memory: Memory,
    composer: Composer,
    desk: Desk,
    now: dt.datetime,
) -> tuple[Reply, Memory]:
    interview = memory.interview
    assert interview is not None  # noqa: S101 - as in step
    asked = fact.asked(role_of(memory))
    determinations = [benefit.determination for benefit in found]
    options = options_for(fact, asked, determinations, desk.words)
    text = say("interview.ask", question=asked.question, why=asked.why)
    composer.add("question", Statement(text))
    reply = composer.reply(Status.NEEDS_INFO, missing=(fact.id,), options=options)
    memory = replace(
        memory,
        pending=Pending(fact.id, now, options),
        interview=Interview(interview.topics, (*interview.asked, fact.id)),
    )
    return reply, memory


def options_for(
    fact: Fact, asked: AskedOf, determinations: Sequence[Determination], words: Vocabulary
) -> tuple[Option, ...]:
    """What may be tapped in answer to a question about `fact`; 不清楚 is always there."""
    dont_know = Option(say("interview.dont_know"), say("interview.dont_know"))
    if fact.type == "yes_no":
        labels = [say("interview.yes"), say("interview.no")]
    elif fact.type == "choice":
        labels = list(asked.options.values())
    elif fact.type == "groups":
        labels = [words.groups[g].label for g in sorted(asked_groups(determinations))]
        labels.append(say("interview.none_of_them"))
    elif fact.type == "occupation":
        labels = [words.occupations[o].label for o in _asked_occupations(determinations)]
    else:
        labels = []
    return (*(Option(label, label) for label in labels), dont_know)


def asked_groups(determinations: Sequence[Determination]) -> frozenset[str]:
    """The groups that open conditions ask about."""
    return frozenset(
        step.condition.includes
        for determination in determinations
        for step in determination.steps
        if step.condition.includes is not None and step.truth is Truth.UNKNOWN
    )


def _asked_occupations(determinations: Sequence[Determination]) -> list[str]:
    named: list[str] = []
    for determination in determinations:
        for one in determination.steps:
            if one.fact == "occupation" and one.truth is Truth.UNKNOWN:
                named += _occupations(one.condition)
    return list(dict.fromkeys(named))[:8]


def _occupations(condition: Condition) -> list[str]:
    return condition.in_ or ([condition.is_] if isinstance(condition.is_, str) else [])


def _result(found: Sequence[Benefit], region: str, composer: Composer, desk: Desk) -> Reply:
    name = desk.words.regions[region].label
    if not found:
        known = desk.library.documents(desk.words.ancestors(region))
        composer.talk(say("interview.nothing" if known else "region.outside", asked=name))
        composer.talk(say("region.covered", names=covered(desk)))
        return composer.reply(Status.NOT_COVERED)
    worths = {standing(benefit.entry.document, composer.as_of) for benefit in found}
    opener = {Standing.REPEALED: "opener.repealed", Standing.NEWS_REPORT: "opener.news"}
    for worth in sorted(worths & opener.keys()):
        composer.talk(say(opener[worth]))
    composer.talk(say("interview.intro", region=name))
    order = (Truth.MET, Truth.UNKNOWN, Truth.NOT_MET)
    found = sorted(found, key=lambda b: order.index(b.determination.outcome))[:_MOST_BENEFITS]
    for benefit in found:
        _describe(benefit, composer, desk.words)
    composer.standings([benefit.entry for benefit in found])
    composer.add("advice", Statement(say("interview.final")))
    options = tuple(
        Option(label, label)
        for label in dict.fromkeys(desk.words.topics[b.topic].label for b in found)
    )
    unclear = any(b.determination.outcome is Truth.UNKNOWN for b in found)
    status = Status.PARTLY_ANSWERED if unclear else Status.ANSWERED
    return composer.reply(status, options=options)


def _describe(benefit: Benefit, composer: Composer, words: Vocabulary) -> None:
    """One benefit: outcome, what it is, why, and the money as far as the document gives it."""
    entry, determination = benefit.entry, benefit.determination
    clause = composer.cite_entry(entry)
    composer.explained(determination)
    strength = words.strength_of(entry.provision.strength)
    key = _MARK[determination.outcome]
    if strength is not None and strength.id in NOT_YET and determination.outcome is Truth.MET:
        key = "not_yet"
    elif entry.provision.when is None:
        key = "unconditional"
    heading = say(
        f"interview.{key}",
        topic=words.topics[benefit.topic].label,
        verb=entry.provision.strength,
    )
    worth = standing(entry.document, composer.as_of)
    if has(f"interview.{worth.value}"):
        heading = say(f"interview.{worth.value}", heading=heading)
    statements = [Statement(entry.provision.says, clause)]
    for text, clauses in explain(determination, words):
        statements.append(Statement(text, clauses))
    for one in determination.steps:
        composer.cite(entry.document, one.clause, one.quote, entry.clause.heading)
    for amount in entry.provision.amounts[:2]:
        text = say(f"amount.{amount.state}", of=amount.of, text=amount.text)
        statements.append(Statement(text, clause))
    agencies = entry.provision.agencies
    if agencies is not None and (agencies.accepts or agencies.lead) and agencies.clause is None:
        names = listed(agencies.accepts or agencies.lead[:2])
        statements.append(Statement(say("interview.office", names=names), clause))
    composer.blocks.append(Block("conditions", tuple(statements), heading))


def offered_groups(fact: Fact, memory: Memory, words: Vocabulary) -> frozenset[str]:
    """The groups that stood among the options of the question now pending."""
    if fact.type != "groups" or memory.pending is None:
        return frozenset()
    labels = {option.label for option in memory.pending.options}
    return frozenset(g.id for g in words.groups.values() if g.label in labels)
