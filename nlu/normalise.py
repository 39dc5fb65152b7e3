"""Making equal what people mean as equal, before any engine sees it.

Full-width to half-width, traditional to simplified characters, zero-width and control characters
away, repeated punctuation once. The text stays readable Chinese: nothing is corrected here, only
brought to one form.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from opencc import OpenCC

_REPEATED = re.compile(r"([!！?？。，,~～…、.;；])\1+")
_SPACES = re.compile(r"[ \t\u3000]+")
# A space between two Chinese characters is a slip of the thumb or of speech recognition.
_SPACE_IN_CHINESE = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_TO_CHINESE = str.maketrans({"?": "？", "!": "！", ",": "，", ";": "；", "~": ""})
# One spelling for words that dialect and habit write differently.
_CANTONESE = str.maketrans({"嘅": "的", "喺": "在", "冇": "没", "佢": "他", "咩": "什么"})


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def normalise(text: str) -> str:
    """`text` in the one form that engines, entities and cues are written for."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(
        " " if char in "\r\n\t" else char
        for char in text
        if char in "\r\n\t" or unicodedata.category(char) not in ("Cf", "Cc", "Co", "Cs")
    )
    text = _simplifier().convert(text).translate(_CANTONESE).translate(_TO_CHINESE)
    text = _REPEATED.sub(r"\1", _SPACES.sub(" ", text))
    return _SPACE_IN_CHINESE.sub("", text).strip()


def has_words(text: str) -> bool:
    """Whether there is anything to read: a letter or a digit of any script."""
    return any(unicodedata.category(char)[0] in "LN" for char in text)


def has_chinese(text: str) -> bool:
    """Whether there is at least one Chinese character."""
    return any("\u4e00" <= char <= "\u9fff" for char in text)
