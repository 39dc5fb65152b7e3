"""A second opinion on the intent: how often each character stands in the messages of each intent.

The engines learn what sets intents apart, and lean on the few words that do it best. Where a
message has none of those, or mistypes them, the sum of all its characters still speaks: 摔 and 药
are said of an injury whatever stands beside them. So every character is weighed alone (naive
Bayes), and the engine's confidence in an intent is multiplied by what they say together. It stands
after whichever engine, so `config.yml` stays a true Rasa pipeline.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nlu.training_data import Example

# As if each intent had held each character so often; chosen by the development sets, as is that the
# sum grows with the root of the length: characters of one message are not independent witnesses.
_SMOOTHING = 0.15

LogShares = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Characters:
    """`log_shares` (characters × intents): the share of the character among all characters of the
    intent's messages, as a logarithm. `rows` finds a character; one never seen says nothing."""

    intents: tuple[str, ...]
    rows: Mapping[str, int]
    log_shares: LogShares

    def weights(self, text: str) -> dict[str, float]:
        """How likely the normalised `text` is of each intent, 1 for the likeliest."""
        rows = [row for char in sorted(set(text)) if (row := self.rows.get(char)) is not None]
        if not rows:
            return dict.fromkeys(self.intents, 1.0)
        logs = self.log_shares[rows].sum(axis=0, dtype=np.float64) / math.sqrt(len(rows))
        return dict(zip(self.intents, np.exp(logs - logs.max()).tolist(), strict=True))


def fit_characters(examples: Sequence[Example], intents: Sequence[str]) -> Characters:
    """The shares of the characters in the examples; each counts once a message."""
    chars = sorted({char for example in examples for char in example.text})
    rows = {char: row for row, char in enumerate(chars)}
    column = {intent: place for place, intent in enumerate(intents)}
    counts = np.full((len(rows), len(intents)), _SMOOTHING)
    for example in examples:
        counts[[rows[char] for char in set(example.text)], column[example.intent]] += 1
    log_shares = np.log(counts / counts.sum(axis=0)).astype(np.float32)
    return Characters(tuple(intents), rows, log_shares)
