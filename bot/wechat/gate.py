"""The door of the webhook: who may come in, and how what goes out is wrapped.

The rules are Tencent's (message push, encryption guide): in plain mode `signature` covers token,
time and nonce; with `encrypt_type=aes` it is `msg_signature` that counts, which covers the
encrypted text too.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.wechat.crypto import BadCipher, Cipher, is_signed, signature
from bot.wechat.inbound import Malformed, Received, fields_of, received
from bot.wechat.xml import element

_LONGEST = 200  # characters of a query value that is looked at


class Refused(Exception):
    """A request that is turned away: the HTTP status, and a code for the log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class Opened:
    """A request let in: what was received, and the cipher that opened it (None in plain mode)."""

    received: Received
    cipher: Cipher | None
    signature: str


@dataclass(frozen=True)
class Gate:
    """Checks and opens requests for one account.

    `ciphers` are those of the current and the previous EncodingAESKey. `plain` lets plain messages
    in: always without a key, and with one only while the account is being moved to safe mode, for a
    plain signature does not cover the message. `freshness_s` is how old or how far in the future a
    request may be, in seconds; 0 switches the check off.
    """

    token: str
    ciphers: tuple[Cipher, ...]
    plain: bool
    freshness_s: int
    clock: Callable[[], float]

    def echo(self, query: Mapping[str, str]) -> str:
        """The answer to the check of the address (GET). Raises `Refused`."""
        self._signed(query, "signature")
        if "echostr" not in query:
            raise Refused(400, "no_echostr")
        return query["echostr"]

    def open(self, query: Mapping[str, str], body: bytes) -> Opened:
        """The message in a request (POST). Raises `Refused`: 403 for whoever is not WeChat or comes
        too late, 400 for what is no message."""
        mode = query.get("encrypt_type", "raw") or "raw"
        try:
            if mode == "raw":
                if not self.plain:
                    raise Refused(403, "plain_not_accepted")
                sign = self._signed(query, "signature")
                return Opened(received(fields_of(body)), None, sign)
            if mode != "aes" or not self.ciphers:
                raise Refused(400, "unknown_encryption")
            self._present(query, "msg_signature")
            fields = fields_of(body)
            if not fields.get("Encrypt"):
                raise Refused(400, "nothing_encrypted")
            sign = self._signed(query, "msg_signature", fields["Encrypt"])
            plain, cipher = self._decrypted(fields["Encrypt"])
            return Opened(received(fields_of(plain)), cipher, sign)
        except Malformed as error:
            raise Refused(400, str(error)) from error

    def close(self, xml: str, cipher: Cipher | None) -> str:
        """A reply as it is sent: wrapped with the cipher that opened the request."""
        if cipher is None:
            return xml
        encrypted = cipher.encrypt(xml)
        timestamp, nonce = str(int(self.clock())), secrets.token_hex(8)
        return wrapped(
            encrypted, signature(self.token, timestamp, nonce, encrypted), timestamp, nonce
        )

    def _present(self, query: Mapping[str, str], name: str) -> None:
        for one in (name, "timestamp", "nonce"):
            if not 0 < len(query.get(one, "")) <= _LONGEST:
                raise Refused(403, "not_signed")

    def _signed(self, query: Mapping[str, str], name: str, *more: str) -> str:
        self._present(query, name)
        timestamp = query["timestamp"]
        if not is_signed(query[name], self.token, timestamp, query["nonce"], *more):
            raise Refused(403, "wrong_signature")
        if not (timestamp.isascii() and timestamp.isdecimal()):
            raise Refused(400, "bad_timestamp")
        if self.freshness_s and abs(self.clock() - int(timestamp)) > self.freshness_s:
            raise Refused(403, "stale")
        return query[name]

    def _decrypted(self, encrypted: str) -> tuple[str, Cipher]:
        for cipher in self.ciphers:
            try:
                return cipher.decrypt(encrypted), cipher
            except BadCipher:
                continue
        raise Refused(400, "cannot_be_opened")


def wrapped(encrypted: str, sign: str, timestamp: str, nonce: str) -> str:
    """The envelope of an encrypted reply."""
    inside = (
        element("Encrypt", encrypted)
        + element("MsgSignature", sign)
        + f"<TimeStamp>{timestamp}</TimeStamp>"
        + element("Nonce", nonce)
    )
    return f"<xml>{inside}</xml>"
