"""Whether a message is about our subject at all, judged apart from which intent it has.

A classifier of intents finds the best of what it knows, and 火箭发射基地能参观吗 holds 基地. What
gives such a message away is that its other words were never said of our subject. So besides
character n-grams and the word families of the training data, a judge weighs how familiar the words
are: how many of them no message of ours has ever held, and how much likelier each is far from us.
In training each example is compared with all others, never with itself.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nlu.features import Featurizer, PatternFeatures
from nlu.intents import intents
from nlu.tokens import tokens
from nlu.training_data import Example, Pattern, TrainingData

_LONGEST_GRAM = 3
_MIN_DF = 2
_PENALTY = 0.3  # scikit-learn's C, by cross-validation
_RARE = 3  # a word that fewer examples of ours hold is hardly familiar

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Words:
    """In how many examples each word stands, near and far."""

    ours: Mapping[str, int]
    far: Mapping[str, int]
    ours_examples: int
    far_examples: int


@dataclass(frozen=True, eq=False)
class Judge:
    """`weights` of `features` (n-grams and patterns) and of how familiar the words are."""

    features: Mapping[str, int]
    weights: npt.NDArray[np.float32]
    words: Words
    familiarity: Vector  # weights of `_familiarity`'s numbers
    intercept: float

    def far(self, text: str, cut: Sequence[str], patterns: PatternFeatures) -> float:
        """How sure it is that the normalised `text` has nothing to do with us, from 0 to 1."""
        rows = [
            row
            for feature in _features(text, cut, patterns)
            if (row := self.features.get(feature)) is not None
        ]
        score = self.intercept + float(self.weights[rows].sum())
        score += float(self.familiarity @ _familiarity(text, cut, self.words))
        return 1.0 / (1.0 + math.exp(min(-score, 700.0)))


@dataclass(frozen=True)
class _Learnt:
    """An example to learn from; `itself` are the words by which it counts in `Words`."""

    text: str
    cut: Sequence[str]
    itself: frozenset[str]
    far: bool


def fit_judge(
    data: TrainingData, slipped: Sequence[tuple[int, Example]], patterns: PatternFeatures
) -> Judge | None:
    """A judge learnt from the examples; None when nothing in them is far, or everything is.

    `slipped` (nlu.training_data.slips) are learnt too: a typo makes a word strange, and a strange
    word must not by itself make the message so.
    """
    from scipy.sparse import csr_matrix, hstack
    from sklearn.linear_model import LogisticRegression

    kinds = intents()
    is_far = [kinds[example.intent].kind == "far" for example in data.examples]
    if all(is_far) or not any(is_far):
        return None
    learnt = [
        _Learnt(example.text, tokens(example.text), frozenset(), far)
        for example, far in zip(data.examples, is_far, strict=True)
    ]
    learnt = [replace(one, itself=frozenset(one.cut)) for one in learnt]
    words = _count(learnt)
    for origin, slip in slipped:
        learnt.append(replace(learnt[origin], text=slip.text, cut=tokens(slip.text)))
    found = [_features(one.text, one.cut, patterns) for one in learnt]
    documents = Counter(feature for features in found for feature in features)
    names = sorted(name for name, number in documents.items() if number >= _MIN_DF)
    place = {name: number for number, name in enumerate(names)}
    held = [sorted(place[name] for name in features if name in place) for features in found]
    starts = np.concatenate(([0], np.cumsum([len(row) for row in held])))
    columns = np.array([column for row in held for column in row], dtype=np.intp)
    counts = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(held), len(names)))
    familiar = np.array(
        [_familiarity(one.text, one.cut, words, one.itself, one.far) for one in learnt]
    )
    mean, spread = familiar.mean(axis=0), familiar.std(axis=0)
    spread[spread == 0] = 1.0
    matrix = hstack([counts, csr_matrix((familiar - mean) / spread)], format="csr")
    regression = LogisticRegression(
        solver="liblinear", C=_PENALTY, class_weight="balanced", tol=0.01, random_state=42
    )
    regression.fit(matrix, [one.far for one in learnt])
    weights = regression.coef_[0]
    familiarity = weights[len(names) :] / spread
    return Judge(
        features=place,
        weights=weights[: len(names)].astype(np.float32),
        words=words,
        familiarity=familiarity,
        intercept=float(regression.intercept_[0] - familiarity @ mean),
    )


def patterns_of(featurizers: Sequence[Featurizer], patterns: Sequence[Pattern]) -> PatternFeatures:
    """The engine's own features of the word families, or others where its pipeline has none."""
    own = (one for one in featurizers if isinstance(one, PatternFeatures))
    return next(own, None) or PatternFeatures(tuple(patterns))


def _features(text: str, cut: Sequence[str], patterns: PatternFeatures) -> set[str]:
    grams = {
        text[start : start + length]
        for length in range(1, _LONGEST_GRAM + 1)
        for start in range(len(text) - length + 1)
    }
    return grams | set(patterns.features(text, cut))


def _count(learnt: Sequence[_Learnt]) -> Words:
    ours: Counter[str] = Counter()
    far: Counter[str] = Counter()
    for one in learnt:
        (far if one.far else ours).update(one.itself)
    far_examples = sum(one.far for one in learnt)
    return Words(ours, far, len(learnt) - far_examples, far_examples)


def _familiarity(
    text: str,
    cut: Sequence[str],
    words: Words,
    itself: frozenset[str] = frozenset(),
    far: bool = False,
) -> Vector:
    """How well the words are known. `itself`: the words that the text added to `words`."""
    known = {word: words.ours.get(word, 0) - (not far and word in itself) for word in cut}
    named = [word for word in cut if len(word) > 1 and "\u4e00" <= word[0] <= "\u9fff"]
    strange = sum(known[word] < 1 for word in named)
    rare = sum(known[word] < _RARE for word in named)
    unknown = sum(number < 1 and bool(word.strip()) for word, number in known.items())
    odds = [
        math.log(
            (words.far.get(word, 0) - (far and word in itself) + 0.5) / (words.far_examples + 1)
        )
        - math.log((number + 0.5) / (words.ours_examples + 1))
        for word, number in known.items()
    ] or [0.0]
    return np.array(
        [
            strange,
            strange / max(1, len(named)),
            rare / max(1, len(named)),
            unknown / max(1, len(known)),
            sum(odds) / math.sqrt(len(odds)),
            max(odds),
            min(odds),
            math.log(len(text) or 1),
        ]
    )
