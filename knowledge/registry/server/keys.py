"""The registry's signing keys: one signs, retired ones still verify, a revoked one is gone."""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import dataclass
from typing import Any

from joserfc.jwk import ECKey
from sqlalchemy import delete, select, update

from knowledge.registry.server.core import Core
from knowledge.registry.server.tables import KeyRow
from knowledge.registry.signing import KeySet

_REREAD_S = 5.0  # another process may have rotated


@dataclass(frozen=True)
class Keys:
    """The keys at one moment. Taken before a transaction, so that none is read inside it."""

    signing: ECKey
    public: KeySet
    jwks: dict[str, Any]
    read_at: float


class Keyring:
    """Reads the keys from the database, at most every few seconds. Safe to share by threads."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._lock = threading.Lock()
        self._held: Keys | None = None

    def current(self) -> Keys:
        """The keys now; the first key is made when there is none."""
        with self._lock:
            now = self._core.now()
            if self._held is None or not 0 <= now - self._held.read_at < _REREAD_S:
                self._held = self._read(now) or self._first(now)
            return self._held

    def rotate(self) -> str:
        """Sign with a new key from now on; old ones go on verifying. Returns the new key's id."""
        kid = secrets.token_hex(4)
        key = ECKey.generate_key("P-256", {"kid": kid, "use": "sig"}, private=True, auto_kid=False)
        now = int(self._core.now())
        with self._core.session() as session:
            session.execute(
                update(KeyRow).where(KeyRow.retired_at.is_(None)).values(retired_at=now)
            )
            session.add(
                KeyRow(
                    kid=kid,
                    sealed=self._core.secret.seal(key.as_dict(private=True)),
                    public=json.dumps(key.as_dict(private=False)),
                    created_at=now,
                )
            )
        self._held = None
        return kid

    def revoke(self, kid: str) -> None:
        """Take a key out of trust: every token it signed is refused from now on."""
        with self._core.session() as session:
            session.execute(delete(KeyRow).where(KeyRow.kid == kid))
        self._held = None

    def _first(self, now: float) -> Keys:
        self.rotate()
        keys = self._read(now)
        assert keys is not None  # noqa: S101  just written
        return keys

    def _read(self, now: float) -> Keys | None:
        with self._core.session() as session:
            rows = session.scalars(select(KeyRow).order_by(KeyRow.created_at.desc())).all()
        current = next((row for row in rows if row.retired_at is None), None)
        if current is None:
            return None
        public = [json.loads(row.public) for row in rows]
        return Keys(
            ECKey.import_key(self._core.secret.unseal(current.sealed)),
            KeySet.of(ECKey.import_key(row) for row in public),
            {"keys": public},
            now,
        )
