"""How often one may try to log in: moving windows, in this process or shared through Redis.

Failures count, log-ins that succeed don't: an office of fifty people behind one address comes in at
nine o'clock. One account is closed to one address soon, and to all addresses late, so that a
stranger cannot easily lock a colleague out.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog
from limits import parse_many
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

_log = structlog.get_logger()
_T = TypeVar("_T")


@dataclass(frozen=True)
class Tries:
    """Failures allowed, in the notation of the `limits` library."""

    account_from_address: str = "5/15 minutes"
    address: str = "30/15 minutes"
    account: str = "50/hour"


class Throttle:
    """Counts failed log-ins. Without Redis, or while it is gone, this process counts alone."""

    def __init__(self, tries: Tries | None = None, redis_url: str = "") -> None:
        tries = tries or Tries()
        self._rules = {name: parse_many(getattr(tries, name)) for name in Tries.__annotations__}
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_redis(redis_url)) if redis_url else None

    def wait_s(self, account: str, address: str) -> int:
        """Seconds until `account` may be tried from `address` again; 0: now."""

        def work(limiter: MovingWindowRateLimiter) -> float:
            until = [
                limiter.get_window_stats(item, name, key).reset_time
                for name, key in _keys(account, address)
                for item in self._rules[name]
                if not limiter.test(item, name, key)
            ]
            return max(until, default=0.0)

        until = self._with(work)
        return max(1, math.ceil(until - time.time())) if until else 0

    def failed(self, account: str, address: str) -> None:
        """Count a failure."""

        def work(limiter: MovingWindowRateLimiter) -> None:
            for name, key in _keys(account, address):
                for item in self._rules[name]:
                    limiter.hit(item, name, key)

        self._with(work)

    def succeeded(self, account: str, address: str) -> None:
        """Forget the failures of this account from this address."""

        def work(limiter: MovingWindowRateLimiter) -> None:
            name, key = _keys(account, address)[0]
            for item in self._rules[name]:
                limiter.clear(item, name, key)

        self._with(work)

    def _with(self, work: Callable[[MovingWindowRateLimiter], _T]) -> _T:
        if self._shared is not None:
            try:
                return work(self._shared)
            except StorageError:
                _log.error("console_throttle_redis")
        return work(self._alone)


def _keys(account: str, address: str) -> tuple[tuple[str, str], ...]:
    # Digests, because what is typed as an account's name may be somebody's password.
    name, place = (hashlib.sha256(text.encode()).hexdigest() for text in (account, address))
    return (
        ("account_from_address", f"{name}:{place}"),
        ("address", place),
        ("account", name),
    )


def _redis(url: str) -> Storage:
    storage = storage_from_string(url, wrap_exceptions=True, key_prefix="anxin:console")
    if not isinstance(storage, Storage):
        raise ValueError("ANXIN_REDIS_URL must name a synchronous Redis, as in redis://host/0")
    return storage
