"""Signed status lists (IETF Token Status List, two bits a permit).

Taking the whole list tells nobody which permit is being looked at. Its life is in its signed
claims, never in HTTP cache headers.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from joserfc.jwk import ECKey

from knowledge.registry import contract, signing

CAPACITY = 131_072  # entries; as many hide which one is asked for
_BYTES = CAPACITY // 4
_MOST_LIFE_S = 24 * 3600
MOST_CHARS = 200_000


class Bits(IntEnum):
    """What two bits of the list say of one permit."""

    VALID = 0
    INVALID = 1
    SUSPENDED = 2


@dataclass(frozen=True)
class StatusList:
    """A list whose signature held. Times are Unix seconds."""

    bits: bytes
    issued_at: int
    expires_at: int

    def status(self, index: int) -> Bits:
        """The status at `index`. Raises `BadToken` outside the list and for a reserved value."""
        if not 0 <= index < CAPACITY:
            raise signing.BadToken("index outside the list")
        try:
            return Bits(self.bits[index // 4] >> 2 * (index % 4) & 0b11)
        except ValueError as error:
            raise signing.BadToken("reserved status") from error


def issue(statuses: Mapping[int, Bits], uri: str, now: int, lifetime_s: int, key: ECKey) -> str:
    """A signed list in which every index not named is VALID."""
    bits = bytearray(_BYTES)
    for index, status in statuses.items():
        bits[index // 4] |= status << 2 * (index % 4)
    packed = base64.urlsafe_b64encode(zlib.compress(bytes(bits), 9)).rstrip(b"=").decode()
    claims = {
        "sub": uri,
        "iat": now,
        "exp": now + lifetime_s,
        "ttl": lifetime_s,
        "status_list": {"bits": 2, "lst": packed},
    }
    return signing.sign(claims, key, contract.TYP_STATUS_LIST)


def read(token: str, keys: signing.KeySet, uri: str, now: float) -> StatusList:
    """The list in `token`, for the address it was asked from. Raises `BadToken`."""
    claims = signing.verify(token, keys, contract.TYP_STATUS_LIST, MOST_CHARS)
    try:
        body, issued, expires = claims["status_list"], claims["iat"], claims["exp"]
        if claims["sub"] != uri or body["bits"] != 2:
            raise signing.BadToken("another list")
        if type(issued) is not int or type(expires) is not int:
            raise signing.BadToken("times are not whole seconds")
        expires = min(expires, issued + _MOST_LIFE_S)
        if issued > now + contract.CLOCK_LEEWAY_S or expires <= now:
            raise signing.BadToken("not of this time")
        bits = _inflate(signing.b64decode(body["lst"]))
    except (KeyError, TypeError, ValueError, zlib.error) as error:
        raise signing.BadToken("not a status list") from error
    return StatusList(bits, issued, expires)


def _inflate(packed: bytes) -> bytes:
    """Exactly one list's bytes; a bomb stops at the cap instead of filling memory."""
    inflater = zlib.decompressobj()
    bits = inflater.decompress(packed, _BYTES + 1)
    if len(bits) != _BYTES or not inflater.eof or inflater.unused_data:
        raise ValueError("wrong size")
    return bits
