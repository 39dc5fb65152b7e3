"""The registry put together: one object that the HTTP application and the command line both use."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Collection

from sqlalchemy import Engine, select

from knowledge.registry import status_list
from knowledge.registry.contract import Status, day_in_china
from knowledge.registry.server.answering import Answering
from knowledge.registry.server.consents import Consents
from knowledge.registry.server.core import Core, Scope
from knowledge.registry.server.issuing import Issuing
from knowledge.registry.server.keys import Keyring
from knowledge.registry.server.secrets import Secret
from knowledge.registry.server.showing import status_of
from knowledge.registry.server.tables import Base, ClientRow, PermitRow
from knowledge.registry.server.workers import Workers

BASE_URL = "https://registry.example/v1"
PAGES_URL = "https://registry.example/permit"
_LIST_REUSE_S = 5.0
_LISTED = {
    Status.REVOKED: status_list.Bits.INVALID,
    Status.SUSPENDED: status_list.Bits.SUSPENDED,
}


class Registry:
    """Makes its tables where they are missing. `floor_s` is the least time of a "not confirmed";
    the limits are in the notation of the `limits` library."""

    def __init__(
        self,
        engine: Engine,
        secret: bytes,
        *,
        now: Callable[[], float] = time.time,
        base_url: str = BASE_URL,
        pages_url: str = PAGES_URL,
        floor_s: float = 0.02,
        asker_limits: str = "60/hour;200/day",
        client_limits: str = "6000/minute",
    ) -> None:
        Base.metadata.create_all(engine)
        self.core = Core(engine, Secret(secret), now, base_url, pages_url)
        self.asker_limits = asker_limits
        self.client_limits = client_limits
        self.keys = Keyring(self.core)
        self.consents = Consents(self.core, self.keys)
        self.answering = Answering(self.core, self.keys, self.consents, floor_s)
        self.workers = Workers(self.core, self.consents)
        self.issuing = Issuing(self.core, self.keys)
        self._list_lock = threading.Lock()
        self._list: tuple[float, str, str] | None = None

    def add_client(
        self, client_id: str, label: str, scopes: Collection[Scope], token: str | None = None
    ) -> str:
        """Let a client ask; its label is what workers see. Returns its token (a new one unless
        given), kept only as a digest. Adding it again ends its old token."""
        token = token or secrets.token_urlsafe(32)
        with self.core.session() as session:
            session.merge(
                ClientRow(
                    id=client_id,
                    label=label,
                    token_hash=hashlib.sha256(token.encode()).hexdigest(),
                    scopes=json.dumps(sorted(scopes)),
                )
            )
        return token

    def status_list(self, lifetime_s: int) -> tuple[str, str]:
        """The signed list of all statuses and its ETag, at most a few seconds old."""
        with self._list_lock:
            now = self.core.now()
            if self._list is None or not 0 <= now - self._list[0] < _LIST_REUSE_S:
                token = self._issue_list(int(now), lifetime_s)
                etag = f'"{hashlib.sha256(token.encode()).hexdigest()[:32]}"'
                self._list = (now, token, etag)
            return self._list[1], self._list[2]

    def _issue_list(self, now: int, lifetime_s: int) -> str:
        statuses = {}
        with self.core.session() as session:
            for row in session.scalars(select(PermitRow)):
                status, _reason = status_of(row, day_in_china(now))
                # Expiry is not listed: the QR's own token says when it runs out.
                if bits := _LISTED.get(status):
                    statuses[row.status_index] = bits
        uri = f"{self.core.base_url}/status-lists/1"
        return status_list.issue(statuses, uri, now, lifetime_s, self.keys.current().signing)
