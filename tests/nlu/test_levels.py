from __future__ import annotations

import pytest

from nlu.entities import entities_of
from nlu.normalise import normalise


def levels(text: str) -> list[str]:
    return [str(entity.value) for entity in entities_of(normalise(text)) if entity.kind == "level"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("高级工和技师差几级", ["level_3", "level_2"]),
        ("三级证能换什么", ["level_3"]),
        ("高级的补多少", ["level_3"]),
        ("从初级到中级要几年", ["level_5", "level_4"]),
        ("四级育婴员", ["level_4"]),
        ("西式面点师高级", ["level_3"]),
        ("中级班什么时候开", ["level_4"]),
        ("五级都没考过", ["level_5"]),
    ],
)
def test_a_level_of_skill_is_one(text: str, wanted: list[str]) -> None:
    assert levels(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "市中级人民法院怎么走",
        "二级以上医院的体检报告",
        "三级工伤赔多少",
        "我爸视力三级",
        "高级农艺师能教课吗",
        "二级建造师",
        "高级工程师",
        "中级职称可以当老师吗",
        "公司给我评的金牌三级",
        "家政企业二级要什么条件",
        "家政员一共分五级吗",
        "我升了一级，工资没涨",
        "高级餐厅",
        "我家小区挺高级的",
        "初级钢琴谱",
        "会计初级证",
        "足浴店的技师",
        "技师学院招生吗",
    ],
)
def test_what_stands_high_otherwise_is_none(text: str) -> None:
    assert levels(text) == []
