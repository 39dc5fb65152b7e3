"""Numbers as Chinese policy text writes them: 5万, 1万2千, 1,200, 半年, 两家, 二〇二一, １０."""

from __future__ import annotations

import re
from decimal import Decimal
from math import prod

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_SCALE = {"百": 100, "千": 1_000, "万": 10_000, "亿": 100_000_000}
# Not 1.2021: a list number stands before a year there (附件：1.2021-2023年).
_FIGURE = r"\d+(?:,\d{3}(?!\d))*(?:\.\d{1,3}(?!\d))?"
_FIGURES = re.compile(f"({_FIGURE})([百千万亿]*)")
_NUMBERS = re.compile(f"({_FIGURE}|半|[零〇一二两三四五六七八九十百千]+)([百千万亿]*)")


def _spoken(text: str) -> int:
    total = current = 0
    for char in text:
        if char in _UNITS:
            total += (current or 1) * _UNITS[char]
            current = 0
        else:
            current = current * 10 + _DIGITS[char]
    if len(text) > 1 and text[-2] in "百千" and current:
        current *= _UNITS[text[-2]] // 10  # 一千五 is 1500; 1005 is 一千零五
    return total + current


def _plain(text: str) -> Decimal:
    if text[0].isdecimal():
        return Decimal(text.replace(",", ""))
    # Decimal, since 1.13 * 10000 is not 11300 in floats.
    return Decimal("0.5") if text == "半" else Decimal(_spoken(text))


def _find(pattern: re.Pattern[str], text: str) -> list[float]:
    found: list[Decimal] = []
    end, last_scale = -1, 1
    for match in pattern.finditer(text):
        scale = prod(_SCALE[char] for char in match[2])
        value = _plain(match[1]) * scale
        if match.start() == end and 1 < last_scale > value:
            found[-1] += value  # 1万2千 is one number
        else:
            found.append(value)
        end, last_scale = match.end(), scale
    return [float(value) for value in found]


def numbers_in(text: str) -> list[float]:
    """Every number in `text`, in order, with the 百, 千, 万 and 亿 behind it multiplied out."""
    return _find(_NUMBERS, text)


def figures_in(text: str) -> set[float]:
    """The numbers written in figures only (2021, 5万), for checks that spoken words would blur."""
    return set(_find(_FIGURES, text))
