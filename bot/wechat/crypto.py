"""Signatures and encryption of the message push, over wechatpy's cipher.

wechatpy 1.8.18 compares signatures with `!=`, draws its random bytes from `random`, and raises
whatever the broken input happens to cause; here the comparison takes the same time for every
signature, the bytes come from the system, and what cannot be opened is a `BadCipher`.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode
from dataclasses import dataclass

from wechatpy.crypto import PrpCrypto  # type: ignore[import-untyped]

KEY_CHARS = 43  # of an EncodingAESKey: 32 bytes in base64 without the padding


class BadCipher(Exception):
    """A text that this key does not open, or that was meant for another account."""


def signature(token: str, *parts: str) -> str:
    """SHA-1 over the token and `parts`, sorted and joined (Tencent's message push guide)."""
    joined = "".join(sorted((token, *parts)))
    return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()


def is_signed(given: str, token: str, *parts: str) -> bool:
    """Whether `given` is the signature of `parts`; takes as long for a wrong one as for a right."""
    return hmac.compare_digest(given.encode(), signature(token, *parts).encode())


class _Prp(PrpCrypto):  # type: ignore[misc]
    """wechatpy's cipher with random bytes that nobody can foretell, or given ones (tests)."""

    def __init__(self, key: bytes, random16: str | None) -> None:
        super().__init__(key)
        self._random16 = random16

    def get_random_string(self) -> str:
        return self._random16 or secrets.token_hex(8)


@dataclass(frozen=True)
class Cipher:
    """Encrypts and decrypts with one EncodingAESKey for one account."""

    key: bytes
    app_id: str

    @classmethod
    def of(cls, encoding_aes_key: str, app_id: str) -> Cipher:
        """Raises ValueError for a key that is not 43 characters of base64."""
        if len(encoding_aes_key) != KEY_CHARS:
            raise ValueError(f"an EncodingAESKey has {KEY_CHARS} characters")
        return cls(b64decode(encoding_aes_key + "=", validate=True), app_id)

    def encrypt(self, plain: str, random16: str | None = None) -> str:
        """`plain` as the `Encrypt` field holds it. `random16` is for published vectors only."""
        encrypted: bytes = _Prp(self.key, random16).encrypt(plain, self.app_id)
        return encrypted.decode("ascii")

    def decrypt(self, encrypted: str) -> str:
        """What was encrypted. Raises `BadCipher`."""
        try:
            plain: str = _Prp(self.key, None).decrypt(encrypted, self.app_id)
        except Exception as error:  # wechatpy: ValueError, struct.error, IndexError, its own …
            raise BadCipher from error
        return plain
