"""The circuit breaker: opens, waits, lets one through."""

from __future__ import annotations

from knowledge.registry.breaker import Breaker


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_opens_after_failures_and_lets_one_probe_through() -> None:
    clock = Ticks()
    breaker = Breaker(clock, failures=3, cool_down_s=10)
    for _ in range(3):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    clock.now = 9.9
    assert not breaker.allows()
    clock.now = 10
    assert breaker.allows()
    assert not breaker.allows(), "only one probe at a time"
    breaker.failed()
    assert not breaker.allows()
    clock.now = 20
    assert breaker.allows()
    breaker.succeeded()
    assert breaker.allows()
    breaker.failed()
    assert breaker.allows(), "one failure after recovery does not open it"


def test_a_wait_that_was_asked_for_is_kept() -> None:
    clock = Ticks()
    breaker = Breaker(clock, failures=3, cool_down_s=10)
    assert breaker.allows()
    breaker.failed(wait_s=60)
    clock.now = 59
    assert not breaker.allows()
    clock.now = 60
    assert breaker.allows()
