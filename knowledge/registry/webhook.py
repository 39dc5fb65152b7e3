"""The webhook `permit.status_changed`: how it is signed, and how it is received.

Both sides share one key a subscription. From it come the signature's key and the digest under which
a permit is named, so a notice that is overheard names nobody.
"""

from __future__ import annotations

import hmac
import threading
from collections import OrderedDict
from collections.abc import Mapping
from uuid import UUID

from pydantic import ValidationError

from knowledge.registry.contract_service import StatusChanged
from knowledge.registry.strict_json import loads

WINDOW_S = 300
_REMEMBERED = 10_000


class BadNotice(Exception):
    """A notice that is not from the registry, not of now, or (`genuine`) from the registry, but not
    in the contract's form."""

    def __init__(self, why: str, *, genuine: bool = False) -> None:
        super().__init__(why)
        self.genuine = genuine


def notice_key(key: bytes) -> bytes:
    """The key a subscription shares with the registry, made from the verifier's own: with it alone
    nobody learns who asked, or can mend the record."""
    return hmac.digest(key, b"notices", "sha256")


def permit_key(key: bytes, number: str) -> str:
    """The digest that stands for a permit between registry and subscriber."""
    return hmac.digest(key, b"permit:" + number.encode(), "sha256").hex()


def signature(key: bytes, timestamp: int, body: bytes) -> str:
    """The value of `X-Signature`."""
    return "v1=" + hmac.digest(key, b"webhook:%d." % timestamp + body, "sha256").hex()


class Receiver:
    """Checks notices; each event is let through once. Safe to share by threads."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._lock = threading.Lock()
        self._seen: OrderedDict[UUID, None] = OrderedDict()

    def receive(self, headers: Mapping[str, str], body: bytes, now: float) -> StatusChanged | None:
        """The notice, or None for one seen before. Raises `BadNotice`."""
        if len(body) > 2000:
            raise BadNotice("too long")
        try:
            timestamp = int(headers.get("x-timestamp", ""))
        except ValueError as error:
            raise BadNotice("no timestamp") from error
        given = headers.get("x-signature", "").encode()
        if not hmac.compare_digest(given, signature(self._key, timestamp, body).encode()):
            raise BadNotice("signature does not hold")
        if abs(now - timestamp) > WINDOW_S:
            raise BadNotice("not of now")
        try:
            loads(body)
            notice = StatusChanged.model_validate_json(body)
        except (ValueError, ValidationError) as error:
            raise BadNotice("not in the contract's form", genuine=True) from error
        with self._lock:
            if notice.event_id in self._seen:
                return None
            self._seen[notice.event_id] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
        return notice

    def forget(self, notice: StatusChanged) -> None:
        """Let the event through once more: it could not be acted on."""
        with self._lock:
            self._seen.pop(notice.event_id, None)
