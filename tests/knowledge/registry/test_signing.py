"""Tokens: nothing is read before the signature, and the header decides nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from knowledge.registry.signing import BadToken, KeySet, sign, verify

TYP = "test+jwt"


def key(kid: str = "k1") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid}, private=True, auto_kid=False)


KEY = key()
KEYS = KeySet.of([KEY])
TOKEN = sign({"a": 1}, KEY, TYP)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_round_trip() -> None:
    assert verify(TOKEN, KEYS, TYP) == {"a": 1}


def test_keys_with_the_same_id_are_all_tried() -> None:
    assert verify(TOKEN, KeySet.of([key(), key(), KEY]), TYP) == {"a": 1}


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": "k1", "typ": TYP},
        {"alg": "HS256", "kid": "k1", "typ": TYP},
        {"alg": "ES256", "kid": "k1", "typ": "other+jwt"},
        {"alg": "ES256", "kid": "k1"},
        {"alg": "ES256", "kid": "k1", "typ": TYP, "jku": "http://evil.example"},
        {"alg": "ES256", "kid": "k1", "typ": TYP, "x5u": "http://evil.example"},
        {"alg": "ES256", "kid": "k1", "typ": TYP, "jwk": KEY.as_dict(private=False)},
        {"alg": "ES256", "kid": "k1", "typ": TYP, "crit": ["b64"], "b64": False},
        ["ES256"],
    ],
)
def test_headers_refused(header: Any) -> None:
    _header, payload, signature = TOKEN.split(".")
    with pytest.raises(BadToken):
        verify(f"{part(header)}.{payload}.{signature}", KEYS, TYP)


def test_the_public_key_as_an_hmac_secret_is_refused() -> None:
    secret = json.dumps(KEY.as_dict(private=False)).encode()
    head = f"{part({'alg': 'HS256', 'kid': 'k1', 'typ': TYP})}.{part({'a': 2})}"
    mac = hmac.new(secret, head.encode(), hashlib.sha512).digest()
    forged = f"{head}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    with pytest.raises(BadToken):
        verify(forged, KEYS, TYP)


def test_another_key_under_a_known_id_is_refused_and_an_unknown_id_is_named() -> None:
    with pytest.raises(BadToken) as caught:
        verify(sign({"a": 1}, key("k1"), TYP), KEYS, TYP)
    assert not caught.value.unknown_key
    with pytest.raises(BadToken) as caught:
        verify(sign({"a": 1}, key("k2"), TYP), KEYS, TYP)
    assert caught.value.unknown_key


def test_a_signed_payload_must_be_strict_json() -> None:
    header = {"alg": "ES256", "kid": "k1", "typ": TYP}
    token = jws.serialize_compact(header, b'{"a":1,"a":2}', KEY, algorithms=["ES256"])
    with pytest.raises(BadToken):
        verify(token, KEYS, TYP)


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("ABCxyz019-_.= "))
def test_a_changed_symbol_is_refused(place: int, symbol: str) -> None:
    changed = TOKEN[:place] + symbol + TOKEN[place + 1 :]
    if changed == TOKEN:
        return
    try:
        # The last symbol of a part has bits that encode nothing.
        assert verify(changed, KEYS, TYP) == {"a": 1}
    except BadToken:
        return
    ends = {i - 1 for i, char in enumerate(TOKEN) if char == "."} | {len(TOKEN) - 1}
    assert place in ends


@given(st.text())
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(BadToken):
        verify(text, KEYS, TYP)


def test_long_tokens_are_not_looked_at() -> None:
    with pytest.raises(BadToken):
        verify(sign({"a": "x" * 10_000}, KEY, TYP), KEYS, TYP)


def test_key_documents() -> None:
    other = {"kty": "RSA", "kid": "r", "n": "AQAB", "e": "AQAB"}
    good = {"keys": [KEY.as_dict(private=False), other]}
    assert verify(TOKEN, KeySet.read(json.dumps(good).encode()), TYP) == {"a": 1}
    private = {"keys": [KEY.as_dict(private=True)]}
    many = {"keys": [OctKey.generate_key().as_dict()] * 40}
    broken: list[Any] = [private, many, {"keys": [1]}, []]
    for document in broken:
        with pytest.raises(ValueError):  # noqa: PT011
            KeySet.read(json.dumps(document).encode())
