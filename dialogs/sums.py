"""Sums that somebody has heard of elsewhere (听说一个月发一千五)."""

from __future__ import annotations

from knowledge.numbers import numbers_in
from nlu.understanding import Understanding

# Smaller numbers are counted, not paid; these are years, and the name of a group.
_LEAST, _YEARS, _NAMES = 100, range(1990, 2035), (4050, 12333, 12345)


def sums_in(one: Understanding) -> tuple[tuple[str, float], ...]:
    """The sums as said, and in yuan; a number that can hardly be anything else is one."""
    money = tuple((e.text, float(e.value)) for e in one.entities if e.kind == "money")
    return money or tuple(
        (f"{number:g}", number)
        for number in numbers_in(one.text)
        if number >= _LEAST and number not in _YEARS and number not in _NAMES
    )
