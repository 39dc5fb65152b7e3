"""Charts as figures for SVG: where each bar stands. Drawn by templates/charts.html; the same
numbers stand in a table beneath, so a chart may be left out by who cannot see it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 640
_LABEL = 170  # room for names at the left of lying bars
_VALUE = 60  # and for numbers at their right
_BAR = 20
_STEP = 28
_HEIGHT = 190
_FOOT = 22
_LEFT = 44


@dataclass(frozen=True)
class Bar:
    """A bar with its name and number; positions and sizes in the chart's own units."""

    name: str
    value: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Tick:
    """A line across, with its number; or a name under the bars."""

    name: str
    at: float


@dataclass(frozen=True)
class Chart:
    """A chart `width` × `height`; lying bars have no ticks."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    across: tuple[Tick, ...] = ()
    under: tuple[Tick, ...] = ()


def lying(rows: Sequence[tuple[str, int]]) -> Chart:
    """Bars that lie one under the other, each with its name and number."""
    most = max((value for _, value in rows), default=0) or 1
    room = WIDTH - _LABEL - _VALUE
    bars = tuple(
        Bar(name, f"{value:,}", _LABEL, place * _STEP + 4, round(room * value / most, 1), _BAR)
        for place, (name, value) in enumerate(rows)
    )
    return Chart(WIDTH, len(rows) * _STEP + 8, bars)


def by_day(rows: Sequence[tuple[dt.date, int]]) -> Chart:
    """A standing bar a day, with lines at round numbers and some of the days named."""
    top = _round_up(max((value for _, value in rows), default=0))
    room, floor = WIDTH - _LEFT, _HEIGHT - _FOOT
    step = room / max(1, len(rows))
    gap = min(2.0, step / 5)
    bars = []
    for place, (day, value) in enumerate(rows):
        height = round((floor - 8) * value / top, 1)
        x = round(_LEFT + place * step + gap / 2, 2)
        bars.append(Bar(f"{day}", f"{value:,}", x, floor - height, round(step - gap, 2), height))
    named = max(1, math.ceil(len(rows) / 8))
    under = tuple(
        Tick(f"{day.month}-{day.day}", round(_LEFT + (place + 0.5) * step, 1))
        for place, (day, _) in enumerate(rows)
        if place % named == 0
    )
    lines = (0, top // 2, top) if top > 1 else (0, top)
    across = tuple(Tick(f"{n:,}", round(floor - (floor - 8) * n / top, 1)) for n in lines)
    return Chart(WIDTH, _HEIGHT, tuple(bars), across, under)


def _round_up(number: int) -> int:
    """The next even number with one figure that counts: 1, 2, 4, 6, 8, 10, 20, 40 …"""
    if number <= 1:
        return 1
    size = int(10 ** (len(str(number)) - 1))
    for lead in (1, 2, 4, 6, 8, 10):
        if lead * size >= number:
            return lead * size
    return 20 * size
