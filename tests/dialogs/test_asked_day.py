"""Which day a question asks about: a year of its own, last year, or today."""

from __future__ import annotations

import datetime as dt

import pytest

from dialogs.asked_day import day_asked
from nlu.entities import entities_of
from nlu.normalise import normalise
from nlu.understanding import Score, Understanding

TODAY = dt.date(2026, 11, 21)


def _day(text: str) -> dt.date:
    plain = normalise(text)
    ranking = (Score("training_subsidy", 1.0),)
    return day_asked(Understanding(text, plain, ranking, entities=entities_of(plain)), TODAY)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2021年的时候长治有培训补贴吗", dt.date(2021, 12, 31)),
        ("长治2022年那会儿社保补贴怎么规定的", dt.date(2022, 12, 31)),
        ("2021年长治有社保补贴吗", dt.date(2021, 12, 31)),
        ("去年广州有没有培训补贴", dt.date(2025, 12, 31)),
        ("前年长治的补贴是怎么规定的", dt.date(2024, 12, 31)),
        ("2026年的时候呢", TODAY),
    ],
)
def test_a_year_is_asked_about(text: str, day: dt.date) -> None:
    assert _day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "长治培训补贴怎么领",
        "2021年印发的那份方案还有效吗",
        "到2021年要培训多少人",
        "2022年以后辽宁还有培训补贴吗",
        "我去年考的证能领补贴吗",
        "去年下岗的能参加培训吗",
        "从去年开始学的，能报销吗",
        "大前年长治有补贴吗",
        "2021年的时候没领，现在还能补领吗",
        "2021年的时候和2022年的时候有什么不同",
        "2030年的时候还有吗",
    ],
)
def test_today_is_asked_about(text: str) -> None:
    assert _day(text) == TODAY
