"""A period that a page of the console is about: whole days by the clock of China."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from knowledge.standing import CHINA, china_day

PRESETS = (1, 7, 30, 90, 365)  # days
DEFAULT_DAYS = 30
_LONGEST = 3660


@dataclass(frozen=True)
class Period:
    """From the first day to the last, both counted."""

    first: dt.date
    last: dt.date

    @property
    def since(self) -> dt.datetime:
        """When it begins, in UTC."""
        return _midnight(self.first)

    @property
    def until(self) -> dt.datetime:
        """When it is over, in UTC."""
        return _midnight(self.last + dt.timedelta(days=1))

    @property
    def days(self) -> list[dt.date]:
        """Its days, in order."""
        count = (self.last - self.first).days + 1
        return [self.first + dt.timedelta(days=n) for n in range(count)]


def last_days(now: dt.datetime, days: int = DEFAULT_DAYS) -> Period:
    """The last `days` days, today among them."""
    today = china_day(now)
    return Period(today - dt.timedelta(days=days - 1), today)


def parse_period(first: str, last: str, now: dt.datetime) -> Period | None:
    """The period between two days as a form gives them; an empty one stands for 30 days back, and
    for today. None for what is no period, or one longer than ten years."""
    try:
        until = dt.date.fromisoformat(last.strip()) if last.strip() else china_day(now)
        since = (
            dt.date.fromisoformat(first.strip())
            if first.strip()
            else until - dt.timedelta(days=DEFAULT_DAYS - 1)
        )
    except (ValueError, OverflowError):
        return None
    sound = 2000 <= since.year <= until.year <= 2200 and since <= until
    return Period(since, until) if sound and (until - since).days < _LONGEST else None


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), CHINA).astimezone(dt.UTC)
