"""Rasa's sparse featurizers, in process: what a text is made of, as a list of feature names.

Each gives the features that Rasa 3.6's component of the same name counts at sentence level. They
are written out here rather than borrowed from scikit-learn, whose import costs more time and memory
than all of the engine; tests hold them equal to scikit-learn's CountVectorizer on any text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol

from nlu.sieve import Sieve
from nlu.tokens import processed
from nlu.training_data import Pattern

Analyzer = Literal["word", "char", "char_wb"]

_WORD = re.compile(r"(?u)\b\w+\b")
_SPACES = re.compile(r"\s\s+")


class Featurizer(Protocol):
    """What a text holds. A feature is kept that stands in at least `min_df` examples."""

    @property
    def min_df(self) -> int: ...

    def features(self, text: str, tokens: Sequence[str]) -> list[str]:
        """The features of a text, one entry for each time it occurs."""
        ...


@lru_cache(64)  # each featurizer reads the same text, one after the other
def _joined(tokens: tuple[str, ...], lowercase: bool) -> str:
    return " ".join(processed(tokens, lowercase))


@dataclass(frozen=True)
class CountFeatures:
    """Rasa's CountVectorsFeaturizer: n-grams of tokens (`word`), of the tokens' characters within
    each (`char_wb`), or of the characters of the tokens joined by spaces (`char`)."""

    analyzer: Analyzer = "word"
    min_ngram: int = 1
    max_ngram: int = 1
    min_df: int = 1
    lowercase: bool = True

    def features(self, text: str, tokens: Sequence[str]) -> list[str]:  # noqa: ARG002
        joined = _joined(tuple(tokens), self.lowercase)
        if self.analyzer == "word":
            return self._words(_WORD.findall(joined))
        joined = _SPACES.sub(" ", joined)
        if self.analyzer == "char":
            return self._ngrams(joined)
        return [gram for word in joined.split() for gram in self._ngrams_within(f" {word} ")]

    def _words(self, words: list[str]) -> list[str]:
        if self.max_ngram == 1:
            return words
        found: list[str] = []
        for n in range(self.min_ngram, self.max_ngram + 1):
            found += [" ".join(words[i : i + n]) for i in range(len(words) - n + 1)]
        return found

    def _ngrams(self, text: str) -> list[str]:
        found: list[str] = []
        for n in range(self.min_ngram, self.max_ngram + 1):
            found += [text[i : i + n] for i in range(len(text) - n + 1)]
        return found

    def _ngrams_within(self, word: str) -> list[str]:
        found: list[str] = []
        for n in range(self.min_ngram, self.max_ngram + 1):
            if n >= len(word):  # a short word counts once, however many lengths would hold it
                found.append(word)
                break
            found += [word[i : i + n] for i in range(len(word) - n + 1)]
        return found


@dataclass(frozen=True)
class PatternFeatures:
    """Rasa's RegexFeaturizer: one feature for each pattern that the text holds. `remembered`: of
    how many texts it is not worked out anew."""

    patterns: tuple[Pattern, ...]
    case_sensitive: bool = True
    min_df: int = 1
    # The intents and the scope are read from the same text, one after the other.
    remembered: int = 64

    def __post_init__(self) -> None:
        flags = 0 if self.case_sensitive else re.IGNORECASE
        compiled = tuple(
            (f"{pattern.name}#{index}", re.compile(pattern.pattern, flags))
            for index, pattern in enumerate(self.patterns)
        )

        sieve = Sieve([pattern for _, pattern in compiled])

        def search(text: str) -> tuple[str, ...]:
            left = (compiled[number] for number in sieve.may_match(text))
            return tuple(name for name, pattern in left if pattern.search(text))

        object.__setattr__(self, "_search", lru_cache(self.remembered)(search))

    def features(self, text: str, tokens: Sequence[str]) -> list[str]:  # noqa: ARG002
        search: Callable[[str], tuple[str, ...]] = self._search  # type: ignore[attr-defined]
        return list(search(text))

    def matched(self, text: str) -> list[tuple[str, str]]:
        """Each pattern that the text holds, as a feature, with the words that it matches."""
        found = []
        for feature in self.features(text, ()):
            pattern = self.patterns[int(feature.rpartition("#")[2])].pattern
            match = re.search(pattern, text, 0 if self.case_sensitive else re.IGNORECASE)
            found.append((feature, match[0] if match else ""))
        return found
