"""Numbers as Chinese policy text writes them: 5万, 1.5万, 6千, 一年, 两家, １０."""

from __future__ import annotations

import re

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "半": 0.5}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_NUMBER = re.compile(r"\d+(?:\.\d+)?|[零〇一二两三四五六七八九十百千]+")
_SCALE = {"千": 1_000, "万": 10_000, "亿": 100_000_000}


def _spoken(text: str) -> float:
    total, current = 0.0, 0.0
    for char in text:
        if char in _UNITS:
            total += (current or 1) * _UNITS[char]
            current = 0
        else:
            current = current * 10 + _DIGITS[char]
    return total + current


def numbers_in(text: str) -> list[float]:
    """Every number in `text`, in order, with 千, 万 and 亿 behind a figure multiplied out."""
    found = []
    for match in _NUMBER.finditer(text):
        raw = match.group()
        value = float(raw) if raw[0].isdigit() else _spoken(raw)
        scale = _SCALE.get(text[match.end() : match.end() + 1], 1)
        found.append(value * scale)
    return found


def figures_in(text: str) -> set[float]:
    """The numbers written in figures only (2021, 5万), for checks that spoken words would blur."""
    return {
        float(m.group()) * _SCALE.get(text[m.end() : m.end() + 1], 1)
        for m in re.finditer(r"\d+(?:\.\d+)?", text)
    }
