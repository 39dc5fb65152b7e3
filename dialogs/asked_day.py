"""2021年的时候……, 去年……: the day that a question itself asks about."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from knowledge.strict_yaml import read
from nlu.understanding import Understanding


@cache
def _data() -> dict[str, Any]:
    data: dict[str, Any] = read(Path(__file__).with_name("asked_day.yaml")).data
    return data


@cache
def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(_data()[key])


def day_asked(one: Understanding, today: dt.date) -> dt.date:
    """The last day of the year that the question asks about, or `today` where it names none, more
    than one, or one that has not ended."""
    if _pattern("today").search(one.text):
        return today
    years = set(_years(one, today))
    return min(dt.date(years.pop(), 12, 31), today) if len(years) == 1 else today


def _years(one: Understanding, today: dt.date) -> Iterator[int]:
    yield from (int(match["year"]) for match in _pattern("year").finditer(one.text))
    for match in _pattern("back").finditer(one.text):
        yield today.year - int(_data()["years_back"][match.group()])
    # 2021年长治有……吗: a year that leads up to a place.
    places = {entity.start for entity in one.entities if entity.kind == "region"}
    for entity in one.entities:
        if entity.kind == "date" and entity.start == 0 and entity.end in places:
            yield int(str(entity.value)[:4])
