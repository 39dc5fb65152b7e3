"""Distress is recognised by its words, and everyday words are not taken for it."""

from __future__ import annotations

import pytest

from dialogs.distress import distress_in


@pytest.mark.parametrize(
    ("text", "kind", "number"),
    [
        ("我不想活了", "danger", "12356"),
        ("想自杀", "danger", "12356"),
        ("老公家暴", "violence", "110"),
        ("雇主打我", "violence", "110"),
        ("他把我关起来不让我出门", "violence", "110"),
        ("扣了我的身份证", "violence", "110"),
        ("擦玻璃的时候摔了", "injury", "120"),
        ("这算不算工伤", "injury", "12333"),
        ("公司拖欠工资", "wages", "12333"),
        ("老板不给我工资", "wages", "12348"),
        ("欠我三个月工资", "wages", "12333"),
    ],
)
def test_distress(text: str, kind: str, number: str) -> None:
    found = distress_in(text)
    assert found is not None
    assert found.id == kind
    assert number in found.says


@pytest.mark.parametrize(
    "text",
    [
        "长治工资指导价是多少",
        "非员工制的工伤保险怎么办",
        "工伤预防培训有吗",
        "谁打我电话了",
        "被打电话骚扰",
        "广州月嫂培训免费吗",
        "上班要持证吗",
        "扣除社保后发多少",
    ],
)
def test_everyday_words(text: str) -> None:
    assert distress_in(text) is None


def test_danger_comes_before_wages() -> None:
    found = distress_in("拖欠工资，我不想活了")
    assert found is not None
    assert found.id == "danger"
    assert not found.then_answer
