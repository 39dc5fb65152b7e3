"""Whether a message speaks of our trade, though the bot took it for somebody else's business."""

from __future__ import annotations

from functools import cache

from knowledge.vocabulary import vocabulary
from nlu.normalise import normalise
from nlu.tokens import dictionary_words


def has_our_words(text: str) -> bool:
    """Whether a word of our trade is in the text: an occupation, a level, a group, a topic."""
    written = normalise(text)
    return any(word in written for word in _our_words())


@cache
def _our_words() -> frozenset[str]:
    places = {name for region in vocabulary().regions.values() for name in region.called}
    return frozenset(word for word in dictionary_words() if word not in places and len(word) > 1)
