from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.words import one_of, search_words, tokenizer, tokens, with_inner_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("请问月嫂培训有补贴吗？", {"月嫂", "培训", "补贴"}),
        ("促进就业券怎么领", {"就业", "领"}),
        ("返还50%的失业保险费", {"50", "失业"}),
        ("裁员率5.5%", {"裁员"}),
        ("O2O家政", {"o2o", "家政"}),
        ("4050人员", {"4050"}),
    ],
)
def test_a_question_s_words_are_found(text: str, words: set[str]) -> None:
    assert words <= set(search_words(text))


def test_words_that_ask_are_left_out() -> None:
    assert not {"请问", "吗", "的", "怎么"} & set(search_words("请问保姆的培训怎么报名吗"))


def test_a_long_word_is_found_by_its_parts() -> None:
    assert {"回炉", "培训", "回炉培训"} <= set(search_words("回炉培训"))


def test_the_vocabulary_s_words_stay_whole() -> None:
    assert "两后生" in tokens("两后生有什么补贴")
    assert "育儿嫂" in tokens("我是育儿嫂")


@given(st.text())
def test_words_are_never_more_than_letters_and_digits(text: str) -> None:
    assert all(word.isalnum() and word == word.lower() for word in search_words(text))


@pytest.mark.parametrize("text", ["", "？！", "😀", "\x00", "\ud800", "<b></b>", " \n\t"])
def test_nothing_to_search_is_nothing(text: str) -> None:
    assert search_words(text) in ((), ("b", "b"))


@given(st.sets(st.text("甲乙丙丁", min_size=1, max_size=4), min_size=1), st.text("甲乙丙丁戊"))
def test_one_of_finds_what_the_longest_name_first_would(names: set[str], text: str) -> None:
    longest_first = "|".join(sorted(names, key=len, reverse=True))
    assert re.findall(one_of(names), text) == re.findall(longest_first, text)


@given(st.text(st.sampled_from("回炉职业技能等级认定培训补贴生活费的有没，（ 4aB")))
def test_inner_words_are_those_that_jieba_finds(text: str) -> None:
    assert list(with_inner_words(text)) == list(tokenizer().cut_for_search(text))


@pytest.mark.parametrize(
    "place", ["长治", "上党", "屯留", "包头", "从化", "高要", "四会", "大同", "昆区"]
)
@pytest.mark.parametrize("wanted", ["学几天", "报名", "上班", "领补贴", "社保谁交", "政府管吗"])
def test_a_place_stays_a_word_before_what_is_wanted_of_it(place: str, wanted: str) -> None:
    assert tokens(place + wanted)[0] == place


def test_a_place_s_name_does_not_tear_other_words() -> None:
    assert "保定" not in tokens("医保定点医院")
    assert "长治好工作" in tokens("长治好工作怎么登录")
