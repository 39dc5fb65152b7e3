"""Everything the registry derives from its one secret: keyed digests, sealed keys, PIN checks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

_SCRYPT = {"n": 2**12, "r": 8, "p": 1, "dklen": 32}


class Secret:
    """The registry's secret, at least 32 bytes; each use has a key of its own."""

    def __init__(self, value: bytes) -> None:
        if len(value) < 32:
            raise ValueError("the registry's secret needs at least 32 bytes")
        self._value = value

    def mac(self, use: str, text: str) -> str:
        """A keyed digest of `text`, different for every `use`."""
        return hmac.digest(self._key(use), text.encode(), "sha256").hex()

    def seal(self, content: Mapping[str, Any]) -> str:
        """`content` sealed, as JSON."""
        return self._box().encrypt(json.dumps(content).encode()).decode()

    def unseal(self, sealed: str) -> Any:
        """What was sealed. Raises InvalidToken for what this secret has not sealed."""
        return json.loads(self._box().decrypt(sealed.encode()))

    def _key(self, use: str) -> bytes:
        return hmac.digest(self._value, b"anxin-registry:" + use.encode(), "sha256")

    def _box(self) -> Fernet:
        return Fernet(base64.urlsafe_b64encode(self._key("seal")))


def load_or_create(path: Path) -> bytes:
    """The secret kept at `path` (readable by its owner only), made on first use."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written whole under another name first: nobody reads half a secret.
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        with open(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process was first
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text().strip().encode()


def hash_pin(pin: str) -> str:
    """A salted scrypt hash: six digits would fall to a plain digest at once."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{hashlib.scrypt(pin.encode(), salt=salt, **_SCRYPT).hex()}"


def pin_matches(pin: str, stored: str) -> bool:
    """Whether `pin` is the one behind `stored`; takes as long for a wrong one."""
    salt, _, digest = stored.partition(":")
    found = hashlib.scrypt(pin.encode(), salt=bytes.fromhex(salt), **_SCRYPT).hex()
    return hmac.compare_digest(found, digest)
