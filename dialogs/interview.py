"""The eligibility interview: from 我能领什么 to a determination for each benefit that could apply.

It first says what there is for the person, and what can be told already; then it asks only what
decides, at most five questions, each with what hangs on it; what the person does not know stays
unknown. What comes of it is told by `dialogs/verdicts.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace

from dialogs.asking import Ask
from dialogs.benefits import Benefit, benefit_shown, benefits
from dialogs.composer import Composer
from dialogs.desk import Desk, places
from dialogs.memory import Interview, Memory, Pending
from dialogs.reply import Block, Option, Reply, Statement, Status
from dialogs.verdicts import decided, result, whose
from dialogs.wording import listed, say, spoken_date
from knowledge.rules import Determination, Groups, Step, Truth
from knowledge.schema import Condition
from knowledge.standing import Standing, standing
from knowledge.vocabulary import AskedOf, Fact, Vocabulary
from nlu.understanding import Understanding

MOST_QUESTIONS = 5
# A benefit for people the person has not said to belong to counts for so much of one for everybody,
# and so does one that hangs on belonging to them. A question on which less than half a benefit
# hangs is not worth asking.
_FOR_SOME, _WORTH_ASKING = 0.3, 0.5
# What people ask for first counts by so much more.
_EARLIER = 0.5
_MOST_NAMED = 3
_OPENER = {
    Standing.REPEALED: "opener.repealed",
    Standing.NEWS_REPORT: "opener.news",
    Standing.TARGET_PERIOD_ENDED: "opener.ended",
}


def step(
    ask: Ask, memory: Memory, composer: Composer, desk: Desk, now: dt.datetime
) -> tuple[Reply, Memory]:
    """The next question of the interview in `memory`, or its result."""
    interview = memory.interview
    assert interview is not None  # noqa: S101 - only called while there is one
    region = memory.region
    if region is None:
        return _ask_region(memory, composer, desk, now)
    found = _looked_at(ask, interview, region, composer, desk)
    fact = _deciding(found, interview.asked, memory)
    if fact is not None and len(interview.asked) < MOST_QUESTIONS:
        if not interview.opened:
            _opening(found, region, memory, composer, desk)
        return _ask_fact(desk.words.facts[fact], found, memory, composer, desk, now)
    reply = result(found, region, memory.facts, composer, desk)
    return reply, replace(memory, interview=None, pending=None, checked=interview, misses=0)


def _looked_at(
    ask: Ask, interview: Interview, region: str, composer: Composer, desk: Desk
) -> list[Benefit]:
    """The benefits that the interview is about: what was just answered, while it is of this place,
    or all that could concern the person."""
    shown = [found for one in interview.only if (found := benefit_shown(one, ask.facts, desk))]
    places = desk.words.ancestors(region)
    if shown and all(one.entry.document.region in places for one in shown):
        return shown
    return benefits(ask, interview.topics, region, composer.as_of, desk)


def finished(memory: Memory, desk: Desk) -> Memory:
    """The memory of somebody who wants no more questions."""
    interview = memory.interview
    assert interview is not None  # noqa: S101 - only called while there is one
    everything = tuple(dict.fromkeys((*interview.asked, *desk.words.facts)))
    return replace(memory, pending=None, interview=replace(interview, asked=everything))


def reason(
    memory: Memory, composer: Composer, ask: Ask, desk: Desk
) -> tuple[Statement, tuple[str, ...]] | None:
    """Why the pending question is asked: the clause that wants to know, and what hangs on it."""
    pending, interview = memory.pending, memory.interview
    if pending is None or interview is None or memory.region is None:
        return None
    found = _looked_at(ask, interview, memory.region, composer, desk)
    for benefit in _waiting(found, pending.fact):
        step = next((s for s in benefit.determination.steps if _is_about(s, pending.fact)), None)
        if step is None:
            continue
        document = benefit.entry.document
        clause = composer.cite(document, step.clause, step.quote, benefit.entry.clause.heading)
        worth = say(f"standing.short.{standing(document, composer.as_of).value}")
        text = say("interview.reason", name=document.name, standing=worth, quote=step.quote)
        return Statement(text, clause), _named(_waiting(found, pending.fact), desk.words)
    return None


def _is_about(step: Step, fact: str) -> bool:
    return step.fact == fact and step.truth is Truth.UNKNOWN


def _waiting(found: Sequence[Benefit], fact: str) -> list[Benefit]:
    """The benefits that cannot be decided without `fact`, those for everybody first."""
    waiting = [benefit for benefit in found if fact in benefit.determination.missing]
    return sorted(waiting, key=lambda benefit: bool(benefit.entry.provision.groups))


def _named(found: Sequence[Benefit], words: Vocabulary) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words.topics[benefit.topic].label for benefit in found))


def _deciding(found: Sequence[Benefit], asked: Sequence[str], memory: Memory) -> str | None:
    """The fact that decides most for this person; None when nothing worth asking is left."""
    firm = role_of(memory) == "enterprise"  # what groups it hires from is no matter of chance
    weights: dict[str, float] = {}
    for place, benefit in enumerate(found):
        hers = _hers(benefit, memory)
        weight = 1 + _EARLIER * (1 - place / len(found))
        for fact in benefit.determination.missing:
            if fact not in asked:
                likely = hers and (firm or fact != "groups")
                weights[fact] = weights.get(fact, 0.0) + weight * (1.0 if likely else _FOR_SOME)
    best = max(weights, key=lambda fact: weights[fact], default=None)
    worth_it = best == "groups" or weights.get(best or "", 0.0) >= _WORTH_ASKING
    return best if worth_it else None


def _hers(benefit: Benefit, memory: Memory) -> bool:
    """Whether the benefit is for everybody, or for a group the person said to belong to; a firm or
    a household is told of all."""
    groups = frozenset(benefit.entry.provision.groups)
    known = memory.facts.get("groups")
    members = known.members if isinstance(known, Groups) else frozenset()
    return not groups or bool(groups & members) or role_of(memory) not in (None, "worker")


def _opening(
    found: Sequence[Benefit], region: str, memory: Memory, composer: Composer, desk: Desk
) -> None:
    """What there is at all, and what can be said already, before the first question."""
    most = MOST_QUESTIONS - len(memory.interview.asked if memory.interview else ())
    words = desk.words
    own = [one for one in found if _hers(one, memory)] or list(found)
    clauses = [clause for benefit in own for clause in composer.cite_entry(benefit.entry)]
    names = listed(_named(own, words))
    text = say("interview.opening", region=whose(own, region, words), names=names)
    composer.add("conclusion", Statement(text, tuple(dict.fromkeys(clauses))))
    settled = decided(own, memory.facts, composer, words)
    if settled:
        composer.add("detail", *settled)
    _worth(own, composer)
    composer.talk(say("interview.most", most=most))


def _worth(found: Sequence[Benefit], composer: Composer) -> None:
    """In a sentence what the documents are worth; the result says more."""
    clauses: dict[Standing, list[str]] = {}
    for benefit in found:
        worth = standing(benefit.entry.document, composer.as_of)
        clauses.setdefault(worth, []).extend(composer.cite_entry(benefit.entry))
    statements = []
    for worth, shown in clauses.items():
        short = say(f"standing.short.{worth.value}")
        text = say(_OPENER[worth]) if worth in _OPENER else say("interview.worth", standing=short)
        statements.append(Statement(text, tuple(dict.fromkeys(shown))))
    if composer.as_of != composer.today:
        text = say("standing.as_of", date=spoken_date(composer.as_of))
        statements.append(Statement(text, statements[0].clauses))
    composer.add("standing", *statements, heading=say("standing.heading"))


def _ask_region(
    memory: Memory, composer: Composer, desk: Desk, now: dt.datetime
) -> tuple[Reply, Memory]:
    interview = memory.interview
    assert interview is not None  # noqa: S101 - as in step
    composer.add("question", Statement(say("region.ask")))
    reply = composer.reply(Status.NEEDS_INFO, missing=("region",), options=places(desk))
    asked = tuple(dict.fromkeys((*interview.asked, "region")))
    pending = Pending("region", now, reply.options)
    return reply, replace(memory, pending=pending, interview=replace(interview, asked=asked))


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
    names = _named(_waiting(found, fact.id), desk.words)
    more = say("interview.more") if len(names) > _MOST_NAMED else ""
    why = say("interview.why", names=listed(names[:_MOST_NAMED]) + more)
    composer.add("question", Statement(say("interview.ask", question=asked.question, why=why)))
    reply = composer.reply(Status.NEEDS_INFO, missing=(fact.id,), options=options)
    memory = replace(
        memory,
        pending=Pending(fact.id, now, options),
        interview=replace(interview, asked=(*interview.asked, fact.id), opened=True),
    )
    return reply, memory


def options_for(
    fact: Fact, asked: AskedOf, determinations: Sequence[Determination], words: Vocabulary
) -> tuple[Option, ...]:
    """What may be tapped in answer to a question about `fact`; 不清楚 is always there, and last
    that no more is to be asked."""
    labels: dict[str, str] = {}  # what is said by what is shown
    if fact.type == "yes_no":
        labels = {text: text for text in (say("interview.yes"), say("interview.no"))}
    elif fact.type == "choice":
        labels = {text: text for text in asked.options.values()}
    elif fact.type == "groups":
        groups = [words.groups[g] for g in sorted(asked_groups(determinations, words))]
        labels = {group.asked: group.label for group in groups}
        labels[say("interview.none_of_them")] = say("interview.none_of_them")
    elif fact.type == "occupation":
        named = [words.occupations[o].label for o in _asked_occupations(determinations)]
        labels = {text: text for text in named}
    for text in (say("interview.dont_know"), say("interview.finish")):
        labels[text] = text
    return tuple(Option(label, sent) for label, sent in labels.items())


def asked_groups(determinations: Sequence[Determination], words: Vocabulary) -> frozenset[str]:
    """The groups that open conditions ask about; one within another that is asked about is left
    for later (建档立卡残疾人 within 残疾人)."""
    asked = frozenset(
        step.condition.includes
        for determination in determinations
        for step in determination.steps
        if step.condition.includes is not None and step.truth is Truth.UNKNOWN
    )
    return frozenset(one for one in asked if not (words.groups_above(one) - {one}) & asked)


def _asked_occupations(determinations: Sequence[Determination]) -> list[str]:
    named: list[str] = []
    for determination in determinations:
        for one in determination.steps:
            if one.fact == "occupation" and one.truth is Truth.UNKNOWN:
                named += _occupations(one.condition)
    return list(dict.fromkeys(named))[:8]


def _occupations(condition: Condition) -> list[str]:
    return condition.in_ or ([condition.is_] if isinstance(condition.is_, str) else [])


def offered_groups(fact: Fact, memory: Memory, words: Vocabulary) -> frozenset[str]:
    """The groups that stood among the options of the question now pending."""
    if fact.type != "groups" or memory.pending is None:
        return frozenset()
    sent = {option.send for option in memory.pending.options}
    return frozenset(g.id for g in words.groups.values() if g.label in sent)


def groups_meant(one: Understanding, offered: Collection[str], words: Vocabulary) -> Groups | None:
    """The groups a short answer names, by a name of theirs or a piece of the option's label."""
    said = one.text.strip("我是她他的，。！ ")
    named = {str(group) for group in one.values("group")}
    if len(said) > 1:
        named |= {group for group in offered if said in words.groups[group].asked}
    return Groups(frozenset(named)) if named else None


def put_again(memory: Memory, words: Vocabulary) -> Block:
    """The pending question once more, in its own words."""
    pending = memory.pending
    assert pending is not None  # noqa: S101 - only called while one is pending
    if pending.fact == "topic":
        return Block("question", (Statement(say("clarify.ask")),))
    fact = words.facts.get(pending.fact)
    question = fact.asked(role_of(memory)).question if fact else say("region.ask")
    return Block("question", (Statement(say("interview.resume", question=question)),))
