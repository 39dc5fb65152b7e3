from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.normalise import has_chinese, has_words, normalise, without_numbers


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("ＧＺ１２３", "GZ123"),
        ("補貼點樣領", "补贴怎么领"),
        ("补贴\u200b怎么领", "补贴怎么领"),
        ("真的吗？？？！！", "真的吗？！"),
        ("多少钱?", "多少钱？"),
        ("  回炉 \n 要钱吗 ", "回炉要钱吗"),
        ("我 想 问 社 保", "我想问社保"),
        ("培训多少钱啊 社保怎么领", "培训多少钱啊，社保怎么领"),
        ("證號 GZ 123", "证号 GZ 123"),
        ("係咪真㗎", "是不是真的"),
        ("有冇社保", "有没有社保"),
        ("去边度攞", "去哪里拿"),
        ("俺妈咋整", "我妈怎么办"),
        ("仲裁点申请", "仲裁怎么申请"),
        ("甚至", "甚至"),
        ("劳动关系", "劳动关系"),
        ("培训资询", "培训咨询"),
        ("补帖去哪领", "补贴去哪领"),
        ("长治回炉👍几次", "长治回炉几次"),
        ("👍👍", "👍👍"),
    ],
)
def test_what_means_the_same_is_written_the_same(written: str, wanted: str) -> None:
    assert normalise(written) == wanted


@given(st.text(max_size=60))
def test_any_text_is_normalised_and_then_stays(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(
    st.text(alphabet="我你咪系唔冇有没边度点样几多仲咋啥俺甚工商伤补贴帖培陪训 ，？a1", max_size=20)
)
def test_dialect_and_slips_are_settled_in_one_go(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_words_and_chinese() -> None:
    assert has_words("a")
    assert not has_words("？！…")
    assert has_chinese("a补")
    assert not has_chinese("abc1")


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("我叫王小花，手机13900001111，想学月嫂", "我叫王小花，想学月嫂"),
        ("我的身份证号是440106198501012343，帮我查回炉", "帮我查回炉"),
        ("13900001111", "13900001111"),
        ("证号GZ4401062024010203怎么查", "证号GZ4401062024010203怎么查"),
    ],
)
def test_who_somebody_is_says_nothing_of_what_is_asked(said: str, asked: str) -> None:
    assert without_numbers(said) == asked
