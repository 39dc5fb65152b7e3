"""The sentence on a document's standing: true of its years, its repeal and the day asked of."""

from __future__ import annotations

import datetime as dt

import pytest

from dialogs.standings import repealed_by_now, standing_sentence
from knowledge.library import Library
from knowledge.schema import Document, Repeal

TODAY = dt.date(2026, 11, 21)


def _document(library: Library, document_id: str) -> Document:
    found = library.document(document_id)
    assert found is not None
    return found[0]


@pytest.mark.parametrize("part", ["0", "4", "5", "8"])
def test_years_of_another_plan_are_not_told_as_its_own(library: Library, part: str) -> None:
    text = standing_sentence([_document(library, f"guangzhou/{part}")], TODAY)
    assert "自己没写到哪年" in text
    assert "《广州市职业技能提升行动实施方案（2019-2021年）》" in text
    assert "目标" not in text


@pytest.mark.parametrize("part", ["1", "2", "3", "6", "7", "9", "10"])
def test_years_of_its_own_are_told(library: Library, part: str) -> None:
    document = _document(library, f"guangzhou/{part}")
    assert document.plan_period is not None
    year = document.plan_period.until.year
    assert f"写的是到{year}年的目标，年份已经过了" in standing_sentence([document], TODAY)


def test_names_lead_only_where_given(library: Library) -> None:
    changzhi = _document(library, "changzhi")
    assert standing_sentence([changzhi], TODAY).startswith("2021年10月20日印发")
    assert standing_sentence([changzhi], TODAY, "《甲》").startswith("《甲》2021年10月20日印发")


def test_an_undated_repeal_leaves_earlier_days_open(library: Library) -> None:
    kundulun = _document(library, "kundulun")
    assert repealed_by_now(kundulun, dt.date(2020, 9, 1), TODAY)
    assert not repealed_by_now(kundulun, TODAY, TODAY)
    assert not repealed_by_now(_document(library, "changzhi"), dt.date(2022, 1, 1), TODAY)


def test_a_dated_repeal_is_told_by_its_day(library: Library) -> None:
    repeal = Repeal(on=dt.date(2022, 6, 1), clause="changzhi/二", quote="到2023年")
    document = _document(library, "changzhi").model_copy(update={"repeal": repeal})
    assert not repealed_by_now(document, dt.date(2022, 1, 1), TODAY)
    before = standing_sentence([document], dt.date(2022, 1, 1))
    assert before == "2021年10月20日印发，那时还没有废止，2022年6月1日废止。"
    assert "已于2022年6月1日废止" in standing_sentence([document], TODAY)
