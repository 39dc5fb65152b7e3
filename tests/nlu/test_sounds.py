from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.sounds import mend


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("公司托欠公资", "公司托欠工资"),
        ("社宝补贴", "社保补贴"),
        ("陪训多少钱", "培训多少钱"),
        ("回卢要钱吗", "回炉要钱吗"),
        ("公伤认定", "工伤认定"),
        ("保母上岗证", "保姆上岗证"),
        ("稳岗反还", "稳岗返还"),
        ("我要报明", "我要报名"),
    ],
)
def test_a_stretch_that_is_no_word_is_taken_for_the_word_it_sounds_like(
    said: str, meant: str
) -> None:
    assert mend(said) == meant


@pytest.mark.parametrize(
    "text",
    [
        "工商局电话",
        "公司不贴钱",
        "办公商量",
        "找工作",
        "我没发工资",
        "太原的政策",
        "今天天气怎么样",
        "",
    ],
)
def test_words_and_grammar_stay(text: str) -> None:
    assert mend(text) == text


@given(st.text(max_size=40))
def test_the_length_never_changes(text: str) -> None:
    assert len(mend(text)) == len(text)
