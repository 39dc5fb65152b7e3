"""When staff are there: working hours as an operator writes them."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from dialogs.wording import say
from knowledge.standing import CHINA

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM = re.compile(r"^([a-z]{3})(?:-([a-z]{3}))? (\d{2}:\d{2})-(\d{2}:\d{2})$")


@dataclass(frozen=True)
class Span:
    """Some days of the week (Monday is 0) and the hours of each, in China's time."""

    first_day: int
    last_day: int
    opens: dt.time
    closes: dt.time

    def holds(self, moment: dt.datetime) -> bool:
        """Whether the moment is within it, by the clock in China."""
        local = moment.astimezone(CHINA)
        return (
            self.first_day <= local.weekday() <= self.last_day
            and self.opens <= local.time() < self.closes
        )

    @property
    def spoken(self) -> str:
        """周一到周五 9:00到17:00."""
        days = say("hours.day", day=say("hours.days")[self.first_day])
        if self.last_day != self.first_day:
            last = say("hours.day", day=say("hours.days")[self.last_day])
            days = say("hours.span", first=days, last=last)
        return say(
            "hours.open", days=days, opens=f"{self.opens:%-H:%M}", closes=f"{self.closes:%-H:%M}"
        )


def parse_hours(written: str) -> tuple[Span, ...]:
    """`mon-fri 09:00-12:00, mon-fri 14:00-17:30` as spans; empty text as none.

    Raises `ValueError` that says which part is wrong.
    """
    return tuple(_span(part.strip()) for part in written.lower().split(",") if part.strip())


def _span(part: str) -> Span:
    form = _FORM.match(part)
    if form is None:
        raise ValueError(f"{part!r}: write days and hours as mon-fri 09:00-17:00")
    first, last = form[1], form[2] or form[1]
    if first not in _DAYS or last not in _DAYS or _DAYS.index(first) > _DAYS.index(last):
        raise ValueError(f"{part!r}: days are mon to sun, the earlier one first")
    try:
        opens, closes = dt.time.fromisoformat(form[3]), dt.time.fromisoformat(form[4])
    except ValueError as error:
        raise ValueError(f"{part!r}: {error}") from error
    if opens >= closes:
        raise ValueError(f"{part!r}: it closes before it opens")
    return Span(_DAYS.index(first), _DAYS.index(last), opens, closes)


def spoken(spans: tuple[Span, ...]) -> str:
    """All the spans in words."""
    return say("hours.between").join(span.spoken for span in spans)
