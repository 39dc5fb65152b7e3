"""Telephone numbers as people type and dictate them."""

from __future__ import annotations

import pytest

from dialogs.telephone import mistaken, telephone_in
from nlu.normalise import normalise


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("13800138000", "13800138000"),
        ("１３８ ００１３ ８０００", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("1 3 8 0 0 1 3 8 0 0 0", "13800138000"),
        ("幺三八零零幺三八零零零", "13800138000"),
        ("一三八〇〇一三八〇〇〇", "13800138000"),
        ("我电话是幺三九，一二三四，五六七八", "13912345678"),
        ("幺三八，嗯，零零幺三，那个，八零零零", "13800138000"),
        ("幺三八零零幺三八零零零三点以后打", "13800138000"),
        ("我五十二了，幺三八零零幺三八零零零，姓王", "13800138000"),
        ("0355-2123456", "03552123456"),
        ("(020)87654321", "02087654321"),
        ("座机零二零八七六五四三二一", "02087654321"),
    ],
)
def test_a_number_is_heard(text: str, number: str) -> None:
    assert telephone_in(normalise(text)) == number


@pytest.mark.parametrize(
    "text",
    [
        "2019年到2023年有补贴吗",
        "补贴1300元，12天",
        "一天三百八十块",
        "三月十五号上班九点",
        "110101199001011234",
        "138001380003",
    ],
)
def test_other_figures_are_none(text: str) -> None:
    assert telephone_in(normalise(text)) is None


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        ("1380013800", True),
        ("我的手机号是138001380003", True),
        ("幺三八零零幺三八零零", True),
        ("13800138000", False),
        ("110101199001011234", False),
        ("2019年到2023年有补贴吗", False),
        ("补贴1300元，12天", False),
    ],
)
def test_a_figure_too_many_or_too_few_is_a_slip(text: str, slip: bool) -> None:
    assert mistaken(normalise(text)) is slip
