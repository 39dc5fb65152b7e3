"""Questions about the documents themselves: 文号, who issued it, when, its name, whether it counts.

They are answered from a document's head (`document_facts.py`), never from the provisions that come
nearest to the words. What is asked, and that it is of a document, is known by the patterns of
`about_document.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from dialogs.composer import Composer
from dialogs.concern import topics_named
from dialogs.desk import Desk, covered, outside
from dialogs.document_facts import Facts
from dialogs.follow_up import is_follow_up
from dialogs.memory import Memory, Subject
from dialogs.reply import Block, Reply, Statement, Status
from dialogs.wording import say, spoken_date
from knowledge.schema import Document
from knowledge.standing import exists, standing
from knowledge.strict_yaml import read
from nlu.understanding import Understanding

TOPIC = "document_info"
# From here on the engine is sure that the question is about a document, or about something else.
_SURE, _ELSE = 0.5, 0.6
# From here on a topic may be the one whose programme's document is meant.
_LIKELY = 0.15
_MOST_ASKED = 3
# The answer to it is a summary of all that is asked of a document's worth.
_WORTH = frozenset(("repeal", "expiry", "validity"))


@dataclass(frozen=True)
class Asked:
    """What a message asks of the documents: `kinds` are keys of `about_document.yaml`."""

    kinds: tuple[str, ...]
    of_all: bool = False


def about_document(
    one: Understanding, memory: Memory, composer: Composer, desk: Desk
) -> tuple[Reply, Memory] | None:
    """The turn of a question about documents; None when the message asks something else."""
    asked = _asked(one, memory, desk)
    if asked is None:
        return None
    reply = _all(asked.kinds[0], one, composer, desk) if asked.of_all else None
    if reply is None:
        reply = _one(asked, one, memory, composer, desk)
        before = memory.subject
        if before is None or before.intent == TOPIC:
            question = one.text if before is None or _kinds(one.text) else before.question
            memory = memory.asks(Subject(TOPIC, {TOPIC: 1.0}, question, one.aspects))
    return replace(reply, intent=TOPIC, confidence=one.confidence), replace(memory, misses=0)


# --- what is asked -------------------------------------------------------------------------------


@cache
def _patterns() -> dict[str, Any]:
    data: dict[str, Any] = read(Path(__file__).with_name("about_document.yaml")).data
    return data


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _says(pattern: str, text: str) -> bool:
    return _pattern(pattern).search(text) is not None


def _kinds(text: str) -> tuple[str, ...]:
    """What `text` asks of one document; of several ways to ask for its worth the plainest."""
    found = [kind for kind, cues in _patterns()["of_one"].items() if _says(cues, text)]
    if "basis" in found:
        return ("basis",)
    worth = [kind for kind in found if kind in _WORTH][1:]
    return tuple(kind for kind in found if kind not in worth)[:_MOST_ASKED]


def _asked(one: Understanding, memory: Memory, desk: Desk) -> Asked | None:
    text, patterns = one.text, _patterns()
    other = one.intent != TOPIC and one.confidence >= _ELSE
    of_a_topic = other and one.intent in desk.words.topics
    for kind, cues in patterns["of_all"].items():
        if not of_a_topic and _says(cues, text):
            return Asked((kind,), of_all=True)
    kinds = _kinds(text)
    going_on = memory.subject is not None and memory.subject.intent == TOPIC
    if not kinds and going_on and memory.subject is not None and is_follow_up(one):
        kinds = _kinds(memory.subject.question)
        return Asked(kinds) if kinds else None
    sure = one.intent == TOPIC and one.confidence >= _SURE
    if sure or going_on or _says(patterns["unmistakable"], text):
        return Asked(kinds) if kinds else None
    if other:
        near = rf"(?:{patterns['named']})[^，。]{{0,4}}?(?:"
        cues = patterns["of_one"]
        kinds = tuple(kind for kind in kinds if _says(f"{near}{cues[kind]})", text))
    elif not _says(patterns["document"], text) and not one.values("document"):
        return None
    return Asked(kinds) if kinds else None


# --- the answers ---------------------------------------------------------------------------------


def _one(asked: Asked, one: Understanding, memory: Memory, composer: Composer, desk: Desk) -> Reply:
    """What is asked of the document meant, or of each that may be."""
    place = next((str(code) for code in one.values("region")), None)
    documents = _meant(one, memory, place, composer, desk)
    if not documents:
        return _outside(place or memory.region, composer, desk)
    if len(documents) > 1:
        return _of_each(asked, documents, composer)
    facts = Facts(composer, documents[0])
    kinds = (*asked.kinds, *(["date"] if _by_its_page(one, documents[0]) else []))
    said = [statement for kind in kinds for statement in facts.of(kind)]
    composer.add("conclusion", *dict.fromkeys(said))
    if place and place != documents[0].region:
        _whose(documents[0], place, composer, desk)
    parts = _parts(documents[0], desk) if _WORTH.intersection(kinds) else []
    shown = [one.document_id for one in composer.citations.values()]
    beside = [d for d in desk.library.documents() if d.id in (*shown, *parts)]
    composer.standings([e for d in (documents[0], *beside) for e in Facts(composer, d).entries()])
    return composer.reply(Status.ANSWERED)


def _meant(
    one: Understanding, memory: Memory, place: str | None, composer: Composer, desk: Desk
) -> list[Document]:
    """The document asked about: the one named, that of the place named, that of the last answer,
    that of the person's place; else each of the library."""
    live = [d for d in desk.library.documents() if exists(d, composer.as_of)]
    here = [d for d in live if place is None or d.region in desk.words.ancestors(place)]
    plans_named = topics_named(one.text, desk.words)
    if by_name := [d for d in here if d.programme in plans_named]:
        return by_name[:1]
    likely = [score.intent for score in one.ranking if score.confidence >= _LIKELY]
    if of_topic := [d for d in here if d.programme in likely]:
        return sorted(of_topic, key=lambda d: likely.index(str(d.programme)))[:1]
    if named := [document for document in here if document.id in one.values("document")]:
        return named
    by_id = {document.id: document for document in live}
    if place is None and memory.shown and memory.shown[0].document in by_id:
        return [by_id[memory.shown[0].document]]
    if (region := place or memory.region) is not None:
        return _of_place(region, live, desk)
    return [document for document in live if document.part_of is None]


def _by_its_page(one: Understanding, document: Document) -> bool:
    """Whether the document is called by the year in which it was put on the web (2023年那个)."""
    issued, published = document.issued_on, document.published_on
    if issued is None or published is None or issued.year == published.year:
        return False
    return any(str(value)[:4] == str(published.year) for value in one.values("date"))


def _parts(document: Document, desk: Desk) -> list[str]:
    """The plans for domestic service that were issued with a covering notice."""
    around = desk.library.documents([document.region])
    return [one.id for one in around if one.part_of == document.id and one.programme is None]


def _of_place(region: str, live: Sequence[Document], desk: Desk) -> list[Document]:
    """The documents of the nearest area around the place, else those of areas inside it."""
    whole = [document for document in live if document.part_of is None]
    for code in desk.words.ancestors(region):
        if found := [document for document in whole if document.region == code]:
            return found
    inside = set(desk.words.descendants(region))
    return [document for document in whole if document.region in inside]


def _of_each(asked: Asked, documents: Sequence[Document], composer: Composer) -> Reply:
    composer.talk(say("about.which"))
    for document in documents:
        facts = Facts(composer, document)
        for statement in facts.in_short(asked.kinds[0]):
            name = f"{_place(document, composer)}《{document.name}》"
            text = say(
                "about.line",
                name=name,
                said=statement.text.rstrip("。"),
                standing=_short(document, composer),
            )
            composer.add("detail", Statement(text, statement.clauses))
    return composer.reply(Status.ANSWERED)


def _all(kind: str, one: Understanding, composer: Composer, desk: Desk) -> Reply | None:
    """What is asked of us, or of all the documents there are."""
    if kind == "accuracy":
        block = Block("talk", (Statement(say("about.accuracy")),))
        return Reply(Status.ANSWERED, (block,))
    live = [d for d in desk.library.documents() if exists(d, composer.as_of)]
    place = next((str(code) for code in one.values("region")), None)
    here = _of_place(place, live, desk) if place else []
    documents = here or [document for document in live if document.part_of is None]
    if not documents:
        return None
    if here:
        parts = {document.id for document in here}
        documents = [d for d in live if d.id in parts or d.part_of in parts]
    verified = spoken_date(min(document.last_verified_on for document in documents))
    name = desk.words.regions[place].label if place and here else ""
    key = "data_age" if kind == "data_age" else "list_here" if here else "list"
    composer.talk(say(f"about.{key}", count=len(documents), verified=verified, name=name))
    for document in documents:
        facts = Facts(composer, document)
        text = say(
            "about.listed",
            name=_place(document, composer),
            title=document.name,
            issued=facts.issued(),
            standing=_short(document, composer),
        )
        composer.add("detail", Statement(text, facts.head()))
    return composer.reply(Status.ANSWERED)


def _outside(region: str | None, composer: Composer, desk: Desk) -> Reply:
    if region is not None:
        composer.talk(outside(region, desk.words))
    composer.talk(say("region.covered", names=covered(desk)))
    return composer.reply(Status.NOT_COVERED)


def _whose(document: Document, place: str, composer: Composer, desk: Desk) -> None:
    """That the document is a wider or a smaller area's than the one asked about."""
    regions = desk.words.regions
    asked, name = regions[place].label, regions[document.region].label
    if document.region in desk.words.ancestors(place):
        statement = composer.blocks[0].statements[0]
        text = say("region.parent", name=name, asked=asked)
        composer.add("conclusion", Statement(text, statement.clauses))
    else:
        whole = f"全{asked[-1]}" if asked[-1] in "省市区县旗" else ""
        text = say("region.child_only", asked=asked, whole=whole, names=name)
        composer.blocks.insert(0, Block("talk", (Statement(text),)))


def _place(document: Document, composer: Composer) -> str:
    return composer.words.regions[document.region].short


def _short(document: Document, composer: Composer) -> str:
    return say(f"standing.short.{standing(document, composer.as_of).value}")
