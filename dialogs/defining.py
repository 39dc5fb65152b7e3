"""什么是回炉: a trade word asked for by itself is explained first, in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from dialogs.composer import Composer
from dialogs.document_facts import Facts
from dialogs.follow_up import without_regions
from dialogs.reading import says
from dialogs.reply import Block, Reply, Statement, Status
from dialogs.wording import say, table
from knowledge.schema import Clause, Document
from knowledge.standing import exists
from knowledge.strict_yaml import read
from nlu.entities import facts_of
from nlu.understanding import Understanding

# What may be told of a person by a word that is only asked about.
_TELLING = frozenset(("group", "fact"))
# A sentence of a clause is longer than its heading, and shown up to so many characters.
_HEADING, _SHOWN = 22, 120


def word_asked(one: Understanding) -> str | None:
    """The word whose meaning the message asks for."""
    if not says("defines", without_regions(one).strip("，。？！的 ")):
        return None
    return next((word for word in _words() if word in one.text), None)


def defined(word: str, composer: Composer) -> Reply:
    """The word in plain words, and how a document defines it, or that none does."""
    composer.talk(say("definition", word=word, meaning=_words()[word]))
    where = _defined_by().get(word)
    found = composer.library.clause(where["clause"]) if where else None
    if where is None or found is None or not exists(found[1], composer.as_of):
        composer.talk(say("definition_none"))
        return composer.reply(Status.ANSWERED)
    clause, document = found
    cited = composer.cite(document, clause.id, where["quote"], clause.heading)
    text = say("definition_given", name=document.name, quote=where["quote"])
    composer.add("quotation", Statement(text, cited))
    composer.standings(Facts(composer, document).entries())
    return composer.reply(Status.ANSWERED)


def as_used(word: str, intent: str, around: Sequence[str], composer: Composer) -> Reply | None:
    """A sentence of a document of the areas `around` that uses the word; of any area where that is
    empty. None where no one area's documents do."""
    found = composer.library.documents(around or None)
    documents = [document for document in found if exists(document, composer.as_of)]
    documents.sort(key=lambda document: document.programme != intent)
    uses = [use for document in documents if (use := _use(word, document, composer))]
    if not uses or (not around and len({document.region for document, _, _ in uses}) > 1):
        return None
    document, clause, sentence = uses[0]
    cited = composer.cite(document, clause.id, sentence, clause.heading)
    text = say("search.quote", name=document.name, quote=sentence)
    composer.add("quotation", Statement(text, cited))
    composer.standings(Facts(composer, document).entries())
    return composer.reply(Status.ANSWERED, intent=intent)


def _use(word: str, document: Document, composer: Composer) -> tuple[Document, Clause, str] | None:
    """The clause of the document that uses the word most, and its sentence that does."""
    found = composer.library.document(document.id)
    clauses = [clause for clause in found[2] if word in clause.text] if found else []
    if not clauses:
        return None
    clause = max(clauses, key=lambda one: one.text.count(word))
    sentences = [one for one in re.split("[。；]", clause.text) if word in one]
    sentence = next((one for one in sentences if len(one) > _HEADING), sentences[0])
    if len(sentence) > _SHOWN:
        start = sentence.rfind("，", 0, max(0, sentence.index(word) - _SHOWN // 3)) + 1
        shown = sentence[start : start + _SHOWN].rpartition("，")[0]
        alone = next(part for part in sentence.split("，") if word in part)
        sentence = shown if word in shown else alone
    return document, clause, sentence


def led_by(definition: Reply, answer: Reply) -> Reply:
    """The answer from the documents below the explanation; of several places only the question
    which is meant."""
    if answer.status is Status.NEEDS_INFO:
        asked = tuple(block for block in answer.blocks if block.kind == "question")
        blocks = (*definition.blocks, *asked)
        return replace(answer, blocks=blocks, citations=definition.citations)
    told = {one.document_id for one in answer.citations}
    lead = definition.blocks
    if {one.document_id for one in definition.citations} <= told:  # what it is worth comes below
        lead = tuple(block for block in lead if block.kind != "standing")
    used = Block("talk", (Statement(say("definition_used")),))
    citations = tuple(dict.fromkeys((*definition.citations, *answer.citations)))
    return replace(answer, blocks=(*lead, used, *answer.blocks), citations=citations)


def without_word(word: str, one: Understanding) -> Understanding:
    """The question without what the word itself would tell: who asks what 灵活就业 means is no such
    worker."""
    kept = tuple(
        e for e in one.entities if e.kind not in _TELLING or not (e.text in word or word in e.text)
    )
    return replace(one, entities=kept, facts=facts_of(kept))


@cache
def _defined_by() -> dict[str, dict[str, str]]:
    """Where a document itself says what a word means, by the word."""
    data: dict[str, dict[str, str]] = read(Path(__file__).with_name("definitions.yaml")).data
    return data


@cache
def _words() -> dict[str, str]:
    """The words that can be explained, longest first."""
    words = {**table("gloss"), **table("terms")}
    return {word: words[word] for word in sorted(words, key=len, reverse=True)}
