"""Who may check how often: a moving window, in this process or shared through Redis.

The asker is limited, never the permit: a stranger must not be able to use up a worker's proof. Keys
are digests, so neither Redis nor memory holds who asked for whom.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from limits import RateLimitItemPerDay, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

log = structlog.get_logger(__name__)
_ONCE_A_DAY = RateLimitItemPerDay(1)


@dataclass(frozen=True)
class Limits:
    """In the notation of the `limits` library. `neighbours` and `failures_everywhere` raise an
    alert and refuse nobody."""

    asker: str = "10/minute;40/day"
    conversation: str = "10/minute;60/day"
    pair: str = "10/hour"  # one asker, one permit
    permits: str = "15/day"  # distinct permits of one asker
    failures: str = "5/day"  # of one asker: wrong numbers, wrong factors, false codes
    everybody: str = "1200/minute"
    neighbours: str = "5/day"  # failures among a thousand numbers in a row, by anybody
    failures_everywhere: str = "300/hour"
    pins: str = "8/hour;20/day"  # wrong PINs of one asker, or from one address


@dataclass(frozen=True)
class Refused:
    """Until when (Unix seconds) the asker has to wait."""

    resets_at: float


class Quota:
    """Counts checks and failures. Without Redis, or while it is gone, this process counts alone."""

    def __init__(self, limits: Limits | None = None, redis_url: str | None = None) -> None:
        limits = limits or Limits()
        self._rules = {
            name: tuple(parse_many(getattr(limits, name))) for name in Limits.__annotations__
        }
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_redis(redis_url)) if redis_url else None

    def admit(self, asker: str, conversation: str) -> Refused | None:
        """Count one check by digests of who asks and where. Refused ones are not counted, so that
        waiting helps."""
        keys = [("asker", asker), ("conversation", conversation), ("everybody", "all")]
        # Out of failures means out of checks: else a guesser would go on until one hits.
        return self._with(lambda limiter: self._count(limiter, keys, [("failures", asker)]))

    def admit_permit(self, asker: str, permit: str) -> Refused | None:
        """Count that this asker asks for this permit, both as digests."""

        def work(limiter: MovingWindowRateLimiter) -> Refused | None:
            keys = [("pair", f"{asker}:{permit}")]
            if limiter.hit(_ONCE_A_DAY, "seen", f"{asker}:{permit}"):
                keys.append(("permits", asker))
            return self._count(limiter, keys, [])

        return self._with(work)

    def failed(self, asker: str, neighbourhood: str | None) -> None:
        """Count a failed check; `neighbourhood` is a digest of a number without its last digits."""
        self._with(lambda limiter: self._failed(limiter, asker, neighbourhood))

    def admit_pin(self, asker: str) -> Refused | None:
        """Whether this asker (a digest) may try a PIN; only wrong ones are counted."""
        return self._with(lambda limiter: self._count(limiter, [], [("pins", asker)]))

    def wrong_pin(self, asker: str) -> None:
        """Count a wrong PIN."""

        def work(limiter: MovingWindowRateLimiter) -> None:
            self._hit(limiter, "pins", asker)
            if not self._hit(limiter, "failures_everywhere", "all"):
                log.warning("registry_probing", kind="failures_everywhere")

        self._with(work)

    def _count(
        self,
        limiter: MovingWindowRateLimiter,
        keys: list[tuple[str, str]],
        closed: list[tuple[str, str]],
    ) -> Refused | None:
        for name, key in (*closed, *keys):
            for item in self._rules[name]:
                if not limiter.test(item, name, key):
                    if name == "everybody":
                        log.warning("registry_quota_everybody")
                    return Refused(limiter.get_window_stats(item, name, key).reset_time)
        for name, key in keys:
            self._hit(limiter, name, key)
        return None

    def _failed(
        self, limiter: MovingWindowRateLimiter, asker: str, neighbourhood: str | None
    ) -> None:
        self._hit(limiter, "failures", asker)
        if not self._hit(limiter, "failures_everywhere", "all"):
            log.warning("registry_probing", kind="failures_everywhere")
        if neighbourhood and not self._hit(limiter, "neighbours", neighbourhood):
            log.warning("registry_probing", kind="neighbours")

    def _hit(self, limiter: MovingWindowRateLimiter, name: str, key: str) -> bool:
        hits = [limiter.hit(item, name, key) for item in self._rules[name]]
        return all(hits)

    def _with(self, work: Callable[[MovingWindowRateLimiter], Refused | None]) -> Refused | None:
        if self._shared is not None:
            try:
                return work(self._shared)
            except StorageError:
                log.error("registry_quota_redis")
        return work(self._alone)


def _redis(url: str) -> Storage:
    storage = storage_from_string(url, wrap_exceptions=True, key_prefix="anxin:registry")
    if not isinstance(storage, Storage):
        raise ValueError("ANXIN_REDIS_URL must name a synchronous Redis, as in redis://host/0")
    return storage
