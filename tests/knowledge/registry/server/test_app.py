"""The registry over HTTP: problems in one form, bounds, and the OpenAPI kept to."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from joserfc.jwk import ECKey
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance
from sqlalchemy import text

from knowledge.registry.permit_number import generate
from knowledge.registry.server.app import create_app
from knowledge.registry.server.registry import Registry
from tests.knowledge.registry.conftest import FakeTime, Issue, served

NONCE = "n" * 32
ASKER = "a" * 64


@pytest.fixture
def http(registry: Registry) -> Iterator[httpx.Client]:
    with served(create_app(registry)) as address, httpx.Client(base_url=address) as client:
        yield client


def headers(token: str, **more: str) -> dict[str, str]:
    base = {
        "authorization": f"Bearer {token}",
        "x-nonce": NONCE,
        "x-request-id": str(uuid.uuid4()),
    }
    return base | more


def body(number: str, **more: Any) -> dict[str, Any]:
    return {"permit_no": number, "purpose": "pre_hire", "asker_ref": ASKER} | more


def test_an_answer(http: httpx.Client, token: str, issue: Issue) -> None:
    given = headers(token)
    content = body(issue().number.value, factor={"full_name": "测试李梅"})
    response = http.post("/permits:verify", json=content, headers=given)
    assert response.status_code == 200
    assert response.json()["status"] == "VALID"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-request-id"] == given["x-request-id"]


@pytest.mark.parametrize(
    ("change", "content", "status", "code"),
    [
        ({"authorization": "Bearer wrong"}, {}, 401, "UNAUTHENTICATED"),
        ({"authorization": ""}, {}, 401, "UNAUTHENTICATED"),
        ({"x-nonce": "short"}, {}, 400, "BAD_FORMAT"),
        ({"x-request-id": "1"}, {}, 400, "BAD_FORMAT"),
        ({}, {"permit_no": "GZ123"}, 400, "BAD_FORMAT"),
        ({}, {"permit_no": None}, 400, "BAD_FORMAT"),
        ({}, {"qr_payload": "x" * 40}, 400, "BAD_FORMAT"),
        ({}, {"factor": {}}, 400, "BAD_FORMAT"),
        ({}, {"factor": {"full_name": "李"}}, 400, "BAD_FORMAT"),
        ({}, {"surprise": 1}, 400, "BAD_FORMAT"),
        ({}, {"asker_ref": "李女士"}, 400, "BAD_FORMAT"),
        ({}, {"permit_no": "GZ1565643791A"}, 422, "CHECK_DIGIT"),
    ],
)
def test_problems(
    http: httpx.Client,
    token: str,
    change: dict[str, str],
    content: dict[str, Any],
    status: int,
    code: str,
) -> None:
    given = {name: value for name, value in headers(token, **change).items() if value}
    response = http.post("/permits:verify", json=body("GZ1565643791K") | content, headers=given)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["code"] == code
    assert "GZ1565643791" not in response.text


def test_idempotency_conflict(http: httpx.Client, token: str) -> None:
    given = headers(token)
    one, two = generate("GZ").value, generate("GZ").value
    assert http.post("/permits:verify", json=body(one), headers=given).status_code == 200
    response = http.post("/permits:verify", json=body(two), headers=given)
    assert (response.status_code, response.json()["code"]) == (409, "IDEMPOTENCY_CONFLICT")


def test_bodies_are_capped_however_they_come(http: httpx.Client, token: str) -> None:
    large = b"a" * 70_000
    whole = http.post("/permits:verify", content=large, headers=headers(token))
    pieces = http.post("/permits:verify", content=iter([large[:40000]] * 2), headers=headers(token))
    assert (whole.status_code, pieces.status_code) == (413, 413)
    assert whole.json()["code"] == "TOO_LARGE"


def test_an_asker_is_limited_and_told_until_when(registry: Registry, token: str) -> None:
    registry.asker_limits = "2/minute"
    with served(create_app(registry)) as address, httpx.Client(base_url=address) as http:
        codes = [
            http.post(
                "/permits:verify", json=body(generate("GZ").value), headers=headers(token)
            ).status_code
            for _ in range(3)
        ]
        assert codes == [200, 200, 429]
        other = body(generate("GZ").value, asker_ref="b" * 64)
        assert http.post("/permits:verify", json=other, headers=headers(token)).status_code == 200
        last = http.post("/permits:verify", json=body(generate("GZ").value), headers=headers(token))
        assert 1 <= int(last.headers["retry-after"]) <= 61


def test_a_batch_keeps_its_order_and_one_never_fails_the_rest(
    registry: Registry, http: httpx.Client, token: str, issue: Issue
) -> None:
    agency = registry.add_client("agency", "机构", ["permit.status", "permit.batch"])
    good = body(issue().number.value, factor={"full_name": "测试李梅"})
    items = [good, body("GZ1565643791A"), body(generate("GZ").value)]
    response = http.post("/permits:verifyBatch", json={"items": items}, headers=headers(agency))
    assert [item["http_status"] for item in response.json()["items"]] == [200, 422, 200]
    assert response.json()["items"][0]["result"]["status"] == "VALID"
    refused = http.post("/permits:verifyBatch", json={"items": items}, headers=headers(token))
    assert (refused.status_code, refused.json()["code"]) == (403, "SCOPE")
    many = http.post("/permits:verifyBatch", json={"items": [good] * 51}, headers=headers(agency))
    assert many.status_code == 400


def test_consent_over_http_end_to_end(http: httpx.Client, token: str, issue: Issue) -> None:
    issued = issue()
    wish = {
        "permit_no": issued.number.value, "asker_ref": ASKER, "asker_label": "王女士",
        "purpose": "pre_hire", "scopes": ["components"],
    }  # fmt: skip
    created = http.post("/consents", json=wish, headers=headers(token)).json()
    path = f"/consents/{created['consent_id']}"
    assert http.get(path, headers=headers(token)).json() == {"state": "PENDING"}
    wrong = {"permit_no": issued.number.value, "pin": "000000", "grant": True}
    if issued.pin != "000000":
        assert http.post(f"{path}:decide", json=wrong).json() == {"done": False}
    right = wrong | {"pin": issued.pin}
    assert http.post(f"{path}:decide", json=right).json() == {"done": True}
    granted = http.get(path, headers=headers(token)).json()
    assert granted["state"] == "GRANTED"
    content = body(issued.number.value, consent_token=granted["consent_token"])
    got = http.post("/permits:verify", json=content, headers=headers(token)).json()
    assert got["components"]["health"] == {"state": "MISSING"}
    assert http.post(f"{path}:withdraw", json=right).json() == {"done": True}
    assert http.get(path, headers=headers(token)).json() == {"state": "WITHDRAWN"}


def test_consent_for_a_number_nobody_holds_looks_the_same(
    http: httpx.Client, token: str, issue: Issue, time_: FakeTime
) -> None:
    seen = []
    for number in (issue().number.value, generate("GZ").value):
        wish = {
            "permit_no": number, "asker_ref": ASKER, "asker_label": "王女士",
            "purpose": "pre_hire", "scopes": ["star"],
        }  # fmt: skip
        created = http.post("/consents", json=wish, headers=headers(token))
        path = f"/consents/{created.json()['consent_id']}"
        states = [http.get(path, headers=headers(token)).json()]
        time_.move(301)
        states.append(http.get(path, headers=headers(token)).json())
        seen.append((created.status_code, sorted(created.json()), states))
    assert seen[0] == seen[1]
    missing = http.get(f"/consents/{uuid.uuid4()}", headers=headers(token))
    assert missing.status_code == 404


def test_status_list_with_etag(http: httpx.Client) -> None:
    first = http.get("/status-lists/1")
    assert first.headers["content-type"] == "application/statuslist+jwt"
    again = http.get("/status-lists/1", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
    assert http.get("/status-lists/2").status_code == 404


def test_keys_rotate_and_are_revoked(registry: Registry, http: httpx.Client, issue: Issue) -> None:
    issued = issue()
    old = http.get("/.well-known/jwks.json").json()["keys"]
    new = registry.keys.rotate()
    both = http.get("/.well-known/jwks.json").json()["keys"]
    assert {key["kid"] for key in both} == {old[0]["kid"], new}
    assert not any("d" in key for key in both)
    assert all(ECKey.import_key(key) for key in both)
    assert registry.keys.current().signing.kid == new
    registry.keys.revoke(old[0]["kid"])
    left = http.get("/.well-known/jwks.json").json()["keys"]
    assert [key["kid"] for key in left] == [new]
    assert issued.qr_token


def test_health(http: httpx.Client) -> None:
    assert http.get("/health").json()["ok"] is True


def test_the_database_gone_is_maintenance_and_nothing_is_told(
    registry: Registry, http: httpx.Client, token: str
) -> None:
    with registry.core.session() as session:
        session.execute(text("DROP TABLE client"))
    response = http.post("/permits:verify", json=body(generate("GZ").value), headers=headers(token))
    assert response.status_code == 503
    assert response.json()["code"] == "MAINTENANCE"
    assert "client" not in response.text


def test_the_openapi_is_kept_to(registry: Registry, token: str, issue: Issue) -> None:
    """Schemathesis over every operation: no 5xx, no answer outside its description."""
    issue()
    app = create_app(registry)
    called: set[str] = set()
    with served(app) as address:
        schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
        for result in schema.get_all_operations():
            assert isinstance(result, Ok)
            _run(result.ok().as_strategy(), token, called)
    paths = app.openapi()["paths"]
    assert len(called) == sum(len(methods) for methods in paths.values())


def _run(strategy: Any, token: str, called: set[str]) -> None:
    @hypothesis_settings(
        max_examples=25,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def run(case: Any) -> None:
        called.add(case.operation.label)
        given_headers = dict(case.headers or {})
        given_headers["Authorization"] = f"Bearer {token}"
        response = case.call(headers=given_headers)
        assert response.status_code < 500
        # A schema cannot say that a number's check symbol must fit, so valid forms are refused too.
        case.validate_response(
            response, headers=given_headers, excluded_checks=[positive_data_acceptance]
        )

    run()
