"""When the engine contradicts a label so clearly that somebody else has to confirm it.

The test set hardly notices one to three wrong labels, whatever is measured on it; so each is looked
at by itself. A wrong label is mostly one that the engine is sure against, or holds for all but
impossible; a message that it merely misunderstands has its right intent among the likelier ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nlu.understanding import Score

# The rates are in docs/measurements.md; chosen on the development sets (tests/nlu/data).
_SURE = 0.8
_TIMES = 20
# The intent that the engine clearly holds a text for, instead of the one that it is filed under;
# None where it does not contradict.
Doubts = Callable[[str, str], str | None]


def no_doubts(_text: str, _intent: str) -> None:
    """Nobody is asked."""


def contradicted(ranking: Sequence[Score], intent: str) -> str | None:
    """The intent that stands first in `ranking` where it clearly speaks against `intent`."""
    best, last = ranking[0], ranking[-1]
    # An engine may tell the likeliest alone; what is left out is no likelier than the last told.
    held = next((one.confidence for one in ranking if one.intent == intent), last.confidence)
    clear = best.confidence >= _SURE or best.confidence >= _TIMES * held
    return best.intent if clear and best.intent != intent else None
