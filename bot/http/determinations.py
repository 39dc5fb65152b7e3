"""`POST /api/v1/determinations`: which benefits are somebody's, which are not, what is still open.

The same rules and the same choice of benefits as the interview of the conversation.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from bot.app import App
from bot.http.access import NEEDS_KEY, Access
from bot.http.told import Area, FactsTold, contradiction, facts_of, one_of
from bot.http.wire import Day, Named
from bot.problems import invalid
from dialogs.asking import Ask
from dialogs.benefits import Benefit, benefits, topics_for
from dialogs.conditions import describe, explain
from dialogs.desk import Desk
from dialogs.text import clause_name
from dialogs.verdicts import NOT_YET
from dialogs.wording import say, say_in
from knowledge.library import Entry
from knowledge.schema import Amount, Document
from knowledge.standing import china_day, standing
from knowledge.vocabulary import Vocabulary, vocabulary

Outcome = Literal["met", "not_met", "unknown"]
_Topic = one_of(vocabulary().topics)

_EXAMPLE: dict[str, JsonValue] = {
    "region": "140400",
    "topics": ["social_insurance_subsidy"],
    "facts": {
        "role": "worker",
        "employer_type": "employee_model",
        "labour_contract": True,
        "groups": {"members": ["rural_labourer"], "excluded": ["veteran"]},
    },
    "as_of": "2024-06-01",
}


class Asked(BaseModel):
    """Somebody, somewhere, on a day. Without topics: all that may concern the role in `facts`
    (a worker's, where it holds none). At most three topics bring several benefits of each."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})

    region: Area
    topics: Annotated[list[_Topic], Field(max_length=40)] = []  # type: ignore[valid-type]
    facts: FactsTold = Field(default_factory=FactsTold)  # type: ignore[valid-type]
    as_of: Day | None = None


class SentStep(BaseModel):
    """One condition. `wanted` is false where the person does best with it not met. Without a fact
    the document names the condition and does not define it: no answer can settle it."""

    text: str
    outcome: Outcome
    wanted: bool
    fact: str | None
    clause: str
    quote: str


class Reason(BaseModel):
    """The outcome in a plain sentence, and the clauses it rests on."""

    text: str
    clauses: list[str]


class SentAmount(BaseModel):
    """`given`: `value` in `unit`, which `bound` tells to be exact, a floor or a ceiling; `free`;
    `not_given`: named without an amount; `set_elsewhere`: `text` names where."""

    of: str
    state: Literal["given", "free", "not_given", "set_elsewhere"]
    text: str | None
    value: float | None
    unit: str | None
    bound: Literal["exactly", "at_least", "at_most", "over", "under"]
    per: str | None
    until: dt.date | None


class Silent(BaseModel):
    """What people ask of this topic and the document does not say; `clause` is where it would."""

    aspects: list[str]
    text: str
    clause: str


class SentBenefit(BaseModel):
    """A provision and what is decided about it.

    `outcome` is about its conditions only. `gives` is false where the document only studies,
    strives or encourages, and so gives nothing yet, however well the conditions are met; `verb` is
    its own word for it. Whether the document still counts is its `standing`. An empty `amounts`
    with a silence on `amount` means that the document gives none.
    """

    provision: str
    topic: Named
    outcome: Outcome
    gives: bool
    says: str
    verb: str
    strength: str | None
    binding: str | None
    conditions_named: bool
    steps: list[SentStep]
    reasons: list[Reason]
    missing: list[str]
    unspecified: list[str]
    amounts: list[SentAmount]
    silences: list[Silent]
    accepts: list[str]
    leads: list[str]
    clause: str
    clause_name: str
    quote: str
    document: Named
    doc_no: str | None
    standing: str
    standing_text: str


class Determined(BaseModel):
    """The benefits of the area, those met first. `missing` are the facts that could still change an
    outcome, the one that decides most first. `covered` is false where the library has no document
    of the area or of one it lies in: then nothing is known, which is not a no."""

    release: str | None
    as_of: dt.date
    region: Named
    covered: bool
    benefits: list[SentBenefit]
    missing: list[str]


def router(app: App, access: Access) -> APIRouter:
    """The route; it needs a key."""
    routes = APIRouter(tags=["determinations"], dependencies=[*NEEDS_KEY])
    words, library = app.conversation.words, app.library

    @routes.post("/determinations", dependencies=[Depends(access.with_key)])
    def determine(asked: Asked) -> Determined:
        """Decide. Nothing of the request is kept."""
        facts = facts_of(asked.facts)
        if (both := contradiction(facts, words)) is not None:
            raise invalid(**{"facts.groups": both})
        today = china_day(app.conversation.now())
        day = asked.as_of or today
        role = facts.get("role")
        topics = tuple(dict.fromkeys(asked.topics)) or topics_for(
            role if isinstance(role, str) else None
        )
        ask = Ask("", {topics[0]: 1.0}, frozenset(), facts)
        found = benefits(ask, topics, asked.region, day, Desk(library, words, today))
        waited_for = Counter(fact for one in found for fact in one.determination.missing)
        order = ("met", "unknown", "not_met")
        sent = [_benefit(one, day, words) for one in found]
        release = library.release()
        return Determined(
            release=release.id if release else None,
            as_of=day,
            region=Named(id=asked.region, name=words.regions[asked.region].label),
            covered=bool(library.documents(words.ancestors(asked.region))),
            benefits=sorted(sent, key=lambda one: order.index(one.outcome)),
            missing=[fact for fact, _count in waited_for.most_common()],
        )

    return routes


def _benefit(benefit: Benefit, day: dt.date, words: Vocabulary) -> SentBenefit:
    entry, decided = benefit.entry, benefit.determination
    provision, document = entry.provision, entry.document
    strength = words.strength_of(provision.strength)
    worth = standing(document, day)
    return SentBenefit(
        provision=provision.id,
        topic=Named(id=benefit.topic, name=words.topics[benefit.topic].label),
        outcome=decided.outcome.value,
        gives=strength is None or strength.id not in NOT_YET,
        says=provision.says,
        verb=provision.strength,
        strength=strength.id if strength else None,
        binding=strength.binding.format(verb=provision.strength) if strength else None,
        conditions_named=provision.when is not None,
        steps=[
            SentStep(
                text=describe(step.condition, words),
                outcome=step.truth.value,
                wanted=step.wanted,
                fact=step.fact,
                clause=step.clause,
                quote=step.quote,
            )
            for step in decided.steps
        ],
        reasons=[Reason(text=text, clauses=list(at)) for text, at in explain(decided, words)],
        missing=list(decided.missing),
        unspecified=list(decided.unspecified),
        amounts=[_amount(amount) for amount in provision.amounts],
        silences=_silences(document, benefit.topic),
        accepts=provision.agencies.accepts if provision.agencies else [],
        leads=provision.agencies.lead if provision.agencies else [],
        **_where(entry),
        document=Named(id=document.id, name=document.name),
        doc_no=document.doc_no,
        standing=worth.value,
        standing_text=say(f"standing.short.{worth.value}"),
    )


def _where(entry: Entry) -> dict[str, str]:
    clause = entry.provision.clause
    return {"clause": clause, "clause_name": clause_name(clause), "quote": entry.provision.quote}


def _amount(amount: Amount) -> SentAmount:
    return SentAmount.model_validate(amount.model_dump())


def _silences(document: Document, topic: str) -> list[Silent]:
    return [
        Silent(
            aspects=list(silence.aspects),
            text=say_in(document, "detail.silence", says=silence.says),
            clause=silence.clause,
        )
        for silence in document.silent_on
        if silence.topic == topic
    ]
