"""Cutting Chinese text into words, with the vocabulary's own words kept whole."""

from __future__ import annotations

import logging
import re
from functools import cache

import jieba

from knowledge.vocabulary import vocabulary

_WORD = re.compile(r"[0-9A-Za-z\u4e00-\u9fff]+")
# Words that say nothing about what is asked; they only blur a search.
_STOP = frozenset(
    "的 了 吗 呢 吧 啊 呀 是 在 和 与 及 或 我 你 您 他 她 有 没 不 就 都 也 还 请问 请 想 要 能 可以 怎么 什么 多少 哪里 哪".split()
)


@cache
def _tokenizer() -> jieba.Tokenizer:
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    words = vocabulary()
    for terms in (words.topics, words.occupations, words.groups, words.levels, words.regions):
        for term in terms.values():
            for name in term.called:
                tokenizer.add_word(name)
    return tokenizer


def cut(text: str) -> list[str]:
    """The words of `text` in order, punctuation left out."""
    return [word for word in _tokenizer().cut(text) if _WORD.fullmatch(word)]


def search_words(text: str) -> list[str]:
    """Words and their parts for an index or a query (回炉培训 → 回炉, 培训, 回炉培训)."""
    found = _tokenizer().cut_for_search(text)
    return [word.lower() for word in found if _WORD.fullmatch(word) and word not in _STOP]
