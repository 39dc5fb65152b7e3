"""Slips of thumb and of speech recognition: 资询, 补帖, 社宝 taken for the words they sound like.

Only a stretch that is no word itself is taken for another: 工商 stays, though it sounds like 工伤.
At least one character must be the word's own, and a character that carries grammar or often stands
alone (不, 的, 找) is never thought to be the wrong one: 不贴 is not 补贴.
"""

from __future__ import annotations

import random
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import product
from pathlib import Path

from knowledge.strict_yaml import read
from knowledge.vocabulary import vocabulary
from nlu.tokens import frequency, tokens

_HERE = Path(__file__).parent
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_GRAMMAR = frozenset(
    "的了是我不在有他她它这那个们来到你就和要会可也去能对下还后没都给吗呢吧啊让把被从向很太最又再才只想说看做问"
    "一二三四五六七八九十两几多少上里中大小年月日天人家么之与或等为以于所"
)
_LONGEST = 6
# In jieba's counts: a dictionary word below the first is an accident of its corpus (资询: 3), and a
# character above the second stands alone so often that it was meant (找 工 is not 招工).
_WORD = 20
_COMMON = 8000
_PASSES = 4
_ALIKE = 5


@cache
def _syllables() -> dict[str, tuple[str, ...]]:
    """How each character may sound, tones apart."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for syllable, chars in read(_HERE / "sounds.yaml").data.items():
        for char in chars:
            found[char].append(syllable)
    return {char: tuple(syllables) for char, syllables in found.items()}


@cache
def _words_by_sound() -> dict[tuple[str, ...], tuple[str, ...]]:
    """The words that are listened for, by sound, the commonest first."""
    listed = [word for line in read(_HERE / "words.yaml").data for word in line.split()]
    words = vocabulary()
    # Names of places sound like too much else (定西, 太原).
    taught = [
        name
        for terms in (words.topics, words.occupations, words.groups, words.levels)
        for term in terms.values()
        for name in term.called
    ]
    known = dict.fromkeys([*listed, *taught])
    found: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for word in known:
        if _CHINESE.fullmatch(word) and 2 <= len(word) <= _LONGEST:
            for sound in _sounds(word):
                found[sound].append(word)
    return {sound: tuple(words) for sound, words in found.items()}


@cache
def _alike() -> dict[str, str]:
    """For each character the commonest others that may sound like it."""
    by_sound: defaultdict[str, list[str]] = defaultdict(list)
    for char, syllables in _syllables().items():
        for syllable in syllables:
            by_sound[syllable].append(char)
    commonest = {
        syllable: sorted(chars, key=frequency, reverse=True)[:_ALIKE]
        for syllable, chars in by_sound.items()
    }
    return {
        char: "".join(other for one in syllables for other in commonest[one] if other != char)
        for char, syllables in _syllables().items()
    }


def sounds_of(text: str) -> list[str]:
    """How each character of `text` sounds, tones apart: the first of its readings, and what has
    none (a digit, a mark) is itself. Characters that are taken for one another come out alike."""
    known = _syllables()
    return [known[char][0] if char in known else char for char in text]


def slipped(text: str) -> str:
    """The normalised `text` with one character mistaken for another of its sound; always the same.

    What `mend` would set right is set right: this is what an engine gets of such a message.
    """
    chance = random.Random(zlib.crc32(text.encode()))  # noqa: S311
    places = [place for place, char in enumerate(text) if _alike().get(char)]
    if not places:
        return text
    place = chance.choice(places)
    return mend(text[:place] + chance.choice(_alike()[text[place]]) + text[place + 1 :])


def mend(text: str) -> str:
    """The normalised `text` with stretches that only sound like a word written as that word."""
    for _ in range(_PASSES):
        mended = _once(text)
        if mended == text:
            break
        text = mended
    return text


def _once(text: str) -> str:
    result: list[str] = []
    loose: list[str] = []
    for token in tokens(text):
        if _CHINESE.fullmatch(token) and (len(token) == 1 or frequency(token) < _WORD):
            loose.append(token)
        else:
            result += [*_mended(loose), token]
            loose = []
    return "".join([*result, *_mended(loose)])


def _mended(loose: list[str]) -> list[str]:
    """The tokens, none of them a word of length, with the longest stretches of them mended."""
    result: list[str] = []
    start = 0
    while start < len(loose):
        for end in range(min(len(loose), start + _LONGEST), start, -1):
            word = _heard(loose[start:end])
            if word is not None:
                result.append(word)
                start = end
                break
        else:
            result.append(loose[start])
            start += 1
    return result


def _heard(loose: list[str]) -> str | None:
    """The word that the tokens together sound like, if they are not a word themselves."""
    said = "".join(loose)
    if not 2 <= len(said) <= _LONGEST or frequency(said) >= _WORD:
        return None
    alone = "".join(token for token in loose if len(token) == 1)
    by_sound = _words_by_sound()
    for sound in _sounds(said):
        for word in by_sound.get(sound, ()):
            wrong = [char for char, meant in zip(said, word, strict=True) if char != meant]
            if len(wrong) < len(word) and not any(
                char in _GRAMMAR or (char in alone and frequency(char) > _COMMON) for char in wrong
            ):
                return word
    return None


def _sounds(word: str) -> Iterator[tuple[str, ...]]:
    syllables = _syllables()
    readings = [syllables.get(char) for char in word]
    if all(readings):
        yield from product(*(reading for reading in readings if reading))
