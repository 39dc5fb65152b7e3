"""Which of hundreds of patterns may match a text at all: those whose needed characters it holds.

A short message holds hardly any of the words that the patterns look for, and trying each of them in
turn took a tenth of a whole turn. What a pattern needs is read from its own syntax tree, so nothing
has to be written beside it; of a pattern that needs nothing in particular, or whose tree cannot be
read, it is taken that it may match anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

# The tree is the standard library's own, and no promised interface: test_sieve.py watches it.
try:
    _parser: Any = import_module("re._parser")
except ImportError:  # pragma: no cover (another version's library)
    _parser = None

# A set of so many characters (\d, [一-龥]) tells nothing.
_MOST = 200
_REPEATS = frozenset(("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"))


class Sieve:
    """Says of a text which of `patterns` may match it. Immutable."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._always: list[int] = []
        self._by_character: dict[str, list[int]] = {}
        for number, pattern in enumerate(patterns):
            needed = needed_characters(pattern)
            if needed is None:
                self._always.append(number)
            for character in needed or ():
                self._by_character.setdefault(character, []).append(number)

    def may_match(self, text: str) -> list[int]:
        """The numbers of the patterns that may match somewhere in `text`, in order."""
        found = set(self._always)
        for character in set(text):
            found.update(self._by_character.get(character, ()))
        return sorted(found)


def needed_characters(pattern: re.Pattern[str]) -> frozenset[str] | None:
    """Characters of which each text that `pattern` matches holds at least one; None if that cannot
    be said."""
    if _parser is None or pattern.flags & re.IGNORECASE:
        return None
    needed = _of_sequence(_parser.parse(pattern.pattern, pattern.flags))
    return None if needed is None else frozenset(map(chr, needed))


def _of_sequence(tree: Iterable[tuple[Any, Any]]) -> frozenset[int] | None:
    """The fewest characters that one of its parts needs: all of them must match."""
    parts = (_of_part(str(kind), what) for kind, what in tree)
    return min((part for part in parts if part is not None), key=len, default=None)


def _of_part(kind: str, what: Any) -> frozenset[int] | None:
    if kind == "LITERAL":
        return frozenset((what,))
    if kind == "IN":
        return _of_set(what)
    if kind == "BRANCH":
        ways = [_of_sequence(way) for way in what[1]]
        return None if None in ways else frozenset().union(*(way for way in ways if way))
    if kind == "SUBPATTERN":
        return None if what[1] & re.IGNORECASE else _of_sequence(what[3])
    if kind in _REPEATS and what[0] > 0:
        return _of_sequence(what[2])
    return None


def _of_set(members: Iterable[tuple[Any, Any]]) -> frozenset[int] | None:
    characters: set[int] = set()
    for kind, what in members:
        if str(kind) == "LITERAL":
            characters.add(what)
        elif str(kind) == "RANGE" and what[1] - what[0] < _MOST:
            characters.update(range(what[0], what[1] + 1))
        else:  # a class, or all but these
            return None
    return frozenset(characters)
