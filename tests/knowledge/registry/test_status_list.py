"""The signed status list: small, bounded, and only of its time and place."""

from __future__ import annotations

import base64
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from knowledge.registry.contract import TYP_STATUS_LIST
from knowledge.registry.signing import BadToken, KeySet, sign
from knowledge.registry.status_list import CAPACITY, Bits, issue, read

KEY = ECKey.generate_key("P-256", {"kid": "k"}, private=True, auto_kid=False)
KEYS = KeySet.of([KEY])
URI = "https://registry.example/v1/status-lists/1"
NOW = 1_790_000_000


@given(st.dictionaries(st.integers(0, CAPACITY - 1), st.sampled_from(Bits), max_size=50))
def test_every_entry_comes_back(statuses: dict[int, Bits]) -> None:
    listed = read(issue(statuses, URI, NOW, 300, KEY), KEYS, URI, NOW)
    assert all(listed.status(index) is bits for index, bits in statuses.items())
    free = next(index for index in range(CAPACITY) if index not in statuses)
    assert listed.status(free) is Bits.VALID


@pytest.mark.parametrize("index", [-1, CAPACITY, 10**9])
def test_an_index_outside_is_refused(index: int) -> None:
    listed = read(issue({}, URI, NOW, 300, KEY), KEYS, URI, NOW)
    with pytest.raises(BadToken):
        listed.status(index)


def test_the_reserved_value_is_refused() -> None:
    listed = read(issue({}, URI, NOW, 300, KEY), KEYS, URI, NOW)
    spoiled = type(listed)(bytes([0b11]) + listed.bits[1:], listed.issued_at, listed.expires_at)
    with pytest.raises(BadToken):
        spoiled.status(0)


@pytest.mark.parametrize(
    ("uri", "now"),
    [
        ("https://other.example/1", NOW),
        (URI, NOW + 300),
        (URI, NOW - 61),
    ],
)
def test_another_place_or_time_is_refused(uri: str, now: int) -> None:
    with pytest.raises(BadToken):
        read(issue({}, URI, NOW, 300, KEY), KEYS, uri, now)


def test_a_long_life_is_cut_to_a_day() -> None:
    token = issue({}, URI, NOW, 10**6, KEY)
    assert read(token, KEYS, URI, NOW).expires_at == NOW + 86400


def _claims(packed: bytes) -> dict[str, object]:
    lst = base64.urlsafe_b64encode(packed).rstrip(b"=").decode()
    return {"sub": URI, "iat": NOW, "exp": NOW + 60, "status_list": {"bits": 2, "lst": lst}}


@pytest.mark.parametrize(
    "packed",
    [
        zlib.compress(b"\0" * 50_000_000, 9),  # a bomb
        zlib.compress(b"\0" * 100),
        zlib.compress(b"\0" * (CAPACITY // 4)) + b"tail",
        zlib.compress(b"\0" * (CAPACITY // 4))[:-3],
        b"not packed",
        b"",
    ],
)
def test_a_wrong_size_is_refused_without_unpacking_it(packed: bytes) -> None:
    with pytest.raises(BadToken):
        read(sign(_claims(packed), KEY, TYP_STATUS_LIST), KEYS, URI, NOW)


@pytest.mark.parametrize("change", [{"iat": "1"}, {"exp": 1.5}, {"status_list": None}, {"sub": 1}])
def test_wrong_types_are_refused(change: dict[str, object]) -> None:
    claims = _claims(zlib.compress(b"\0" * (CAPACITY // 4))) | change
    with pytest.raises(BadToken):
        read(sign(claims, KEY, TYP_STATUS_LIST), KEYS, URI, NOW)
