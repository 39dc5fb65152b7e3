"""A second opinion on the intent: how often each character, and each two sounds that follow one
another, stand in the messages of each intent.

The engines learn what sets intents apart, and lean on the few words that do it best. Where a
message has none of those, or mistypes them, the sum of all its characters still speaks: 摔 and 药
are said of an injury whatever stands beside them. And a slip of thumb or of dictation changes how a
word is written but not how it sounds: 会炉 is heard as 回炉. So every character and every pair of
sounds is weighed alone (naive Bayes), and the engine's confidence in an intent is multiplied by
what they say together. It stands after whichever engine, so `config.yml` stays a true Rasa
pipeline.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from nlu.sounds import sounds_of
from nlu.training_data import Example

# As if each intent had held each character, or pair of sounds, so often. Chosen by development sets
# and cross-validation, as is that a sum grows with the root of how many were summed: those of one
# message are not independent witnesses.
_CHARACTER, _PAIR = 0.15, 0.05
_MIN_DF = 2  # a pair of sounds that only one example holds says too little for its place
_EDGE = "|"  # before the first sound and after the last

LogShares = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Shares:
    """`log_shares` (features × intents): the share of a feature among all of the intent's, as a
    logarithm. `rows` finds a feature; one never seen says nothing."""

    rows: Mapping[str, int]
    log_shares: LogShares

    def logs(self, features: Iterable[str]) -> npt.NDArray[np.float64]:
        """How likely the features are of each intent, as logarithms that only compare."""
        rows = [row for one in sorted(features) if (row := self.rows.get(one)) is not None]
        total: npt.NDArray[np.float64] = self.log_shares[rows].sum(axis=0, dtype=np.float64)
        total /= math.sqrt(len(rows) or 1)
        return total


@dataclass(frozen=True, eq=False)
class Characters:
    """What is known of single characters and of pairs of sounds."""

    intents: tuple[str, ...]
    single: Shares
    heard: Shares

    def weights(self, text: str) -> dict[str, float]:
        """How likely the normalised `text` is of each intent, 1 for the likeliest."""
        logs = self.single.logs(set(text)) + self.heard.logs(pairs_of_sounds(text))
        return dict(zip(self.intents, np.exp(logs - logs.max()).tolist(), strict=True))


def pairs_of_sounds(text: str) -> set[str]:
    """Each two sounds of `text` that follow one another, its edges with them."""
    sounds = [_EDGE, *sounds_of(text), _EDGE]
    return {f"{one} {other}" for one, other in pairwise(sounds)}


def fit_characters(examples: Sequence[Example], intents: Sequence[str]) -> Characters:
    """The shares in the examples; each feature counts once a message."""
    filed = [example.intent for example in examples]
    single = [set(example.text) for example in examples]
    heard = [pairs_of_sounds(example.text) for example in examples]
    return Characters(
        tuple(intents),
        _shares(single, filed, intents, _CHARACTER, 1),
        _shares(heard, filed, intents, _PAIR, _MIN_DF),
    )


def _shares(
    found: Sequence[set[str]],
    filed: Sequence[str],
    intents: Sequence[str],
    smoothing: float,
    min_df: int,
) -> Shares:
    documents = Counter(feature for features in found for feature in features)
    kept = sorted(feature for feature, number in documents.items() if number >= min_df)
    rows = {feature: row for row, feature in enumerate(kept)}
    column = {intent: place for place, intent in enumerate(intents)}
    counts = np.full((len(rows), len(intents)), smoothing)
    for features, intent in zip(found, filed, strict=True):
        counts[[rows[one] for one in features if one in rows], column[intent]] += 1
    return Shares(rows, np.log(counts / counts.sum(axis=0)).astype(np.float32))
