"""Notices of change: signed, of now, once."""

from __future__ import annotations

import json
import uuid

import pytest

from knowledge.registry.webhook import BadNotice, Receiver, permit_key, signature

KEY = b"k" * 32
NOW = 1_790_000_000


def body(**changes: object) -> bytes:
    notice = {
        "event_id": str(uuid.uuid4()),
        "permit_hmac": permit_key(KEY, "GZ1565643791K"),
        "status_version": 3,
        "at": NOW,
    }
    return json.dumps(notice | changes).encode()


def headers(content: bytes, at: int = NOW, key: bytes = KEY) -> dict[str, str]:
    return {"x-timestamp": str(at), "x-signature": signature(key, at, content)}


def test_a_notice_is_let_through_once() -> None:
    receiver, content = Receiver(KEY), body()
    notice = receiver.receive(headers(content), content, NOW)
    assert notice is not None
    assert notice.status_version == 3
    assert receiver.receive(headers(content), content, NOW) is None


@pytest.mark.parametrize("late", [-301, 301])
def test_only_of_now(late: int) -> None:
    content = body()
    with pytest.raises(BadNotice):
        Receiver(KEY).receive(headers(content), content, NOW + late)


def test_only_with_its_signature() -> None:
    content = body()
    for given in (
        {},
        {"x-timestamp": str(NOW)},
        headers(content, key=b"x" * 32),
        headers(content) | {"x-timestamp": str(NOW + 1)},
        headers(content) | {"x-timestamp": "now"},
        headers(content) | {"x-signature": "签名"},
    ):
        with pytest.raises(BadNotice):
            Receiver(KEY).receive(given, content, NOW)


@pytest.mark.parametrize(
    "content",
    [
        body(status_version=0),
        body(status_version="3"),
        body(permit_hmac="GZ1565643791K"),
        body(extra=1),
        b"not json",
        b'{"at":1,"at":2}',
        b" " * 3000,
    ],
)
def test_only_in_the_contracts_form(content: bytes) -> None:
    with pytest.raises(BadNotice):
        Receiver(KEY).receive(headers(content), content, NOW)
