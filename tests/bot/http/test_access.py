"""Keys, limits, and whose address counts."""

from __future__ import annotations

import datetime as dt

import pytest
from starlette.requests import Request

from bot.api_keys import add_key, list_keys, revoke_key
from bot.app import App
from bot.http.access import place
from tests.bot.http.conftest import served
from tests.bot.serving import NOW

ASK = "/api/v1/messages"
LIST = "/api/v1/documents"
DETERMINE = "/api/v1/determinations"
WHO = {"region": "110000"}


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_a_key_opens_in_either_header(app: App) -> None:
    key = add_key(app.engine, "desk", 60, NOW)
    with served(app) as client:
        for headers in (bearer(key), {"x-api-key": key}, {"authorization": f"bearer  {key}"}):
            assert client.post(DETERMINE, json=WHO, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-api-key": ""},
        {"x-api-key": "anxin_nothing"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer anxin_nothing"},
        {"authorization": "Basic YTpi"},
        {"x-api-key": "é"},
    ],
)
def test_without_a_good_key_it_is_closed(app: App, headers: dict[str, str]) -> None:
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    with served(app) as client:
        refused = client.post(DETERMINE, json=WHO, headers=sent)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["www-authenticate"] == "Bearer"


def test_a_bad_key_is_not_taken_for_no_key(app: App) -> None:
    with served(app) as client:
        assert client.get(LIST).status_code == 200
        assert client.get(LIST, headers=bearer("anxin_nothing")).status_code == 401


def test_a_revoked_key_is_closed_at_once(app: App) -> None:
    key = add_key(app.engine, "desk", 60, NOW)
    with served(app) as client:
        assert client.post(DETERMINE, json=WHO, headers=bearer(key)).status_code == 200
        assert revoke_key(app.engine, "desk", NOW)
        assert client.post(DETERMINE, json=WHO, headers=bearer(key)).status_code == 401


def test_the_last_use_of_a_key_is_noted(app: App) -> None:
    key = add_key(app.engine, "desk", 60, NOW - dt.timedelta(days=1))
    assert list_keys(app.engine)[0].last_used_at is None
    with served(app) as client:
        client.post(DETERMINE, json=WHO, headers=bearer(key))
    assert list_keys(app.engine)[0].last_used_at == NOW


def test_a_key_has_its_limit_and_says_how_much_is_left(app: App) -> None:
    key = add_key(app.engine, "desk", 3, NOW)
    with served(app) as client:
        left = []
        for _ in range(3):
            sent = client.post(DETERMINE, json=WHO, headers=bearer(key))
            assert sent.headers["ratelimit-limit"] == "3"
            assert sent.headers["ratelimit-policy"] == "3;w=60"
            left.append(sent.headers["ratelimit-remaining"])
        refused = client.get(LIST, headers=bearer(key))
        assert client.get(LIST).status_code == 200, "the address has its own limit"
    assert left == ["2", "1", "0"]
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["status"] == 429
    assert refused.headers["ratelimit-remaining"] == "0"
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
    assert 1 <= int(refused.headers["retry-after"]) <= 60


def test_asking_and_reading_are_counted_apart(app: App) -> None:
    with served(app, ask_limit="2/minute", read_limit="3/minute") as client:
        asked = [client.post(ASK, json={"text": "你好"}).status_code for _ in range(3)]
        rasa = client.post("/webhooks/rest/webhook", json={"message": "你好"}).status_code
        parsed = client.post("/model/parse", json={"text": "你好"}).status_code
        read = [client.get(LIST).status_code for _ in range(4)]
        assert client.get("/healthz").status_code == 200
        assert client.get("/").status_code == 200
    assert asked == [200, 200, 429]
    assert (rasa, parsed) == (429, 429)
    assert read == [200, 200, 200, 429]


def test_the_narrowest_of_several_limits_counts(app: App) -> None:
    with served(app, read_limit="100/minute;2/hour") as client:
        sent = [client.get(LIST) for _ in range(3)]
    assert [one.status_code for one in sent] == [200, 200, 429]
    assert sent[0].headers["ratelimit-policy"] == "2;w=3600"


def test_trying_keys_is_counted(app: App) -> None:
    with served(app, read_limit="2/minute") as client:
        tried = [
            client.post(DETERMINE, json=WHO, headers=bearer(f"anxin_{n}")).status_code
            for n in range(3)
        ]
    assert tried == [401, 401, 429]


def test_a_strangers_forwarded_address_is_not_believed(app: App) -> None:
    with served(app, read_limit="2/minute") as client:
        sent = [
            client.get(LIST, headers={"x-forwarded-for": f"203.0.113.{n}"}).status_code
            for n in range(3)
        ]
    assert sent == [200, 200, 429]


def test_a_trusted_proxy_names_the_client(app: App) -> None:
    with served(app, read_limit="1/minute", trusted_proxies="127.0.0.1,10.0.0.0/8") as client:

        def status(forwarded: str) -> int:
            return client.get(LIST, headers={"x-forwarded-for": forwarded}).status_code

        assert status("203.0.113.1") == 200
        assert status("203.0.113.2") == 200
        assert status("203.0.113.1, 10.1.2.3") == 429, "the inner proxy is not the client"
        assert status("198.51.100.9, 203.0.113.2") == 429, "what the client wrote is not believed"
        assert status("nonsense") == 200, "then it is the proxy's own"
        assert status("more nonsense") == 429


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.1", "203.0.113.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.1", "::ffff:203.0.113.2", False),
    ],
)
def test_a_household_is_one_place(one: str, other: str, same: bool) -> None:
    first, second = (place(Request({"type": "http", "client": (host, 1)})) for host in (one, other))
    assert (first == second) is same
