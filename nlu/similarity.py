"""How alike examples are: skeletons within an intent, near-duplicates between test and training."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from nlu.entities import entities_of
from nlu.training_data import Example

_DIGIT = re.compile(r"\d+")
_MARKS = re.compile(r"[\s。，！？；、…：“”‘’,.!?;:'\"()（）-]+")
_VOCABULARY = frozenset({"region", "occupation", "group", "level"})
_GRAM = 3
# A shorter message is the language itself: there is one way to say 转人工. One this long that
# training gives away is nobody's by chance, and a test refuses it.
LONG = 7


@dataclass(frozen=True)
class NearDuplicate:
    """A test message that a training example gives away. `similarity` is 1 for equal texts."""

    test: Example
    training: Example
    similarity: float


def skeleton(text: str) -> str:
    """The sentence's form: what it names replaced by its kind, figures by 0, marks dropped."""
    result, end = [], 0
    for entity in entities_of(text):
        if entity.kind in _VOCABULARY and entity.start >= end:
            result += [text[end : entity.start], f"<{entity.kind}>"]
            end = entity.end
    return _MARKS.sub("", _DIGIT.sub("0", "".join([*result, text[end:]])))


def skeletons(examples: Iterable[Example]) -> dict[str, tuple[int, int]]:
    """For each intent, how many examples it has and how many distinct skeletons among them."""
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for example in examples:
        forms[example.intent][skeleton(example.text)] += 1
    return {intent: (sum(count.values()), len(count)) for intent, count in sorted(forms.items())}


def near_duplicates(
    tests: Sequence[Example], training: Sequence[Example], least: float = 0.8
) -> list[NearDuplicate]:
    """Test messages whose nearest training example is at least `least` alike (3-gram Jaccard)."""
    grams = [_grams(example.text) for example in training]
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for place, found in enumerate(grams):
        for gram in found:
            holders[gram].append(place)
    result = []
    for test in tests:
        own = _grams(test.text)
        shared = Counter(place for gram in own for place in holders[gram])
        best, nearest = 0.0, -1
        for place, common in shared.items():
            alike = common / (len(own) + len(grams[place]) - common)
            if alike > best:
                best, nearest = alike, place
        if best >= least:
            result.append(NearDuplicate(test, training[nearest], best))
    return result


def _grams(text: str) -> frozenset[str]:
    """Character 3-grams of the text without marks; a shorter text is one gram."""
    plain = _MARKS.sub("", text)
    last = max(1, len(plain) - _GRAM + 1)
    return frozenset(plain[start : start + _GRAM] for start in range(last))
