"""How strongly a phrase speaks: which hedges hold it down.

研究给予补贴 is a study, not a grant; 按规定给予 is a grant by other rules. A hedge governs its own
phrase, from the punctuation before it. Nouns made with such a verb (支持力度, 扶持政策) hedge
nothing: knowledge/vocabulary/strengths.yaml lists them.
"""

from __future__ import annotations

import re
from functools import cache

from knowledge.vocabulary import Strength, Vocabulary

_PHRASE_STARTS = "，。；：、！？（”"


def phrase_of(text: str, quote: str) -> str:
    """The quote with what stands before it in its own phrase, where a hedge would be."""
    start = text.find(quote)
    if start < 0:
        return quote
    end = start + len(quote)
    while start > 0 and text[start - 1] not in _PHRASE_STARTS:
        start -= 1
    return text[start:end]


def verbs_of(phrase: str, words: Vocabulary) -> str:
    """The phrase without the nouns that only look like hedging verbs, a bar in their place."""
    return _not_verbs(words).sub("|", phrase)


def weakest_hedge(phrase: str, words: Vocabulary) -> tuple[str, Strength] | None:
    """The weakest hedging verb in `phrase` with its strength; None if nothing hedges it."""
    verbs = verbs_of(phrase, words)
    hedges = [
        (verb, strength)
        for strength in words.strengths.values()
        if strength.hedge
        for verb in strength.verbs
        if verb in verbs
    ]
    return min(hedges, key=lambda hedge: words.rank(hedge[1]), default=None)


@cache
def _not_verbs(words: Vocabulary) -> re.Pattern[str]:
    listed = [noun.pattern for strength in words.strengths.values() for noun in strength.not_verbs]
    return re.compile("|".join(listed) or "(?!)")
