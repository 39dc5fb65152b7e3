"""Numbers and dates as they are said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.console.assistant_spoken import number, spoken
from knowledge.numbers import numbers_in


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1500元", "一千五百元"),
        ("1,500元/人", "一千五百元每人"),
        ("2000元", "两千元"),
        ("1.5万元", "一点五万元"),
        ("50%", "百分之五十"),
        ("2021年10月20日印发", "二零二一年十月二十日印发"),
        ("2021-10-05", "二零二一年十月五日"),
        ("请打12333或12345", "请打幺二三三三或幺二三四五"),
        ("打110", "打幺幺零"),
        ("110元", "一百一十元"),
        ("3-5天", "三到五天"),
        ("2个月", "两个月"),
        ("第2条", "第二条"),
        ("2月", "二月"),
        ("12人", "十二人"),
        ("105", "一百零五"),
        ("10008个", "一万零八个"),
        ("没有数", "没有数"),
    ],
)
def test_as_spoken(written: str, said: str) -> None:
    assert spoken(written) == said


@given(st.integers(0, 99_999_999))
def test_a_number_said_is_the_number_meant(value: int) -> None:
    assert numbers_in(number(str(value))) == [value]


@given(st.text(max_size=60))
def test_no_text_breaks_it_and_no_figure_is_left(text: str) -> None:
    assert not any(figure in spoken(text) for figure in "0123456789")
