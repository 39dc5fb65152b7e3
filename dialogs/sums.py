"""Sums that are said to be given (听说一个月发一千五, 补贴1500怎么领)."""

from __future__ import annotations

import re

from dialogs.reading import says
from knowledge.numbers import numbers_in
from nlu.understanding import Understanding

# Smaller numbers are counted, not paid; these are years, and the name of a group.
_LEAST, _YEARS, _NAMES = 100, range(1990, 2035), (4050, 12333, 12345)
# Said of a sum, these make it one that is given, and not what somebody earns or is owed.
_GIVEN_BEFORE = re.compile(r"(补贴?助?|领|减免?|奖励?|报销|资助)[^，。？！]{0,5}$")
_GIVEN_BEHIND = re.compile(r"^(元|块钱?|多|左右|的|以上)*(补|减免|奖)")


def sums_said(one: Understanding) -> tuple[tuple[str, float], ...]:
    """The sums that are said to be given: all that somebody has heard of elsewhere, else those that
    stand beside what is given."""
    found = sums_in(one)
    if says("hearsay", one.text):
        return found
    return tuple((said, value) for said, value in found if _is_given(said, one.text))


def _is_given(said: str, text: str) -> bool:
    before, _, behind = text.partition(said)
    return bool(_GIVEN_BEFORE.search(before) or _GIVEN_BEHIND.search(behind))


def sums_in(one: Understanding) -> tuple[tuple[str, float], ...]:
    """The sums as said, and in yuan; a number that can hardly be anything else is one."""
    money = tuple((e.text, float(e.value)) for e in one.entities if e.kind == "money")
    return money or tuple(
        (f"{number:g}", number)
        for number in numbers_in(one.text)
        if number >= _LEAST and number not in _YEARS and number not in _NAMES
    )
