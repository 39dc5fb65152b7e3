"""Making equal what people mean as equal, before any engine sees it.

Full-width to half-width, traditional to simplified characters; zero-width and control characters
and pictures (👍) away; repeated punctuation once; dialect's function words in their common form
(nlu/spoken.yaml), slips that only sound like a word written as that word (nlu/sounds.py). The text
stays readable Chinese and says the same.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from opencc import OpenCC

from knowledge.strict_yaml import read
from nlu.sounds import mend

_REPEATED = re.compile(r"([!！?？。，,~～…、.;；])\1+")
_SPACES = re.compile(r"[ \t\u3000]+")
# Between two Chinese clauses a space is a comma; between shorter pieces it is a slip of the thumb
# or of speech recognition.
_CLAUSE_SPACE = re.compile(
    r"(?<=[\u4e00-\u9fff]{4})(?<![〇零一二两三四五六七八九幺]{3}) (?=[\u4e00-\u9fff]{4})"
)
_SPACE_IN_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_PASSES = 5
_UNREAD = ("Cf", "Cc", "Co", "Cs")
_PICTURES = ("So", "Sk")
_TO_CHINESE = str.maketrans({"?": "？", "!": "！", ",": "，", ";": "；", "~": ""})


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


@cache
def _spoken() -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = read(Path(__file__).with_name("spoken.yaml")).data
    return tuple((re.compile(said), written) for said, written in rows)


# A message, and each option that it may choose, is wanted in this form more than once.
@lru_cache(256)
def normalise(text: str) -> str:
    """`text` in the one form that engines, entities and cues are written for."""
    text = unicodedata.normalize("NFKC", text)
    text = _dropped(text, _UNREAD)
    bare = _dropped(text, _PICTURES)
    text = bare if has_words(bare) else text
    text = _simplifier().convert(text).translate(_TO_CHINESE)
    for _ in range(_PASSES):
        settled = _settled(text)
        if settled == text:
            break
        text = settled
    return text


def _dropped(text: str, categories: tuple[str, ...]) -> str:
    """`text` without the characters of these Unicode categories, a line break as a space."""
    return "".join(
        " " if char in "\r\n\t" else char
        for char in text
        if char in "\r\n\t" or unicodedata.category(char) not in categories
    )


def _settled(text: str) -> str:
    """One pass; what it changes may give another something to do (边 度, 边度, 哪里)."""
    text = _CLAUSE_SPACE.sub("，", _SPACES.sub(" ", text))
    text = _REPEATED.sub(r"\1", _SPACE_IN_CHINESE.sub("", text)).strip()
    for said, written in _spoken():
        text = said.sub(written, text)
    return mend(text)


# 手机13900001111, 我的身份证号是…: who somebody is, and nothing of what is asked.
_WHO = re.compile(
    r"(?:我的?)?(?:手机|(?:联系)?电话|联系方式|身份证|微信)?(?:号码|号)?[是为：:]? ?"
    r"(?<!\d)(?:1[3-9]\d{9}|\d{17}[\dXx])(?!\d)[，。 ]?"
)


def without_numbers(text: str) -> str:
    """`text` (normalised) without telephone and ID numbers, unless they are all there is."""
    rest = _WHO.sub("", text)
    return rest if has_words(rest) else text


def has_words(text: str) -> bool:
    """Whether there is anything to read: a letter or a digit of any script."""
    return any(unicodedata.category(char)[0] in "LN" for char in text)


def has_chinese(text: str) -> bool:
    """Whether there is at least one Chinese character."""
    return any("\u4e00" <= char <= "\u9fff" for char in text)
