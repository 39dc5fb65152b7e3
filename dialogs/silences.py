"""What a document does not give, as it declares it (`silent_on`)."""

from __future__ import annotations

from dialogs.asking import Ask
from dialogs.composer import Composer
from dialogs.reply import Statement
from dialogs.select import words_of
from knowledge.schema import Document
from nlu.understanding import Aspect

# A silence is named by a question that shares so many words with it.
_NAMED = 3


def silent_on(ask: Ask, document: Document, aspect: Aspect, composer: Composer) -> list[Statement]:
    """The document's declared silences about what is asked, the nearest first; one alone where
    the question shares words with none."""
    found = sorted(
        (-len(ask.words & words_of(silence.says)), index, silence)
        for index, silence in enumerate(document.silent_on)
        if silence.topic in ask.topics and aspect in silence.aspects
    )
    bearing = [silence for shared, _, silence in found if shared]
    return [
        composer.silence(document, silence)
        for silence in bearing or [silence for _, _, silence in found[:1]]
    ]


def silent_in_words(ask: Ask, document: Document, composer: Composer) -> list[Statement]:
    """The declared silences that the question names in so many words (每次还是每月), or by what
    is to be counted (几颗星)."""
    counted = [f"{some}{one}" for one in ask.counted for some in ("几", "多少")]
    return [
        composer.silence(document, silence)
        for silence in document.silent_on
        if silence.topic in ask.topics
        and (
            len(ask.words & words_of(silence.says)) >= _NAMED
            or any(one in silence.says for one in counted)
        )
    ]
