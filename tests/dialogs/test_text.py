"""A reply as one text."""

from __future__ import annotations

import pytest

from dialogs.reply import Block, Citation, Option, Reply, Statement, Status
from dialogs.text import as_text, clause_name
from knowledge.standing import Standing

CITATION = Citation(
    "changzhi/三/15", "长治方案", "changzhi", "长政〔1〕", "", "按规定", Standing.REPEALED
)


def _reply() -> Reply:
    return Reply(
        Status.ANSWERED,
        (
            Block("conclusion", (Statement("一。", ("a",)), Statement("二。", ("a",)))),
            Block("amount", (Statement("三。", ("a",)),), "钱"),
            Block("detail", (Statement("四。", ("a",)), Statement("五。", ("a",)))),
        ),
        citations=(CITATION,),
        options=(Option("长治", "长治"), Option("广州", "广州")),
    )


def test_blocks_headings_options_and_sources() -> None:
    assert as_text(_reply()).split("\n") == [
        "一。二。",
        "钱：三。",
        "四。",
        "五。",
        "1. 长治",
        "2. 广州",
        "依据（原文）：",
        "[1] 《长治方案》（长政〔1〕）三·15【已废止】“按规定”",
    ]


def test_sources_can_be_left_out() -> None:
    assert "依据" not in as_text(_reply(), sources=False)


@pytest.mark.parametrize(
    ("clause", "name"),
    [
        ("changzhi/三/15", "三·15"),
        ("changzhi/序", "序"),
        ("guangzhou/4/二/3", "二·3"),
        ("guangzhou/0/正文", "正文"),
        ("zhaoqing/1/1", "1·1"),
    ],
)
def test_a_clause_as_people_read_it(clause: str, name: str) -> None:
    assert clause_name(clause) == name
