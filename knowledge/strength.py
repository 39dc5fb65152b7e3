"""How strongly a phrase speaks: which hedges hold it down.

研究给予补贴 is a study, not a grant; 按规定给予 is a grant by other rules. A hedge governs its own
phrase, from the punctuation before it.
"""

from __future__ import annotations

import re

from knowledge.vocabulary import Strength, Vocabulary

_PHRASE_STARTS = "，。；：、！？（”"
# Nouns made with a hedging verb do not hedge: 支持性辅导员, 试点高校, 考试点.
_NOUNS = re.compile(
    r"(?:支持|扶持|推动|鼓励|引导)(?:性|体系|力)|考试点|试点高校"
    r"|研究(?:院(?!校)|生(?!产)|所(?![需有]))|按规定时间"
)


def phrase_of(text: str, quote: str) -> str:
    """The quote with what stands before it in its own phrase, where a hedge would be."""
    start = text.find(quote)
    if start < 0:
        return quote
    end = start + len(quote)
    while start > 0 and text[start - 1] not in _PHRASE_STARTS:
        start -= 1
    return text[start:end]


def weakest_hedge(phrase: str, words: Vocabulary) -> tuple[str, Strength] | None:
    """The weakest hedging verb in `phrase` with its strength; None if nothing hedges it."""
    bare = _NOUNS.sub("", phrase)
    hedges = [
        (verb, strength)
        for strength in words.strengths.values()
        if strength.hedge
        for verb in strength.verbs
        if verb in bare
    ]
    return min(hedges, key=lambda hedge: words.rank(hedge[1]), default=None)
