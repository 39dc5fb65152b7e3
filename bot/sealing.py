"""Sealing what must be remembered for some minutes but must not be read where it is kept.

Authenticated encryption (AES-256-GCM). A sealed text is bound to a place (conversation and end), so
that it opens nowhere else. It is written in the letters a to p only: whatever takes numbers out of
stored texts finds none in it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from knowledge.registry.server.secrets import load_or_create

_NONCE = 12  # bytes
_HEX, _LETTERS = "0123456789abcdef", "abcdefghijklmnop"
_TO_LETTERS = str.maketrans(_HEX, _LETTERS)
_FROM_LETTERS = str.maketrans(_LETTERS, _HEX)


class Seal:
    """Seals and opens texts with one key. Safe to share by threads."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < 32:
            raise ValueError("the key needs at least 32 bytes")
        self._box = AESGCM(hashlib.sha256(b"anxin-seal:" + secret).digest())
        self._secret = secret

    @classmethod
    def at(cls, path: Path) -> Seal:
        """With the key kept in the file `path`, made (for its owner only) if it is missing."""
        return cls(load_or_create(path))

    def key_for(self, purpose: str) -> bytes:
        """Another key, of the same secret: whoever has one of them does not have the others."""
        return hmac.digest(self._secret, f"anxin-key:{purpose}".encode(), "sha256")

    def seal(self, plain: str, bound_to: str) -> str:
        """`plain`, unreadable but for who knows the key and `bound_to`."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._box.encrypt(nonce, plain.encode(), bound_to.encode())
        return sealed.hex().translate(_TO_LETTERS)

    def unseal(self, sealed: str, bound_to: str) -> str | None:
        """What was sealed; None for another key, another place, or a text that was altered."""
        try:
            raw = bytes.fromhex(sealed.translate(_FROM_LETTERS))
            return self._box.decrypt(raw[:_NONCE], raw[_NONCE:], bound_to.encode()).decode()
        except (InvalidTag, ValueError):
            return None
