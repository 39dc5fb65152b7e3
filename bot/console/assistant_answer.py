"""The answer that an operator sees: the bot's own, taken apart for somebody on the telephone.

The same conversation, library and rules as for everybody; nothing is stored, and no staff but the
one who asks sees it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.app import App
from bot.console.assistant_call import REGION, Call, facts_of, fields_of, without
from bot.console.assistant_checklist import Checklist, checklist
from bot.console.assistant_spoken import read_aloud, text_message
from bot.console.library_words import marked
from bot.console.wording import say
from dialogs.asking import Ask
from dialogs.benefits import benefits
from dialogs.desk import Desk
from dialogs.handoff import Staffing
from dialogs.interview import role_of
from dialogs.memory import Memory
from dialogs.policy import answer as policy_answer
from dialogs.reply import Message, Option, Reply, Status
from dialogs.text import as_text, clause_name
from knowledge.library import Entry, Library
from knowledge.schema import Document
from knowledge.standing import Standing, china_day, standing
from knowledge.vocabulary import Vocabulary
from nlu.understanding import Score, Understanding

# Below this the operator is shown what else may have been meant.
_CERTAIN = 0.6
_MOST_NEAR = 3
_LEAST_NEAR = 0.02
_MOST_CHECKED = 8
_MOST_REGIONS = 12
_NO_ANSWER = frozenset((Status.CLARIFY, Status.NOT_COVERED, Status.OUT_OF_SCOPE, Status.FAILED))
_CHECKING = frozenset(("permit_verification", "my_permit"))


@dataclass(frozen=True)
class Near:
    """A subject that may have been meant."""

    topic: str
    label: str
    percent: int


@dataclass(frozen=True)
class Worth:
    """A standing, and the documents that have it."""

    standing: Standing
    documents: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """A clause with the words the answer rests on marked."""

    clause: str
    name: str
    heading: str
    document: Document
    standing: Standing
    quote: str
    parts: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Elsewhere:
    """What the same question gets in another area."""

    region: str
    name: str
    says: str
    standing: Standing | None


@dataclass(frozen=True)
class Answer:
    """Everything the page shows of one question. `lead` is the conclusion, `rest` what follows."""

    call: Call
    reply: Reply
    lead: tuple[str, ...]
    understood: Understanding | None
    topic: str
    region: str
    region_name: str
    day: dt.date
    worths: tuple[Worth, ...]
    aloud: str
    whole: str
    sms: str
    options: tuple[Option, ...]
    sure: float | None  # of the subject; None where it was not in question
    near: tuple[Near, ...]
    check: Checklist
    sources: tuple[Source, ...]
    elsewhere: tuple[Elsewhere, ...]
    missed: bool
    permit: bool


@dataclass(frozen=True)
class Wish:
    """What is asked of a call besides its question."""

    as_of: dt.date | None = None
    accept: bool = False
    compare: bool = False


def answered(app: App, call: Call, wish: Wish) -> Answer:
    """The answer to `call.question`, given what the call tells."""
    conversation = app.conversation
    words, now = conversation.words, conversation.now()
    day = wish.as_of or china_day(now)
    library = app.library.pinned()
    heard: list[Understanding] = []

    def understand(text: str) -> list[Understanding]:
        found = [without(one, call.ticked) for one in conversation.understand(text)]
        if call.meant:
            found = [replace(one, ranking=_meant(one, call.meant)) for one in found]
        heard.extend(found)
        return found

    memory = replace(call.before, people={}).learn(facts_of(call.told, words), now, "answered")
    ours = replace(
        conversation,
        library=library,
        understand=understand,
        permits=None,  # checked on a page of its own
        staffing=lambda _channel: Staffing(),
    )
    message = Message(call.question, conversation="call", channel="console")
    reply, after = ours.converse(message, memory, wish.as_of)

    desk = Desk(library, words, china_day(now))
    fields = fields_of(after.facts)
    region = after.region or ""
    entries = _entries(reply, memory, after, day, desk)
    check = checklist(entries, after.facts, fields, role_of(after), words)
    if "region" in reply.missing and not check.ask_next:
        check = replace(check, ask_next=say("assistant.ask_region"), ask_why="")
    one = heard[-1] if heard else None
    topic = after.subject.intent if after.subject and reply.intent == after.subject.intent else ""
    # A follow-up (那长治呢) takes its subject from the question before: nothing to be unsure of.
    sure = one.confidence if one is not None and one.intent in (reply.intent, call.meant) else None
    permit = reply.intent in _CHECKING
    lead = (say("assistant.permit"),) if permit else _lead(reply)
    near = _near(one, reply, sure, words)
    twice = {found.label for found in near}  # what the bot asks back about, with a percentage too
    return Answer(
        call=call.answered(after, fields, wish.accept),
        reply=reply,
        lead=lead,
        understood=one,
        topic=words.topics[topic].label if topic else "",
        region=region,
        region_name=words.regions[region].label if region else "",
        day=day,
        worths=_worths(reply, entries, day),
        aloud=read_aloud(reply),
        whole=as_text(replace(reply, options=())),
        sms=text_message(reply),
        options=tuple(
            option for option in reply.options if not check.controls and option.label not in twice
        ),
        sure=sure,
        near=near,
        check=check,
        sources=_sources(reply, entries, day, library),
        elsewhere=_elsewhere(after, region, day, desk) if wish.compare and topic else (),
        missed=not permit
        and (reply.status in _NO_ANSWER or (sure is not None and sure < _CERTAIN)),
        permit=permit,
    )


def _meant(one: Understanding, topic: str) -> tuple[Score, ...]:
    """The ranking with `topic` for certain, the others behind it."""
    return (Score(topic, 1.0), *(score for score in one.ranking if score.intent != topic))


def _lead(reply: Reply) -> tuple[str, ...]:
    """The conclusion, or what stands in its place."""
    for kind in ("conclusion", "verdict"):
        for block in reply.blocks:
            if block.kind == kind:
                return tuple(statement.text for statement in block.statements)
    return tuple(statement.text for block in reply.blocks[:1] for statement in block.statements)


def _entries(
    reply: Reply, memory: Memory, after: Memory, day: dt.date, desk: Desk
) -> list[tuple[str, Entry]]:
    """The provisions to be determined, each with its topic: the interview's benefits, or those the
    answer rests on that name conditions."""
    interview = after.interview or memory.interview
    if interview is not None and after.region is not None:
        ask = Ask("", {interview.topics[0]: 1.0}, frozenset(), after.facts)
        found = benefits(ask, interview.topics, after.region, day, desk)
        order = ("met", "unknown", "not_met")
        found.sort(key=lambda one: order.index(one.determination.outcome.value))
        return [(one.topic, one.entry) for one in found[:_MOST_CHECKED]]
    cited = {(one.clause, one.quote): place for place, one in enumerate(reply.citations)}
    entries: dict[str, tuple[int, Entry]] = {}
    for document in dict.fromkeys(citation.document_id for citation in reply.citations):
        whole = desk.library.document(document)
        for entry in whole[1] if whole else ():
            place = cited.get((entry.provision.clause, entry.provision.quote))
            if place is not None:
                entries[entry.provision.id] = (place, entry)
    in_order = [entry for _, entry in sorted(entries.values(), key=lambda pair: pair[0])]
    # What is for others than the one who asks has conditions that nobody need tick.
    first: set[str] = set(in_order[0].provision.audience) if in_order else set()
    told = role_of(after)
    mine = {told} if told else {"worker"} & first or first
    kept = [
        (entry.provision.topics[0], entry)
        for entry in in_order
        if entry.provision.when is not None
        and (entry is in_order[0] or mine.intersection(entry.provision.audience))
    ]
    return kept[:_MOST_CHECKED]


def _sources(
    reply: Reply, entries: Sequence[tuple[str, Entry]], day: dt.date, library: Library
) -> tuple[Source, ...]:
    """The clauses that the answer and its determinations rest on."""
    quotes: dict[str, list[str]] = {}
    for citation in reply.citations:
        quotes.setdefault(citation.clause, []).append(citation.quote)
    for _, entry in entries:
        quotes.setdefault(entry.provision.clause, []).append(entry.provision.quote)
    sources = []
    for clause_id, said in quotes.items():
        found = library.clause(clause_id)
        if found is None:
            continue
        clause, document = found
        name, worth = clause_name(clause_id), standing(document, day)
        parts = marked(clause.text, said)
        sources.append(Source(clause_id, name, clause.heading, document, worth, said[0], parts))
    return tuple(sources)


def _worths(reply: Reply, entries: Sequence[tuple[str, Entry]], day: dt.date) -> tuple[Worth, ...]:
    """What the documents are worth that the answer and its determinations rest on."""
    names: dict[Standing, dict[str, None]] = {}
    for citation in reply.citations:
        names.setdefault(citation.standing, {})[citation.document] = None
    for _, entry in entries:
        names.setdefault(standing(entry.document, day), {})[entry.document.name] = None
    return tuple(Worth(worth, tuple(documents)) for worth, documents in names.items())


def _near(
    one: Understanding | None, reply: Reply, sure: float | None, words: Vocabulary
) -> tuple[Near, ...]:
    """What else may have been meant, where that is in doubt."""
    lost = reply.status in _NO_ANSWER
    if one is None or not (lost or (sure is not None and sure < _CERTAIN)):
        return ()
    found = [
        Near(score.intent, words.topics[score.intent].label, round(score.confidence * 100))
        for score in one.ranking
        if score.intent in words.topics
        and (lost or score.intent != reply.intent)
        and score.confidence >= _LEAST_NEAR
    ]
    return tuple(found[:_MOST_NEAR])


def _elsewhere(after: Memory, region: str, day: dt.date, desk: Desk) -> tuple[Elsewhere, ...]:
    """The same question for every other area whose documents speak of it."""
    subject = after.subject
    assert subject is not None  # noqa: S101 - asked only where there is a topic
    facts = {name: value for name, value in after.facts.items() if name != REGION}
    ask = Ask(subject.question, subject.topics, subject.aspects, facts, subject.sure)
    found = []
    others = [code for code in desk.library.topic_regions(subject.intent) if code != region]
    for code in others[:_MOST_REGIONS]:
        reply = policy_answer(ask, [code], day, desk)
        worth = reply.citations[0].standing if reply.citations else None
        says = "".join(_lead(reply))
        found.append(Elsewhere(code, desk.words.regions[code].label, says, worth))
    return tuple(found)
