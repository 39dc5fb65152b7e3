"""什么是回炉: a trade word asked for by itself is explained first, in plain words."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from dialogs.reading import says
from dialogs.reply import Block, Reply, Statement, Status
from dialogs.wording import say, table
from nlu.understanding import Understanding


def defined(one: Understanding) -> Reply | None:
    """The explanation of the word that the message asks for; None where it asks for no word."""
    if not says("defines", one.text):
        return None
    word = next((word for word in _words() if word in one.text), None)
    if word is None:
        return None
    text = say("definition", word=word, meaning=_words()[word])
    return Reply(Status.ANSWERED, (Block("talk", (Statement(text),)),))


def led_by(definition: Reply, answer: Reply) -> Reply:
    """The answer from the documents below the explanation; of several places only the question
    which is meant."""
    if answer.status is Status.NEEDS_INFO:
        asked = tuple(block for block in answer.blocks if block.kind == "question")
        return replace(answer, blocks=(*definition.blocks, *asked), citations=())
    if not answer.citations:
        return definition
    used = Block("talk", (Statement(say("definition_used")),))
    return replace(answer, blocks=(*definition.blocks, used, *answer.blocks))


@cache
def _words() -> dict[str, str]:
    """The words that can be explained, longest first."""
    words = {**table("gloss"), **table("terms")}
    return {word: words[word] for word in sorted(words, key=len, reverse=True)}
