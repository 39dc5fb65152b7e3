"""What is wrong gets a clear problem: never a 500, a traceback, or one's own words back."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from pydantic import ValidationError
from schemathesis.specs.openapi.checks import positive_data_acceptance
from structlog.testing import capture_logs

from bot.http import create_app
from bot.http.determinations import Asked
from bot.http.guard import MAX_BODY, MAX_PICTURE_BODY
from bot.http.told import facts_of
from knowledge.rules import Groups
from knowledge.vocabulary import vocabulary
from tests.bot.serving import app_on, copy_of, serving
from tests.permit_desk import Desk

ASK = "/api/v1/messages"
TOKEN = "a" * 32


def problem(response: httpx.Response, status: int) -> dict[str, object]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, object] = response.json()
    assert body["status"] == status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": 5}, "text"),
        ({"text": None}, "text"),
        ({"text": ["补贴"]}, "text"),
        ({"text": "补贴", "conversation": "short"}, "conversation"),
        ({"text": "补贴", "conversation": "a" * 65}, "conversation"),
        ({"text": "补贴", "conversation": "../../etc/passwd-and-more"}, "conversation"),
        ({"text": "补贴", "id": ""}, "id"),
        ({"text": "补贴", "id": "a b"}, "id"),
        ({"text": "补贴", "id": "\ud800"}, "id"),
        ({"text": "补贴", "id": "x" * 101}, "id"),
        ({"text": "补贴", "as_of": "yesterday"}, "as_of"),
        ({"text": "补贴", "as_of": "2021-02-30"}, "as_of"),
        ({"text": "补贴", "as_of": 0}, "as_of"),
        ({"text": "补贴", "txet": "补贴"}, "txet"),
    ],
)
def test_a_wrong_field_is_named(client: httpx.Client, body: object, field: str) -> None:
    sent = client.post(ASK, content=json.dumps(body), headers={"content-type": "application/json"})
    told = problem(sent, 422)
    assert [error["field"] for error in told["errors"]] == [field]  # type: ignore[attr-defined]
    assert field in str(told["detail"])


def test_what_was_sent_is_not_sent_back(client: httpx.Client) -> None:
    sent = client.post(ASK, json={"text": {"secret": "440105199001011234"}})
    problem(sent, 422)
    assert "440105" not in sent.text


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"text"', b"[" * 9000])
def test_a_body_that_is_no_object_is_refused(client: httpx.Client, body: bytes) -> None:
    sent = client.post(ASK, content=body, headers={"content-type": "application/json"})
    assert sent.status_code in (400, 422)
    problem(sent, sent.status_code)


def test_a_body_of_another_type_is_refused(client: httpx.Client) -> None:
    body = b'{"text": "\xe4\xbd\xa0\xe5\xa5\xbd"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "text/xml"):
        problem(client.post(ASK, content=body, headers={"content-type": kind}), 415)


def test_a_body_may_have_so_much_and_no_more(client: httpx.Client) -> None:
    """Only the route that takes photographs takes more than 64 KiB."""
    headers = {"content-type": "application/json"}
    for path, body, most in (
        (ASK, b'{"text": "?"}', MAX_PICTURE_BODY),
        ("/webhooks/rest/webhook", b'{"message": "?"}', MAX_BODY),
    ):
        fits = client.post(path, content=body.ljust(most), headers=headers)
        assert fits.status_code == 200
        problem(client.post(path, content=body.ljust(most + 1), headers=headers), 413)


def test_a_text_has_no_more_room_than_without_pictures(client: httpx.Client) -> None:
    problem(client.post(ASK, json={"text": "长" * (MAX_BODY + 1)}), 422)


def test_a_body_without_a_length_is_cut_off_as_well(client: httpx.Client) -> None:
    def endless() -> Iterator[bytes]:
        yield b'{"text": "'
        for _ in range(MAX_PICTURE_BODY // 65536 + 1):
            yield b"a" * 65536
        yield b'"}'

    problem(client.post(ASK, content=endless()), 413)


def test_an_announced_huge_body_is_refused_before_it_is_sent(client: httpx.Client) -> None:
    url = urlsplit(str(client.base_url))
    with socket.create_connection((url.hostname, url.port), timeout=5) as raw:
        raw.sendall(
            b"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 99999999999\r\n\r\n"
        )
        assert raw.recv(4096).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/conversations/short",
        f"/api/v1/conversations/{'a' * 65}",
        "/api/v1/conversations/a%00aaaaaaaaaaaaaaaaaaaaaaaaa",
    ],
)
def test_a_conversation_that_could_be_guessed_is_refused(client: httpx.Client, path: str) -> None:
    problem(client.get(path), 422)


@pytest.mark.parametrize(
    "clause",
    [
        "nowhere/1",
        "changzhi",
        "%00",
        "..%2f..%2fetc%2fpasswd",
        "%ff%fe",
        "a'%20OR%201=1",
        "%F0%9F%98",
    ],
)
def test_an_unknown_clause_is_not_found(client: httpx.Client, clause: str) -> None:
    problem(client.get(f"/api/v1/clauses/{clause}"), 404)


def test_unknown_paths_and_methods_are_problems(client: httpx.Client) -> None:
    problem(client.get("/api/v1/nothing"), 404)
    problem(client.get("/static/nothing.js"), 404)
    problem(client.get("/static/..%2f..%2fapplication.py"), 404)
    problem(client.delete(ASK), 405)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"sender": "x"},
        {"sender": "", "message": "你好"},
        {"sender": "a\0b", "message": "你好"},
        {"sender": "x" * 201, "message": "你好"},
        {"sender": 5, "message": "你好"},
        {"sender": "x", "message": {}},
    ],
)
def test_a_wrong_rasa_message_is_refused(client: httpx.Client, body: object) -> None:
    problem(client.post("/webhooks/rest/webhook", json=body), 422)


def test_every_response_has_the_security_headers(client: httpx.Client) -> None:
    for response in (
        client.get("/"),
        client.get("/static/chat.js"),
        client.get("/healthz"),
        client.get("/nothing"),
        client.post("/webhooks/rest/webhook", content=b"x" * (MAX_BODY + 1)),
    ):
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy.replace("https", "")
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["cache-control"] in ("no-store", "no-cache")


def test_our_own_trouble_is_a_problem_without_its_text(library_file: Path, tmp_path: Path) -> None:
    app = app_on(copy_of(library_file, tmp_path))
    with serving(create_app(app)) as url, httpx.Client(base_url=url) as client:
        with app.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE turn")
        with capture_logs() as logs:
            sent = client.post(ASK, json={"conversation": TOKEN, "text": "我叫测试李梅"})
            told = problem(sent, 503)
            read = client.get(f"/api/v1/conversations/{TOKEN}")
            problem(read, 503)
    app.engine.dispose()
    assert "turn" not in str(told)
    assert [line["event"] for line in logs] == ["request_failed", "request_failed"]
    assert logs[0]["error"] == "OperationalError"
    assert "李梅" not in str(logs)
    assert TOKEN not in str(logs)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/messages"),
        ("GET", "/api/v1/conversations/{conversation}"),
        ("GET", "/api/v1/clauses/{clause}"),
        ("GET", "/api/v1/library/search"),
        ("GET", "/api/v1/documents"),
        ("GET", "/api/v1/documents/{document}"),
        ("POST", "/webhooks/rest/webhook"),
        ("POST", "/model/parse"),
        ("GET", "/readyz"),
    ],
)
def test_the_api_keeps_to_its_description(client: httpx.Client, method: str, path: str) -> None:
    """Whatever is sent, no answer is a 5xx or another object than the one described."""
    keeps_to_its_description(client, method, path)


@pytest.mark.parametrize("path", ["/api/v1/determinations", "/api/v1/verifications"])
def test_what_needs_a_key_keeps_to_its_description(
    keyed: tuple[httpx.Client, Desk], path: str
) -> None:
    """The same, and without the key it is refused: schemathesis tries that too."""
    keeps_to_its_description(keyed[0], "POST", path)


def in_and_out_of_a_group(body: object) -> bool:
    """Whether a body is a well-formed question about somebody who is in a group and is not."""
    try:
        groups = facts_of(Asked.model_validate(body).facts).get("groups")
    except ValidationError:
        return False
    above = vocabulary().groups_above
    return isinstance(groups, Groups) and any(
        above(member) & groups.excluded for member in groups.members
    )


def keeps_to_its_description(client: httpx.Client, method: str, path: str) -> None:
    described = schemathesis.openapi.from_url(f"{client.base_url}/api/v1/openapi.json")
    key = client.headers.get("authorization")
    # Named as schemathesis knows it, or it would not know to leave it out.
    sent = {"Authorization": key} if key else {}

    @given(case=described[path][method].as_strategy())
    @hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def keeps(case: Any) -> None:
        response = case.call(headers=sent)
        # No schema says that nobody is both in a group and not: that alone may be well formed and
        # still be refused.
        contradictory = (
            path == "/api/v1/determinations"
            and response.status_code == 422
            and [error["field"] for error in response.json()["errors"]] == ["facts.groups"]
            and in_and_out_of_a_group(case.body)
        )
        case.validate_response(
            response,
            headers=sent,
            excluded_checks=[positive_data_acceptance] if contradictory else [],
            transport_kwargs={"headers": sent},
        )

    keeps()
