"""Cutting Chinese text into words, with the vocabulary's own words kept whole."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jieba

from knowledge.strict_yaml import read
from knowledge.vocabulary import vocabulary

_PART = re.compile(r"[0-9A-Za-z]+|[\u4e00-\u9fff]+")  # 4050人员 is also found by 4050
# Words that say nothing about what is asked; they only blur a search.
_STOP = frozenset("的了吗呢吧啊呀是在和与及或我你您他她有没不就都也还请想要能哪") | {
    "请问",
    "可以",
    "怎么",
    "什么",
    "多少",
    "哪里",
}


def one_of(names: Iterable[str]) -> str:
    """A pattern of any of `names`, the longest that fits. Names with the same beginning share it:
    thousands of them one after the other would take milliseconds to try."""
    tree: dict[str, Any] = {}
    for name in names:
        node = tree
        for character in name:
            node = node.setdefault(character, {})
        node[""] = None
    return _branches(tree)


def _branches(tree: dict[str, Any]) -> str:
    ways = [re.escape(start) + _branches(rest) for start, rest in tree.items() if start]
    if not ways:
        return ""
    return f"(?:{'|'.join(ways)})" + ("?" if "" in tree else "")


# What people want of a place stands right behind its name, and must not take its last character:
# 长治学几天 is not 长|治学.
_SHORT = 2
_AFTER_A_PLACE = (*"学考报办交领上做干有要社保", "政府")


@cache
def tokenizer() -> jieba.Tokenizer:
    """The one that knows the vocabulary's words. Shared: to be read, not added to."""
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    words = vocabulary()
    # Before the words that hold a place's name (长治好工作): each is given more than its parts.
    for region in words.regions.values():
        for name in region.called:
            tokenizer.add_word(name, _frequency_whole(name, tokenizer))
    for terms in (words.topics, words.occupations, words.groups, words.levels):
        for term in terms.values():
            for name in term.called:
                tokenizer.add_word(name)
    return tokenizer


def _frequency_whole(name: str, tokenizer: jieba.Tokenizer) -> int | None:
    """How often a place's two characters must count as a word to stay one before any of
    `_AFTER_A_PLACE`; None, jieba's own guess, for a longer name."""
    known: dict[str, int] = tokenizer.FREQ
    if len(name) != _SHORT:
        return None
    return max(
        known.get(name, 0),
        *(
            known.get(name[0], 1) * known.get(name[1] + after, 0) // known.get(after, 1) + 1
            for after in _AFTER_A_PLACE
        ),
    )


@lru_cache(64)  # a question is cut for its sounds, its intent, its scope, its places and the search
def tokens(text: str) -> tuple[str, ...]:
    """All that jieba cuts `text` into, in order, punctuation and spaces with it."""
    return tuple(tokenizer().cut(text))


@lru_cache(256)  # a question's words are wanted several times in its turn
def search_words(text: str) -> tuple[str, ...]:
    """Words and their parts for an index or a query (回炉培训 → 回炉, 培训, 回炉培训)."""
    found = (part for word in with_inner_words(text) for part in _PART.findall(word))
    return tuple(word.lower() for word in found if word not in _STOP)


def with_inner_words(text: str) -> Iterator[str]:
    """Each word behind the shorter ones that it holds, as jieba's `cut_for_search` finds them in a
    text that it would cut once more."""
    known = tokenizer().FREQ
    for word in tokens(text):
        for length in range(2, min(len(word), 4)):
            for start in range(len(word) - length + 1):
                if known.get(inner := word[start : start + length]):
                    yield inner
        yield word


# A word the person did not say counts for less than one she did; those that stand for one thing
# share what it may count for.
_SYNONYM, _SYNONYMS = 0.8, 2.0


@lru_cache(256)
def question_words(text: str) -> Mapping[str, float]:
    """The words of a question with their weights: its own, and the documents' words for them."""
    found = dict.fromkeys(search_words(text), 1.0)
    beginning, synonyms = _synonyms()
    said = {row for char in set(text) for word, row in beginning.get(char, ()) if word in text}
    for row in sorted(said):
        meant = synonyms[row]
        weight = min(_SYNONYM, _SYNONYMS / max(1, len(meant - found.keys())))
        for word in meant:
            found.setdefault(word, weight)
    return MappingProxyType(found)  # kept, so not to be changed


@cache
def _synonyms() -> tuple[Mapping[str, list[tuple[str, int]]], tuple[frozenset[str], ...]]:
    """What people say, by its first character, each with the number of what it means."""
    rows = read(Path(__file__).parent / "vocabulary" / "synonyms.yaml").data
    beginning: dict[str, list[tuple[str, int]]] = {}
    for number, row in enumerate(rows):
        for word in row["says"]:
            beginning.setdefault(word[0], []).append((word, number))
    meant = (frozenset(w for one in row["means"] for w in search_words(one)) for row in rows)
    return beginning, tuple(meant)
