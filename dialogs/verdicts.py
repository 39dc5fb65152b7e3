"""What comes of an eligibility interview: 符合, 不符合 or 还需确认 for each benefit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dialogs.asking import Ask
from dialogs.benefits import Benefit, other_way
from dialogs.composer import Composer
from dialogs.conditions import explain
from dialogs.desk import Desk, covered, outside
from dialogs.reply import Block, Option, Reply, Statement, Status
from dialogs.telling import told_in_words
from dialogs.wording import has, listed, say, say_in
from knowledge.rules import Facts, FactValue, Groups, Truth
from knowledge.standing import Standing, standing
from knowledge.vocabulary import Vocabulary

_MOST_BENEFITS = 8
# Nothing is given yet by a clause that only studies, strives or encourages.
NOT_YET = frozenset(("study", "strive", "encourage"))
_MARK = {Truth.MET: "met", Truth.NOT_MET: "not_met", Truth.UNKNOWN: "unknown"}
# What the person wants to read first.
_ORDER = ("met", "unknown", "doubtful", "not_met", "unconditional", "not_yet")
_OPENER = {Standing.REPEALED: "opener.repealed", Standing.NEWS_REPORT: "opener.news"}


def result(
    found: Sequence[Benefit], region: str, facts: Facts, composer: Composer, desk: Desk
) -> Reply:
    """The determinations, what each document is worth, and the benefits as choices."""
    words = desk.words
    name = words.regions[region].label
    if not found:
        known = desk.library.documents(words.ancestors(region))
        composer.talk(say("interview.nothing", asked=name) if known else outside(region, words))
        composer.talk(say("region.covered", names=covered(desk)))
        return composer.reply(Status.NOT_COVERED)
    worths = {standing(benefit.entry.document, composer.as_of) for benefit in found}
    for worth in sorted(worths & _OPENER.keys()):
        composer.talk(say(_OPENER[worth]))
    told = told_in_words(facts, words)
    if told:
        composer.talk(say("interview.told", told=told))
    composer.talk(say("interview.intro", region=whose(found, region, words)))
    hers, others = _apart(found, facts)
    hers.sort(key=lambda benefit: _ORDER.index(_mark(benefit, facts, words)))
    for benefit in hers[:_MOST_BENEFITS]:
        _describe(benefit, facts, composer, desk)
    if others:
        _for_others(others, composer, words)
    composer.standings([benefit.entry for benefit in (*hers[:_MOST_BENEFITS], *others)])
    composer.add("advice", Statement(say("interview.final")))
    topics = dict.fromkeys(benefit.topic for benefit in (*hers, *others))
    options = tuple(Option(words.topics[one].label, words.topics[one].label) for one in topics)
    unclear = any(b.determination.outcome is Truth.UNKNOWN for b in found)
    status = Status.PARTLY_ANSWERED if unclear else Status.ANSWERED
    return composer.reply(status, options=options[:_MOST_BENEFITS])


def whose(found: Sequence[Benefit], region: str, words: Vocabulary) -> str:
    """Whose documents these are: the place's own, or those of an area it lies in."""
    asked = words.regions[region].label
    areas = dict.fromkeys(benefit.entry.document.region for benefit in found)
    above = listed([words.regions[code].label for code in areas if code != region])
    return say("interview.of_above", above=above, asked=asked) if above else asked


def decided(
    found: Sequence[Benefit], facts: Facts, composer: Composer, words: Vocabulary
) -> list[Statement]:
    """What the facts told so far settle, a line for each benefit with conditions."""
    lines = []
    for benefit in found:
        determination, entry = benefit.determination, benefit.entry
        if entry.provision.when is None or determination.outcome is Truth.UNKNOWN:
            continue
        heading = _heading(benefit, _mark(benefit, facts, words), composer, words)
        reasons = explain(determination, words)
        for one in determination.steps:
            composer.cite(entry.document, one.clause, one.quote, entry.clause.heading)
        clauses = dict.fromkeys(clause for _, clauses in reasons for clause in clauses)
        text = heading + "：" + "".join(reason for reason, _ in reasons)
        lines.append(Statement(text, (*clauses,) or composer.cite_entry(entry)))
    return lines


def _apart(found: Sequence[Benefit], facts: Facts) -> tuple[list[Benefit], list[Benefit]]:
    """The benefits for everybody or for a group of the person's, and those for people she has not
    said to belong to; the latter first of all where there is nothing else."""
    known = facts.get("groups")
    members = known.members if isinstance(known, Groups) else frozenset()
    others = [
        benefit
        for benefit in found
        if benefit.entry.provision.groups
        and benefit.determination.outcome is not Truth.NOT_MET
        and not members & frozenset(benefit.entry.provision.groups)
    ]
    hers = [benefit for benefit in found if benefit not in others]
    return (hers, others) if hers and facts.get("role") != "enterprise" else (list(found), [])


def _for_others(found: Sequence[Benefit], composer: Composer, words: Vocabulary) -> None:
    """One line for all benefits of certain groups."""
    clauses = dict.fromkeys(c for benefit in found for c in composer.cite_entry(benefit.entry))
    for benefit in found:
        composer.explained(benefit.determination)
    names = listed(list(dict.fromkeys(words.topics[benefit.topic].label for benefit in found)))
    composer.add("detail", Statement(say("interview.for_some", names=names), tuple(clauses)))


def _mark(benefit: Benefit, facts: Mapping[str, FactValue], words: Vocabulary) -> str:
    """What is to be said of the benefit, as a key of the wording."""
    provision, outcome = benefit.entry.provision, benefit.determination.outcome
    strength = words.strength_of(provision.strength)
    if strength is not None and strength.id in NOT_YET and outcome is Truth.MET:
        return "not_yet"
    if provision.when is None:
        return "unconditional"
    if outcome is not Truth.NOT_MET and _doubtful(benefit, facts):
        return "doubtful"
    return _MARK[outcome]


def _doubtful(benefit: Benefit, facts: Mapping[str, FactValue]) -> bool:
    """Whether it hangs on working for an employee-model firm, by somebody who has neither contract
    nor insurance: what was told does not go together."""
    leans = any(step.fact == "employer_type" for step in benefit.determination.steps)
    without = (facts.get(one) is False for one in ("labour_contract", "employee_social_insurance"))
    return leans and facts.get("employer_type") == "employee_model" and any(without)


def _heading(benefit: Benefit, mark: str, composer: Composer, words: Vocabulary) -> str:
    entry = benefit.entry
    key = "unknown" if mark == "doubtful" else mark
    topic, verb = words.topics[benefit.topic].label, entry.provision.strength
    worth = standing(entry.document, composer.as_of)
    if mark == "met" and worth in _OPENER:
        # Whoever meets the conditions of what is gone, or was only reported, is given nothing.
        return say(f"interview.met_{worth.value}", topic=topic)
    heading = say(f"interview.{key}", topic=topic, verb=verb)
    if has(f"interview.{worth.value}") and (mark == "met" or worth in _OPENER):
        heading = say(f"interview.{worth.value}", heading=heading)
    return heading


def _describe(
    benefit: Benefit, facts: Mapping[str, FactValue], composer: Composer, desk: Desk
) -> None:
    """One benefit: outcome, what it is, why, and the money as far as the document gives it; of one
    that is not hers, what the clause gives to people like her."""
    words = desk.words
    entry, determination = benefit.entry, benefit.determination
    clause = composer.cite_entry(entry)
    composer.explained(determination)
    mark = _mark(benefit, facts, words)
    statements = [Statement(entry.provision.says, clause)]
    for text, clauses in explain(determination, words):
        statements.append(Statement(text, clauses))
    if mark == "doubtful":
        statements.append(Statement(say("interview.doubtful"), clause))
    for one in determination.steps:
        composer.cite(entry.document, one.clause, one.quote, entry.clause.heading)
    for amount in entry.provision.amounts[:2]:
        text = say_in(entry.document, f"amount.{amount.state}", of=amount.of, text=amount.text)
        statements.append(Statement(text, clause))
    agencies = entry.provision.agencies
    if agencies is not None and (agencies.accepts or agencies.lead) and agencies.clause is None:
        names = listed(agencies.accepts or agencies.lead[:2])
        statements.append(Statement(say("interview.office", names=names), clause))
    ask = Ask("", {benefit.topic: 1.0}, frozenset(), facts)
    if mark == "not_met" and (other := other_way(benefit, ask, desk)) is not None:
        text = say("interview.other_way", says=other.provision.says)
        statements.append(Statement(text, composer.cite_entry(other)))
    heading = _heading(benefit, mark, composer, words)
    composer.blocks.append(Block("conditions", tuple(statements), heading))
