"""How fast this machine is at the moment, for tests whose time limits are those of a quiet one."""

from __future__ import annotations

import time

_QUIET_S = 0.1  # what the loop takes on a quiet machine of 2026
_MOST = 10.0


def pace() -> float:
    """How many times slower than a quiet machine this one is now: 1 at least, 10 at most. Measured
    anew at each call, for other work may come and go."""
    began = time.perf_counter()
    sum(number * number for number in range(3_000_000))
    return min(_MOST, max(1.0, (time.perf_counter() - began) / _QUIET_S))
