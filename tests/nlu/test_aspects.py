from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.aspects import aspects_of, without_cues
from nlu.normalise import normalise
from nlu.understanding import Aspect


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("社保补贴多少钱", "amount"),
        ("回炉要唔要钱", "amount"),
        ("什么条件才能领", "condition"),
        ("怎么申请", "procedure"),
        ("點樣申請", "procedure"),
        ("去边度办", "office"),
        ("归哪个部门管", "office"),
        ("几天能办下来", "deadline"),
        ("这个政策还有效吗", "validity"),
        ("有哪些补贴", "list"),
        ("是不是强制的", "obligation"),
        ("是不是谁都能领", "everyone"),
    ],
)
def test_an_aspect_is_known_by_its_cue(text: str, aspect: Aspect) -> None:
    assert aspect in aspects_of(normalise(text))


def test_a_subject_alone_has_no_aspect() -> None:
    assert aspects_of("工伤") == frozenset()


def test_without_cues_the_subject_is_left() -> None:
    assert without_cues("工伤保险多少钱").split() == ["工伤保险"]


@given(st.text(max_size=60))
def test_any_text_has_aspects_of_the_closed_list(text: str) -> None:
    assert aspects_of(text) <= set(get_args(Aspect))
