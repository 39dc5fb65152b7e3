"""Canned answers: seeded once, changed, ordered, retired; their variables."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from bot.console import canned
from bot.console.canned import BLANK, CannedError
from tests.bot.console.desk import Desk
from tests.bot.serving import NOW

HERE = "/console/canned"


def titles(engine: Engine, *, retired: bool = False) -> list[str]:
    with engine.connect() as connection:
        return [one.title for one in canned.listed(connection, retired=retired)]


def test_ten_are_there_at_first_and_stay_as_they_are_made(engine: Engine) -> None:
    for _ in range(2):
        with engine.begin() as connection:
            canned.seed(connection)
    assert len(titles(engine)) == 10
    with engine.begin() as connection:
        for one in canned.listed(connection):
            canned.retire(connection, one.pk, NOW)
        canned.seed(connection)
    assert titles(engine) == []
    assert len(titles(engine, retired=True)) == 10


def test_they_are_put_in_order(engine: Engine) -> None:
    with engine.begin() as connection:
        first, second, third = (canned.add(connection, title, "好") for title in "一二三")
        canned.move(connection, third, up=True)
        canned.move(connection, first, up=True)  # nowhere to go
        canned.move(connection, second, up=False)
    assert titles(engine) == ["一", "三", "二"]


@pytest.mark.parametrize(
    ("title", "text", "code"),
    [
        ("", "好", "canned_title"),
        ("名" * 41, "好", "canned_title"),
        ("名\n称", "好", "canned_title"),
        ("名称", " ", "canned_text"),
        ("名称", "您好，{nane}", "canned_variable"),
        ("名称", "您好，{name.__class__}", "canned_variable"),
        ("名称", "打13812345678", "personal"),
        ("已有", "好", "canned_taken"),
    ],
)
def test_what_cannot_be_kept(sqlite_engine: Engine, title: str, text: str, code: str) -> None:
    with sqlite_engine.begin() as connection:
        canned.add(connection, "已有", "好")
        with pytest.raises(CannedError) as refused:
            canned.add(connection, title, text)
    assert refused.value.code == code


def test_what_has_no_value_is_a_blank() -> None:
    text = "{region}的{topic}，{date}，{other}"
    values = {"region": "长治市", "topic": "", "date": "2026年11月21日"}
    assert canned.filled(text, values) == f"长治市的{BLANK}，2026年11月21日，{BLANK}"


def test_the_page_by_its_forms(desk: Desk) -> None:
    editor = desk.logged_in("editor")
    assert "开场" in editor.get(HERE).text
    assert "加好了" in editor.submit(HERE, title="午休", text="{name}午休去了").text
    refused = editor.submit(HERE, title="坏的", text="{who}")
    assert refused.status_code == 422
    assert "大括号里只能写" in refused.text
    assert "{who}" in refused.text
    with desk.app.engine.connect() as connection:
        mine = next(one for one in canned.listed(connection) if one.title == "午休")
    assert "改好了" in editor.submit(f"{HERE}/{mine.pk}", title="午饭", text="吃饭").text
    assert "换好了" in editor.submit(f"{HERE}/{mine.pk}/move", where="up").text
    assert titles(desk.app.engine)[-2:] == ["午饭", "结束"]
    assert "停用了" in editor.submit(f"{HERE}/{mine.pk}/retire").text
    assert titles(desk.app.engine, retired=True) == ["午饭"]
    assert "恢复了" in editor.submit(f"{HERE}/{mine.pk}/retire").text
    assert editor.submit(f"{HERE}/9999", title="无", text="无").status_code == 404
    assert len(desk.audited(action="canned_changed")) == 5
