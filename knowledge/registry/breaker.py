"""A circuit breaker: after some failures in a row nobody asks for a while, then one may try."""

from __future__ import annotations

from collections.abc import Callable


class Breaker:
    """Not shared by threads; `clock` is monotonic seconds."""

    def __init__(
        self, clock: Callable[[], float], failures: int = 5, cool_down_s: float = 10.0
    ) -> None:
        self._clock = clock
        self._most = failures
        self._cool_down_s = cool_down_s
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False

    def allows(self) -> bool:
        """Whether a call may be made now. When the wait is over, one call is let through to see."""
        if self._open_until is None:
            return True
        if self._clock() < self._open_until or self._probing:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        """The call went well: closed, and what was counted is forgotten."""
        self._failures = 0
        self._open_until = None
        self._probing = False

    def failed(self, wait_s: float | None = None) -> None:
        """The call failed. `wait_s`: how long the other side asked to be left alone, if it did."""
        self._failures += 1
        if self._probing or self._failures >= self._most or wait_s is not None:
            self._open_until = self._clock() + max(self._cool_down_s, wait_s or 0.0)
        self._probing = False
