"""Who may ask how often: a moving window, in this process or shared through Redis.

Names are digests, so that neither memory nor Redis holds an address. While Redis is gone, each
process counts alone.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass

import structlog
from limits import RateLimitItem, parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage
from limits.strategies import MovingWindowRateLimiter

_log = structlog.get_logger()


@dataclass(frozen=True)
class Pace:
    """How one name stands against the limit that is nearest to being used up.

    `resets_s` is the number of seconds until the oldest request that counts leaves the window, and
    so makes room for another.
    """

    admitted: bool
    limit: int
    window_s: int
    remaining: int
    resets_s: int


class Limiter:
    """Counts requests by name. Safe to share between threads."""

    def __init__(self, redis_url: str = "", prefix: str = "anxin:web") -> None:
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_redis(redis_url, prefix)) if redis_url else None

    def hit(self, limits: str, *name: str) -> Pace:
        """Count one request of `name` against `limits` (`60/minute;1000/day`), if it is admitted.

        A refused request is not counted, so that waiting helps. Raises `ValueError` for limits
        that cannot be read.
        """
        items = parse_many(limits)
        digest = hashlib.sha256("\0".join(name).encode()).hexdigest()
        if self._shared is not None:
            try:
                return _hit(self._shared, items, digest)
            except StorageError:
                _log.error("limiter_redis")
        return _hit(self._alone, items, digest)


def _hit(limiter: MovingWindowRateLimiter, items: list[RateLimitItem], digest: str) -> Pace:
    refused = next((item for item in items if not limiter.test(item, digest)), None)
    if refused is not None:
        return _pace(limiter, refused, digest, admitted=False)
    # Between the test and the count another thread may have taken the last place.
    late = [item for item in items if not limiter.hit(item, digest)]
    paces = [_pace(limiter, item, digest, admitted=not late) for item in late or items]
    return min(paces, key=lambda pace: pace.remaining)


def _pace(
    limiter: MovingWindowRateLimiter, item: RateLimitItem, digest: str, *, admitted: bool
) -> Pace:
    window = limiter.get_window_stats(item, digest)
    return Pace(
        admitted,
        item.amount,
        item.get_expiry(),
        window.remaining if admitted else 0,
        max(1, math.ceil(window.reset_time - time.time())),
    )


def _redis(url: str, prefix: str) -> Storage:
    if not url.startswith(("redis://", "rediss://")):
        raise ValueError("ANXIN_REDIS_URL must name a Redis, as in redis://host:6379/0")
    return RedisStorage(url, wrap_exceptions=True, key_prefix=prefix)
