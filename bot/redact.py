"""Taking ID, telephone, card and permit numbers out of a text before it is stored or logged.

Shape alone decides, never a check digit: a mistyped ID number still tells who somebody is. Numbers
that say nothing about a person stay: years and dates, hotlines, amounts, 国办发〔2019〕30号. A
local telephone number without its area code looks like an amount and stays, too.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

ID_NUMBER = "〔身份证号〕"
PHONE = "〔电话〕"
CARD = "〔卡号〕"
LONG_NUMBER = "〔号码〕"

# All patterns read the "shadow" of a text: as long as the text, each digit of whatever script 0-9,
# each dash "-", each space or invisible character " ".
_Mask = Callable[[str, str], str | None]  # what was found, what stands before it → mask, or leave

_GAP = r"[ -]{0,3}"
_ROUND_AMOUNT = r"[1-9][0-9]*00"
_YEAR = r"(?:19|20)[0-9]{2}"
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_DATE = rf"{_YEAR}(?:{_DAY}|-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01]))"
_HOTLINE = r"(?:1[12][0-9]|1[012][0-9]{3}|9[56][0-9]{3})"

_UNBROKEN = re.compile(r"[0-9]{11,}X?")
_GROUPED = re.compile(rf"[0-9](?:{_GAP}[0-9]){{13,}}{_GAP}[0-9X](?![A-Z])")
_HARMLESS_GROUP = rf"(?:{_DATE}|{_YEAR}|{_HOTLINE}|{_ROUND_AMOUNT})"
_HARMLESS = re.compile(rf"{_HARMLESS_GROUP}(?:[ -]+{_HARMLESS_GROUP})+")
_BORN = re.compile(rf"[0-9]{{6}}{_YEAR}{_DAY}[0-9]{{3}}[0-9X]")  # an ID number with its birthday
_MOBILE = re.compile(
    rf"(?<![0-9])(?:(?:00)?86{_GAP})?"
    rf"(?:1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}"
    rf"|1[3-9][0-9]{{2}}{_GAP}[0-9]{{4}}{_GAP}[0-9]{{3}}"
    rf"|1[3-9][0-9]{_GAP}[0-9]{{3}}{_GAP}[0-9]{{5}}"
    r"|1[ -]{1,3}[3-9](?:[ -]{1,3}[0-9]){9})(?![0-9])"
)
_LANDLINE = re.compile(
    rf"(?<![0-9A-Z])\(?0[1-9][0-9]{{1,2}}{_GAP}\)?{_GAP}[2-9][0-9]{{2,3}}{_GAP}[0-9]{{4}}(?![0-9])"
)
# Two letters, ten digits, a check symbol, or nearly so (knowledge/registry/permit_number.py).
_PERMIT = re.compile(rf"(?<![A-Z])[A-Z]{{2}}(?:{_GAP}[0-9]){{7,12}}(?:{_GAP}[A-Z](?![A-Z]))?")
_PERMIT_HEAD = re.compile(r"(?<![A-Z])[A-Z]{2}[ -]{0,3}$")

# What all these have in common: so many digits, some of them perhaps letters that look like one.
_MAYBE_DIGIT = re.compile("[0-9OIL]")
_FEWEST = 7

_SPOKEN = dict(zip("〇零一二三四五六七八九幺", "001234567891", strict=True))
_LOOK_ALIKES = {"×": "X", "Х": "X", "х": "X", "χ": "X", "Χ": "X", "О": "0", "о": "0", "○": "0"}
_LETTERS_AMONG_DIGITS = re.compile(r"(?<=[0-9])[OIL]{1,3}(?=[0-9])")
_AS_DIGITS = str.maketrans("OIL", "011")
_GAPS = frozenset("-_.·•/~") | frozenset("‐‑‒–—―−")


def redact(text: str, *, offices: bool = False) -> str:
    """`text` with every personal number replaced by what kind of number it was. With `offices`
    landline numbers stay: those that staff give are an office's."""
    if len(_MAYBE_DIGIT.findall("".join(map(_shadow, text)))) < _FEWEST:
        return text
    for pattern, mask in _RULES:
        if not (offices and pattern is _LANDLINE):
            text = _replace(pattern, text, mask)
    return text


def redact_json(document: str) -> str:
    """A JSON document with every string value in it redacted; its keys are ours and stay."""
    return json.dumps(_walk(json.loads(document)), ensure_ascii=False)


def _walk(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list):
        return [_walk(item) for item in value]
    if isinstance(value, dict):
        return {key: _walk(item) for key, item in value.items()}
    return value


def _replace(pattern: re.Pattern[str], text: str, mask: _Mask) -> str:
    shadow = "".join(map(_shadow, text))
    shadow = _LETTERS_AMONG_DIGITS.sub(lambda m: m.group().translate(_AS_DIGITS), shadow)
    parts: list[str] = []
    end = 0
    for match in pattern.finditer(shadow):
        masked = mask(match.group(), shadow[: match.start()])
        if masked is not None:
            parts += [text[end : match.start()], masked]
            end = match.end()
    return "".join([*parts, text[end:]])


@lru_cache(4096)
def _shadow(char: str) -> str:
    if char in _SPOKEN:
        return _SPOKEN[char]
    if char in _LOOK_ALIKES:
        return _LOOK_ALIKES[char]
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if char in _GAPS:
        return "-"
    if char.isspace() or unicodedata.category(char) in ("Cf", "Cc", "Mn"):
        return " "
    plain = unicodedata.normalize("NFKC", char).upper()
    return plain if len(plain) == 1 and plain.isascii() else "。"


def _long_number(found: str, before: str) -> str | None:
    if len(found) == 11 and found[0] == "1" and found[1] in "3456789":
        return PHONE
    if len(found) <= 12 and _PERMIT_HEAD.search(before):
        return None
    return _kind(found)


def _grouped_number(found: str, _before: str) -> str | None:
    symbols = re.sub("[ -]", "", found)
    if _HARMLESS.fullmatch(found) and not _BORN.fullmatch(symbols):
        return None
    return _kind(symbols)


def _kind(symbols: str) -> str:
    if len(symbols) in (15, 18) or symbols.endswith("X"):
        return ID_NUMBER
    return CARD if len(symbols) in (16, 17, 19) else LONG_NUMBER


def _phone(_found: str, _before: str) -> str:
    return PHONE


def _permit(found: str, _before: str) -> str:
    return f"〔证号尾号{re.sub('[ -]', '', found)[-4:]}〕"


# The longest shapes first, so that a telephone number is not found inside an ID number.
_RULES: tuple[tuple[re.Pattern[str], _Mask], ...] = (
    (_UNBROKEN, _long_number),
    (_GROUPED, _grouped_number),
    (_MOBILE, _phone),
    (_LANDLINE, _phone),
    (_PERMIT, _permit),
)
