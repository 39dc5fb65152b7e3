"""Permit numbers: two city letters, ten digits, one check symbol (ISO 7064 mod 37,36).

No public platform publishes its number format; this is the project's own. The letters O and I never
stand in a number, so one that is typed is a look-alike of 0 or 1. It is named, not repaired: a
repaired number may be somebody else's.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from stdnum.iso7064 import mod_37_36

LENGTH = 13
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_SHAPE = re.compile(rf"[{_LETTERS}]{{2}}[0-9]{{10}}[0-9{_LETTERS}]", re.ASCII)
# What joins groups in writing. NFKC leaves most dashes alone, so they are named here.
_JOINERS = frozenset(" \t\r\n\u00a0\u3000-‐‑‒–—―−－_.·•,，、")
_SPOKEN = dict(zip("〇零一二三四五六七八九", "00123456789", strict=True)) | {
    "○": "0", "幺": "1", "两": "2", "壹": "1", "贰": "2", "叁": "3", "肆": "4", "伍": "5",
    "陆": "6", "柒": "7", "捌": "8", "玖": "9",
}  # fmt: skip
# Overrides and embeddings that turn the reading direction: what is seen is not what is read.
_TURNING = frozenset("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")
# A stretch of a sentence that may be a number: letters of any alphabet, digits, joiners.
_STRETCH = re.compile(
    r"[A-Za-zＡ-Ｚａ-ｚ\u0370-\u052f0-9０-９²³¹①-⑨〇○零一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖"
    r"\u0660-\u0669\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad"
    r" \t\u00a0\u3000\-‐‑‒–—―−－_.·•]+"
)
_LEAST_SYMBOLS = 9


class Fault(StrEnum):
    """Why a text is no permit number."""

    EMPTY = "empty"
    SYMBOL = "symbol"  # a symbol that no number holds: O, I, a letter of another alphabet, ²
    LENGTH = "length"
    SHAPE = "shape"  # the right length, letters and digits in the wrong places
    CHECK = "check"  # the check symbol disagrees: some symbol was miscopied


class BadNumber(ValueError):
    """Not a permit number. `position` counts symbols from 1 where one can be pointed at; `symbols`
    is how many were read."""

    def __init__(self, fault: Fault, symbols: int = 0, position: int | None = None) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.symbols = symbols
        self.position = position


@dataclass(frozen=True)
class PermitNumber:
    """A number whose shape and check symbol are right; says nothing on whether it was issued."""

    value: str

    @property
    def masked(self) -> str:
        """City letters and last four, the only form that may be shown or stored."""
        return mask(self.value)

    @property
    def last4(self) -> str:
        """What may be kept of it beside its keyed hash."""
        return self.value[-4:]

    @property
    def written(self) -> str:
        """In groups, as it is printed on the card: `GZ 12345 67890 K`."""
        value = self.value
        return f"{value[:2]} {value[2:7]} {value[7:12]} {value[12]}"

    def __repr__(self) -> str:
        # A number must not reach a log through a traceback or an f-string of its owner.
        return f"PermitNumber({self.masked})"

    __str__ = __repr__


def mask(value: str) -> str:
    """`GZ****7890`-like form of a canonical number."""
    return f"{value[:2]}****{value[-4:]}"


def parse(text: str) -> PermitNumber:
    """The number that `text`, and nothing else, spells. Raises `BadNumber`."""
    symbols = _symbols(text)
    if not symbols:
        raise BadNumber(Fault.EMPTY)
    for position, symbol in enumerate(symbols, 1):
        if not re.fullmatch(rf"[0-9{_LETTERS}]", symbol, re.ASCII):
            raise BadNumber(Fault.SYMBOL, len(symbols), position)
    value = "".join(symbols)
    if len(value) != LENGTH:
        raise BadNumber(Fault.LENGTH, len(value))
    if not _SHAPE.fullmatch(value):
        raise BadNumber(Fault.SHAPE, len(value), _misplaced(value))
    if not mod_37_36.is_valid(value):
        raise BadNumber(Fault.CHECK, len(value))
    return PermitNumber(value)


def find(text: str) -> list[str]:
    """The stretches of a message that look like a permit number, right or wrong, as written.

    A stretch begins with a city's letters (or their look-alikes) and has at least nine symbols, so
    telephone and ID numbers are not taken for one.
    """
    found = []
    for match in _STRETCH.finditer(text):
        stretch = match.group().strip("".join(_JOINERS))
        # 一个 or 两 before the letters belongs to the sentence, not to the number.
        stretch = re.sub(
            r"^[^A-Za-zＡ-Ｚａ-ｚ\u0370-\u052f\u202a-\u202e\u2066-\u2069]+", "", stretch
        )
        while len(_symbols(stretch)) > LENGTH and stretch[-1] in _SPOKEN:
            stretch = stretch[:-1]  # so does a 一 or 两 after a whole number
        symbols = _symbols(stretch)
        head = "".join(symbols[:2])
        if len(symbols) >= _LEAST_SYMBOLS and head.isalpha() and not _is_word(symbols):
            found.append(stretch)
    return found


def read(text: str) -> PermitNumber:
    """The number in `text`, which may be a sentence around it. Raises `BadNumber`."""
    stretches = find(text)
    return parse(stretches[0] if len(stretches) == 1 else text)


def generate(city: str, first_digit: str = "") -> PermitNumber:
    """A new random number for a city's two letters. Numbers are not sequential, so that knowing one
    helps nobody to guess another."""
    while True:
        rest = 10 - len(first_digit)
        body = f"{city}{first_digit}{secrets.randbelow(10**rest):0{rest}d}"
        value = body + mod_37_36.calc_check_digit(body)
        if _SHAPE.fullmatch(value):  # a check symbol O or I is drawn again
            return PermitNumber(value)


def _symbols(text: str) -> list[str]:
    """The text's symbols in canonical form; one that has none stays, for `parse` to refuse."""
    symbols = []
    for char in text:
        if char in _JOINERS:
            continue
        if char in _TURNING:
            symbols.append("�")
        elif unicodedata.category(char) == "Cf":
            continue  # zero-width and soft hyphen: invisible, and harmless where nothing turns
        elif char in _SPOKEN:
            symbols.append(_SPOKEN[char])
        elif unicodedata.decomposition(char).startswith(("<wide>", "<narrow>")):
            symbols.append(unicodedata.normalize("NFKC", char).upper())
        elif char.isascii():
            symbols.append(char.upper())
        else:
            # ² and ① would pass NFKC as 2 and 1, Cyrillic О looks like the Latin letter.
            symbols.append(char)
    return symbols


def _misplaced(value: str) -> int:
    for position, symbol in enumerate(value, 1):
        if symbol.isalpha() != (position <= 2) and position != LENGTH:
            return position
    return LENGTH


def _is_word(symbols: list[str]) -> bool:
    """Whether a stretch is plain words (an English sentence) and no number at all."""
    return sum(symbol.isalpha() for symbol in symbols) > len(symbols) // 2
