"""How long things took, counted in classes: what half and 95 of 100 stayed under."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

# Upper ends, in seconds, of the classes that answer times are counted in; the last has none.
RESPONSE_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
WAIT_S = (30.0, 60.0, 180.0, 300.0, 600.0, 1800.0)


@dataclass(frozen=True)
class Times:
    """How long something took: how many in each class, and upper bounds in seconds of what half
    and 95 of 100 took (None: in the open class, or nothing to count)."""

    classes: tuple[int, ...]
    half: float | None
    most: float | None

    @property
    def count(self) -> int:
        """How many were counted."""
        return sum(self.classes)


def times_of(classes: Sequence[int], ends: Sequence[float]) -> Times:
    """Counts in classes with what half and 95 of 100 stayed under."""
    return Times(tuple(classes), _under(classes, ends, 0.5), _under(classes, ends, 0.95))


def class_of(time: float, ends: Sequence[float]) -> int:
    """The class that a time in seconds is counted in."""
    return bisect_left(ends, time)


def _under(classes: Sequence[int], ends: Sequence[float], share: float) -> float | None:
    whole, so_far = sum(classes), 0
    for number, end in zip(classes, ends, strict=False):
        so_far += number
        if whole and so_far >= share * whole:
            return end
    return None
