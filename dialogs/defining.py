"""什么是回炉: a trade word asked for by itself is explained first, in plain words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from dialogs.composer import Composer
from dialogs.document_facts import Facts
from dialogs.reading import says
from dialogs.reply import Block, Reply, Statement, Status
from dialogs.wording import say, table
from knowledge.schema import Clause, Document
from knowledge.standing import exists
from nlu.understanding import Understanding

# A sentence of a clause is longer than its heading, and shown up to so many characters.
_HEADING, _SHOWN = 22, 120


def word_asked(one: Understanding) -> str | None:
    """The word whose meaning the message asks for."""
    if not says("defines", one.text):
        return None
    return next((word for word in _words() if word in one.text), None)


def defined(word: str) -> Reply:
    """The explanation of the word."""
    text = say("definition", word=word, meaning=_words()[word])
    return Reply(Status.ANSWERED, (Block("talk", (Statement(text),)),))


def as_used(word: str, intent: str, around: Sequence[str], composer: Composer) -> Reply | None:
    """The explanation, and a sentence of a document of the areas `around` that uses the word; of
    any area where that is empty. None where no one area's documents do."""
    found = composer.library.documents(around or None)
    documents = [document for document in found if exists(document, composer.as_of)]
    documents.sort(key=lambda document: document.programme != intent)
    uses = [use for document in documents if (use := _use(word, document, composer))]
    if not uses or (not around and len({document.region for document, _, _ in uses}) > 1):
        return None
    document, clause, sentence = uses[0]
    cited = composer.cite(document, clause.id, sentence, clause.heading)
    composer.blocks += defined(word).blocks
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
        return replace(answer, blocks=(*definition.blocks, *asked), citations=())
    used = Block("talk", (Statement(say("definition_used")),))
    return replace(answer, blocks=(*definition.blocks, used, *answer.blocks))


@cache
def _words() -> dict[str, str]:
    """The words that can be explained, longest first."""
    words = {**table("gloss"), **table("terms")}
    return {word: words[word] for word in sorted(words, key=len, reverse=True)}
