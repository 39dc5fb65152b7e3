from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.numbers import figures_in, numbers_in


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("每人5万元", [50_000]),
        ("1.13万人", [11_300]),  # 1.13 * 10000 is 11299.999… in floats
        ("从业人员3.3万人", [33_000]),
        ("6千人次以上", [6_000]),
        ("1万2千元", [12_000]),
        ("1千2百元", [1_200]),
        ("一万二千元", [12_000]),
        ("三千万元", [30_000_000]),
        ("一亿三千万元", [130_000_000]),
        ("总额1,200,000元", [1_200_000]),
        ("1200,5", [1200, 5]),
        ("半年", [0.5]),
        ("一半", [1, 0.5]),
        ("两家", [2]),
        ("十五日", [15]),
        ("一百二十人", [120]),
        ("二〇二一年", [2021]),
        ("１０家", [10]),
        ("1~2年", [1, 2]),
        ("2019—2021年", [2019, 2021]),
        ("失业率（5.5%）", [5.5]),
        ("附件：1.2021-2023年", [1, 2021, 2023]),
        ("百户十强", [100, 10]),
        ("没有数", []),
        ("", []),
    ],
)
def test_numbers_as_policies_write_them(text: str, numbers: list[float]) -> None:
    assert numbers_in(text) == numbers


def test_figures_leave_spoken_numbers_out() -> None:
    assert figures_in("第三条：2021年10家，五万元、5万元、1,200元") == {2021, 10, 50_000, 1_200}
    assert figures_in("一些三者五统一") == set()


@given(st.integers(min_value=0, max_value=10**9), st.sampled_from(["", "千", "万", "亿"]))
def test_a_scale_multiplies_exactly(number: int, scale: str) -> None:
    factor = {"": 1, "千": 10**3, "万": 10**4, "亿": 10**8}[scale]
    assert numbers_in(f"共{number}{scale}元") == [float(number * factor)]


@given(st.integers(min_value=0, max_value=99_999))
def test_grouped_digits_are_one_number(number: int) -> None:
    assert numbers_in(f"{number:,}元") == [float(number)]


@given(st.text())
def test_any_text_can_be_asked(text: str) -> None:
    assert figures_in(text) is not None
    assert all(number >= 0 for number in numbers_in(text))
