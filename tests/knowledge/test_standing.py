"""Every document on the day before and the day of every change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.loader import LoadedDocument, load_document
from knowledge.schema import Document, Period, Repeal
from knowledge.standing import Standing, applies, china_day, exists, standing

DAY = dt.timedelta(days=1)

# Document, its day of issue, and the last day of its plan's years: read from the sources.
DATED = [
    ("changzhi", dt.date(2021, 10, 20), dt.date(2023, 12, 31)),
    ("liaoning", dt.date(2021, 10, 27), dt.date(2022, 12, 31)),
    *(
        (f"guangzhou/{plan}", dt.date(2020, 2, 27), dt.date(2022 if plan == 2 else 2021, 12, 31))
        for plan in range(11)
    ),
]


def find(documents: Sequence[LoadedDocument], name: str) -> Document:
    (document,) = (d.document for d in documents if d.document.id == name)
    return document


@pytest.mark.parametrize(("name", "issued", "ends"), DATED, ids=[name for name, _, _ in DATED])
def test_a_plan_from_its_issue_to_its_end(
    name: str, issued: dt.date, ends: dt.date, documents: Sequence[LoadedDocument]
) -> None:
    document = find(documents, name)
    assert not exists(document, issued - DAY)
    assert exists(document, issued)
    assert standing(document, issued) is Standing.IN_FORCE
    assert standing(document, ends) is Standing.IN_FORCE
    assert standing(document, ends + DAY) is Standing.TARGET_PERIOD_ENDED
    assert standing(document, dt.date(2100, 1, 1)) is Standing.TARGET_PERIOD_ENDED


def test_every_document_is_looked_at(documents: Sequence[LoadedDocument]) -> None:
    assert {d.document.id for d in documents} == {
        *(name for name, _, _ in DATED),
        "kundulun",
        "zhaoqing",
    }


def test_kundulun_is_repealed_on_every_day_it_exists(
    documents: Sequence[LoadedDocument],
) -> None:
    """The page gives no date of repeal, so no day is promised: not even the day of issue."""
    document = find(documents, "kundulun")
    issued = dt.date(2020, 8, 21)
    assert not exists(document, issued - DAY)
    assert exists(document, issued)
    for day in (issued, dt.date(2021, 1, 1), dt.date(2023, 3, 23), dt.date(2026, 11, 21)):
        assert standing(document, day) is Standing.REPEALED


@given(st.dates())
def test_a_news_report_is_one_on_any_day(day: dt.date) -> None:
    report = document(form="news_report", doc_no=None, issued_on=None)
    assert standing(report, day) is Standing.NEWS_REPORT
    assert exists(report, day)


def test_zhaoqing_is_a_news_report(documents: Sequence[LoadedDocument]) -> None:
    report = find(documents, "zhaoqing")
    for day in (dt.date(2000, 1, 1), dt.date(2021, 12, 31), dt.date(2022, 1, 1)):
        assert standing(report, day) is Standing.NEWS_REPORT
        assert exists(report, day)


def test_liaoning_points_elsewhere_from_2022_on(documents: Sequence[LoadedDocument]) -> None:
    (rule,) = (
        provision
        for provision in find(documents, "liaoning").provisions
        if provision.id == "liaoning/三/2#policies-of-2022"
    )
    assert not applies(rule, dt.date(2021, 12, 31))
    assert applies(rule, dt.date(2022, 1, 1))
    assert applies(rule, dt.date(2026, 11, 21))


def test_every_dated_provision_on_the_days_around_its_dates(
    documents: Sequence[LoadedDocument],
) -> None:
    dated = [
        provision
        for loaded in documents
        for provision in loaded.document.provisions
        if provision.valid_from or provision.valid_until
    ]
    assert len(dated) >= 2
    for provision in dated:
        if provision.valid_from:
            assert not applies(provision, provision.valid_from - DAY)
            assert applies(provision, provision.valid_from)
        if provision.valid_until:
            assert applies(provision, provision.valid_until)
            assert not applies(provision, provision.valid_until + DAY)


def document(**fields: object) -> Document:
    """A made-up notice of 2021-03-01."""
    return Document.model_validate(
        {
            "id": "x",
            "title": "通知",
            "name": "通知",
            "form": "notice",
            "doc_no": "测发〔2021〕1号",
            "issuers": ["测试市人社局"],
            "region": "440100",
            "issued_on": dt.date(2021, 3, 1),
            "source": "made up",
            "last_verified_on": dt.date(2026, 11, 21),
            "provisions": [],
            **fields,
        }
    )


def test_a_dated_repeal_counts_from_its_day() -> None:
    day = dt.date(2024, 6, 1)
    repealed = document(repeal=Repeal(on=day, clause="x/1", quote="废止"))
    assert standing(repealed, day - DAY) is Standing.IN_FORCE
    assert standing(repealed, day) is Standing.REPEALED


def test_the_last_day_of_validity_still_counts() -> None:
    day = dt.date(2025, 12, 31)
    assert standing(document(expires_on=day), day) is Standing.IN_FORCE
    assert standing(document(expires_on=day), day + DAY) is Standing.EXPIRED


def test_the_heaviest_standing_is_said() -> None:
    everything = document(
        repeal=Repeal(on=dt.date(2024, 6, 1), clause="x/1", quote="废止"),
        expires_on=dt.date(2023, 6, 30),
        plan_period=Period(until=dt.date(2022, 12, 31), clause="x/1", quote="到2022年"),
    )
    assert standing(everything, dt.date(2022, 12, 31)) is Standing.IN_FORCE
    assert standing(everything, dt.date(2023, 1, 1)) is Standing.TARGET_PERIOD_ENDED
    assert standing(everything, dt.date(2023, 7, 1)) is Standing.EXPIRED
    assert standing(everything, dt.date(2024, 6, 1)) is Standing.REPEALED


def test_a_document_is_not_there_before_it_comes_into_effect() -> None:
    later = document(effective_on=dt.date(2021, 4, 1))
    assert not exists(later, dt.date(2021, 3, 31))
    assert exists(later, dt.date(2021, 4, 1))
    backdated = document(effective_on=dt.date(2021, 1, 1))
    assert not exists(backdated, dt.date(2021, 2, 28))
    assert exists(backdated, dt.date(2021, 3, 1))


def test_days_are_beijing_days() -> None:
    assert china_day(dt.datetime(2021, 12, 31, 15, 59, tzinfo=dt.UTC)) == dt.date(2021, 12, 31)
    assert china_day(dt.datetime(2021, 12, 31, 16, 0, tzinfo=dt.UTC)) == dt.date(2022, 1, 1)


def test_a_rule_s_own_dates_include_both_ends() -> None:
    rule = load_document(Path(__file__).parent / "bad" / "good.yaml").document.provisions[0]
    assert (rule.valid_from, rule.valid_until) == (dt.date(2021, 4, 1), dt.date(2023, 12, 31))
    for day, counts in (
        (dt.date(2021, 3, 31), False),
        (dt.date(2021, 4, 1), True),
        (dt.date(2023, 12, 31), True),
        (dt.date(2024, 1, 1), False),
    ):
        assert applies(rule, day) is counts
