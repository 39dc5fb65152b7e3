"""Rasa's JiebaTokenizer, in process: jieba with the vocabulary's words as its user dictionary.

Rasa loads user dictionaries from files, and the embedded engine has the words in memory. Both cut
alike because `dictionary_lines` writes every word with the frequency that the embedded tokenizer
gave it: jieba would otherwise guess a frequency, and the guess depends on the order of loading.
`nlu.rasa_export` puts the file where `config.yml` says (`dictionary_path`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from knowledge.vocabulary import vocabulary

# The one tokenizer of the process: another would cost a second and 100 MB for the same words.
from knowledge.words import tokenizer as _shared_tokenizer
from knowledge.words import tokens as tokens  # as Rasa cuts a text

_FIGURES = re.compile(r"\b[0-9]+\b")


def frequency(word: str) -> int:
    """How often the tokenizer's dictionary counts `word`; 0 for none of its words."""
    tokenizer = _shared_tokenizer()
    tokenizer.initialize()
    return int(tokenizer.FREQ.get(word) or 0)


def processed(found: Sequence[str], lowercase: bool = True) -> list[str]:
    """Tokens as Rasa's CountVectorsFeaturizer sees them: whole numbers alike, small letters."""
    found = [_FIGURES.sub("__NUMBER__", token) for token in found]
    return [token.lower() for token in found] if lowercase else found


def dictionary_words() -> Iterator[str]:
    """Every word of the vocabulary that the tokenizer keeps whole, in its order of loading."""
    words = vocabulary()
    lists = (words.topics, words.occupations, words.groups, words.levels, words.regions)
    yield from dict.fromkeys(
        name for terms in lists for term in terms.values() for name in term.called
    )


def dictionary_lines() -> Iterator[str]:
    """The user dictionary for Rasa: a word and its frequency a line."""
    frequencies = _shared_tokenizer().FREQ
    _shared_tokenizer().initialize()
    for word in dictionary_words():
        yield f"{word} {frequencies[word]}"
