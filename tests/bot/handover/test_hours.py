"""Working hours as an operator writes them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.handover.hours import parse_hours, spoken
from knowledge.standing import CHINA

OFFICE = "mon-fri 09:00-12:00, Mon-Fri 14:00-17:30,sat 09:00-12:00"


@pytest.mark.parametrize(
    ("moment", "open_then"),
    [
        ("2026-11-20T09:00", True),
        ("2026-11-20T08:59", False),
        ("2026-11-20T12:00", False),
        ("2026-11-20T17:29", True),
        ("2026-11-21T11:00", True),
        ("2026-11-21T15:00", False),
        ("2026-11-22T10:00", False),
    ],
)
def test_when_staff_are_there(moment: str, open_then: bool) -> None:
    at = dt.datetime.fromisoformat(moment).replace(tzinfo=CHINA).astimezone(dt.UTC)
    assert any(span.holds(at) for span in parse_hours(OFFICE)) is open_then


def test_hours_in_words() -> None:
    assert spoken(parse_hours(OFFICE)) == (
        "周一到周五 9:00到12:00，周一到周五 14:00到17:30，周六 9:00到12:00"
    )


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("9-17", "write days and hours"),
        ("fri-mon 09:00-17:00", "the earlier one first"),
        ("mon-fun 09:00-17:00", "days are mon to sun"),
        ("mon 17:00-09:00", "closes before it opens"),
        ("mon 09:00-25:00", "hour must be in"),
    ],
)
def test_what_is_wrong_is_said(written: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_hours(written)


@given(st.text(max_size=40))
def test_any_text_is_hours_or_a_clear_error(written: str) -> None:
    try:
        spans = parse_hours(written)
    except ValueError:
        return
    assert all(span.opens < span.closes for span in spans)
