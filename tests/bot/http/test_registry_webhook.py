"""Notices of change from a registry elsewhere: only signed ones of now, each once, never back."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from bot import problems
from bot.http import registry_webhook
from knowledge.library import Library
from knowledge.registry.server.webhooks import deliver_due, subscribe
from knowledge.registry.webhook import permit_key, signature
from knowledge.vocabulary import Vocabulary
from tests.bot.serving import serving
from tests.permit_desk import NAME, Desk, open_desk

PATH = "/registry/events"


@pytest.fixture
def desk(tmp_path: Path, library: Library, words: Vocabulary) -> Iterator[Desk]:
    with open_desk(tmp_path, library, words) as desk:
        yield desk


@pytest.fixture
def http(desk: Desk) -> Iterator[httpx.Client]:
    web = FastAPI()
    web.include_router(registry_webhook.router(desk.permits.verifier, lambda: desk.time.at))
    problems.install(web)
    with serving(web) as url, httpx.Client(base_url=url, trust_env=False) as client:
        yield client


def notice(desk: Desk, number: str, version: int, **changes: object) -> bytes:
    content = {
        "event_id": str(uuid.uuid4()),
        "permit_hmac": permit_key(desk.permits.verifier.notice_key, number),
        "status_version": version,
        "at": int(desk.time.at),
    }
    return json.dumps(content | changes).encode()


def signed(desk: Desk, body: bytes, late: int = 0, key: bytes | None = None) -> dict[str, str]:
    at = int(desk.time.at) - late
    used = key or desk.permits.verifier.notice_key
    return {"x-timestamp": str(at), "x-signature": signature(used, at, body)}


def test_the_registrys_own_delivery_is_heeded(desk: Desk, http: httpx.Client) -> None:
    permit = desk.issue()
    subscribe(desk.registry.core, str(http.base_url.join(PATH)), desk.permits.verifier.notice_key)
    desk.registry.issuing.withhold(permit.number, False)  # a change: version 2
    with httpx.Client(trust_env=False) as client:
        assert deliver_due(desk.registry.core, client) == 1
    # An answer from a replica that has not heard of it is refused from now on.
    with desk.registry.core.session() as session:
        session.execute(text("UPDATE permit SET version = 1"))
    reply = desk.say(f"{permit.number.value} {NAME}")
    assert reply.intent == "permit_verification"
    assert reply.status == "failed", "a rollback gives no verdict"


def test_an_event_counts_once_and_never_back(desk: Desk, http: httpx.Client) -> None:
    number = desk.issue().number.value
    third = notice(desk, number, 3)
    first = http.post(PATH, content=third, headers=signed(desk, third))
    assert (first.status_code, first.json()) == (200, {"heeded": True})
    again = http.post(PATH, content=third, headers=signed(desk, third))
    assert (again.status_code, again.json()) == (200, {"heeded": False})
    second = notice(desk, number, 2)
    back = http.post(PATH, content=second, headers=signed(desk, second))
    assert (back.status_code, back.json()) == (200, {"heeded": False})
    ref = permit_key(desk.permits.verifier.notice_key, number)
    assert not desk.permits.verifier.audit.accept_version(ref, 2)
    assert desk.permits.verifier.audit.accept_version(ref, 3)


def test_only_the_registrys_and_only_of_now(desk: Desk, http: httpx.Client) -> None:
    body = notice(desk, desk.issue().number.value, 3)
    for headers in (
        {},
        signed(desk, body, key=b"x" * 32),
        signed(desk, body, late=301),
        signed(desk, body) | {"x-timestamp": "now"},
        signed(desk, body + b" "),
    ):
        refused = http.post(PATH, content=body, headers=headers)
        assert refused.status_code == 403
        assert refused.headers["content-type"] == "application/problem+json"
    ok = http.post(PATH, content=body, headers=signed(desk, body))
    assert ok.json() == {"heeded": True}, "what was refused before used nothing up"


def test_signed_but_not_in_form(desk: Desk, http: httpx.Client) -> None:
    for body in (b"{}", b"not json", notice(desk, "GZ1565643791K", 0)):
        assert http.post(PATH, content=body, headers=signed(desk, body)).status_code == 400
    assert http.get(PATH).status_code == 405


def test_what_cannot_be_noted_may_be_sent_again(desk: Desk, http: httpx.Client) -> None:
    body = notice(desk, desk.issue().number.value, 3)
    engine = desk.permits.verifier.audit._engine
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE registry_version RENAME TO away"))
    assert http.post(PATH, content=body, headers=signed(desk, body)).status_code == 503
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO registry_version"))
    assert http.post(PATH, content=body, headers=signed(desk, body)).json() == {"heeded": True}


def test_a_registry_in_this_process_needs_no_notice(desk: Desk) -> None:
    verifier = desk.permits.verifier
    desk.registry.issuing.listen(verifier.changed)
    permit = desk.issue()
    desk.registry.issuing.change(permit.number, "revoke")
    assert not verifier.audit.accept_version(verifier.permit_ref(permit.number), 1)
    assert verifier.audit.accept_version(verifier.permit_ref(permit.number), 2)
