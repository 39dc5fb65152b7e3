"""Test messages as a hurried hand or a dictating voice would write them, made by code.

The same message always comes out the same, so that two runs can be compared.
"""

from __future__ import annotations

import random
import re
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from opencc import OpenCC

from knowledge.strict_yaml import read

HOMOPHONES = Path(__file__).parent / "evaluation" / "homophones.yaml"

_MARKS = re.compile(r"[\s。，！？；、…：,.!?;:]+")
# One character in twenty is mistaken: what dictation and quick typing give. `harsh` mistakes one in
# every message at least, which in short ones is every second word.
_ONE_IN = 20

Noise = Callable[[str], str]


@cache
def homophones(path: Path = HOMOPHONES) -> Mapping[str, str]:
    """For each character those that are typed or heard instead of it."""
    groups: list[str] = read(path).data
    return {char: group.replace(char, "") for group in groups for char in group}


@cache
def _to_traditional() -> OpenCC:
    return OpenCC("s2t")


def traditional(text: str) -> str:
    """The text in traditional characters."""
    return str(_to_traditional().convert(text))


def unpunctuated(text: str) -> str:
    """The text without punctuation, as a voice is transcribed."""
    return _MARKS.sub("", text)


def mistyped(text: str, harsh: bool = False) -> str:
    """`text` with some characters replaced by others of the same sound."""
    likely = homophones()
    chance = random.Random(zlib.crc32(text.encode()))  # noqa: S311
    places = [place for place, char in enumerate(text) if char in likely]
    wrong = [place for place in places if chance.random() < len(text) / len(places) / _ONE_IN]
    if harsh and places and not wrong:
        wrong = [chance.choice(places)]
    chars = list(text)
    for place in wrong:
        chars[place] = chance.choice(likely[chars[place]])
    return "".join(chars)


def dictated(text: str) -> str:
    """What speech recognition gives: no marks, and here and there another word of that sound."""
    return unpunctuated(mistyped(text))


NOISES: Mapping[str, Noise] = {
    "traditional": traditional,
    "no punctuation": unpunctuated,
    "typos": mistyped,
    "voice": dictated,
    "a typo in each": lambda text: mistyped(text, harsh=True),
}
