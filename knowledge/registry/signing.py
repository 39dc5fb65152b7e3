"""Signed tokens (JWS, ES256 only) and the keys they are checked with.

A token is checked in this order: size, header (no key or address of its own, the one algorithm, the
type asked for), signature. Only then is its payload read by anybody.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from knowledge.registry import strict_json

ALGORITHM = "ES256"
_HEADER = frozenset({"alg", "kid", "typ"})  # so: no jku, x5u, jwk, x5c, crit, b64
_COMPACT = re.compile(r"[A-Za-z0-9_-]{1,1000}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}", re.ASCII)
_MOST_KEYS = 32


class BadToken(Exception):
    """A token that must not be believed. `unknown_key` when another key set might know its key."""

    def __init__(self, why: str, unknown_key: bool = False) -> None:
        super().__init__(why)
        self.unknown_key = unknown_key


@dataclass(frozen=True)
class KeySet:
    """Public keys by id. Ids are short and may collide: each holds every key that bears it."""

    keys: Mapping[str, tuple[ECKey, ...]]

    @classmethod
    def of(cls, keys: Iterable[ECKey]) -> KeySet:
        """The key set that holds these keys."""
        by_id: dict[str, tuple[ECKey, ...]] = {}
        for key in keys:
            kid = str(key.kid)
            by_id[kid] = (*by_id.get(kid, ()), key)
        return cls(by_id)

    @classmethod
    def read(cls, raw: bytes) -> KeySet:
        """The P-256 keys of a JWKS document; others are passed over. Raises `ValueError`."""
        document = strict_json.loads(raw)
        rows = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(rows, list) or len(rows) > _MOST_KEYS:
            raise ValueError("not a JWKS document")
        keys = []
        for row in rows:
            if not isinstance(row, dict) or "d" in row:
                raise ValueError("a key that is not a public key")
            if row.get("kty") == "EC" and row.get("crv") == "P-256" and row.get("kid"):
                try:
                    keys.append(ECKey.import_key(row))
                except (JoseError, ValueError, TypeError) as error:
                    raise ValueError("a broken key") from error
        return cls.of(keys)


def sign(claims: Mapping[str, Any], key: ECKey, typ: str) -> str:
    """`claims` as a compact JWS of type `typ`."""
    header = {"alg": ALGORITHM, "kid": str(key.kid), "typ": typ}
    return jws.serialize_compact(header, strict_json.dumps(claims), key, algorithms=[ALGORITHM])


def verify(token: str, keys: KeySet, typ: str, most_chars: int = 8192) -> Any:
    """The payload of a token whose signature holds, as strict JSON. Raises `BadToken`."""
    if len(token) > most_chars or not _COMPACT.fullmatch(token):
        raise BadToken("not a compact token")
    header = _header(token)
    if not set(header) <= _HEADER or header.get("alg") != ALGORITHM or header.get("typ") != typ:
        raise BadToken("header not accepted")
    candidates = keys.keys.get(str(header.get("kid")), ())
    if not candidates:
        raise BadToken("unknown key", unknown_key=True)
    for key in candidates:
        try:
            payload = jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload
        except (JoseError, ValueError):
            continue
        try:
            return strict_json.loads(payload)
        except ValueError as error:
            raise BadToken("payload is not strict JSON") from error
    raise BadToken("signature does not hold")


def b64decode(text: str) -> bytes:
    """Base64url without padding. Raises `ValueError`."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def _header(token: str) -> dict[str, Any]:
    try:
        header = strict_json.loads(b64decode(token.partition(".")[0]))
    except ValueError as error:
        raise BadToken("header is not strict JSON") from error
    if not isinstance(header, dict):
        raise BadToken("header is not an object")
    return header
