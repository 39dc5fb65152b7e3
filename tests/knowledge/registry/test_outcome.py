"""From a validated answer to exactly one of the thirteen outcomes."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from knowledge.registry.contract import SHANGHAI, Verification
from knowledge.registry.outcome import Asked, Outcome, Unsound, judge

NOW = dt.datetime(2026, 11, 21, 12, 0, tzinfo=SHANGHAI)
PERMIT = {
    "no_masked": "GZ****791K",
    "name_masked": "测***",
    "city": "广州市",
    "issued_on": "2026-01-01",
    "expires_on": "2027-01-01",
    "service_types": ["家务服务"],
    "agency_name": "示范家政（虚构）",
}
OK = {"state": "OK"}
ALL_OK = dict.fromkeys(("identity", "training", "health", "insurance", "background"), OK)
BY_NUMBER = Asked(by_qr=False, with_factor=True, with_consent=False)
BY_QR = Asked(by_qr=True, with_factor=False, with_consent=False)
CONSENT = Asked(by_qr=False, with_factor=True, with_consent=True)
WANTS = Asked(by_qr=False, with_factor=True, with_consent=False, wants_details=True)


def answer(**fields: Any) -> Verification:
    """A sound answer, with what a test changes of it."""
    moment = NOW.isoformat()
    base = {
        "request_id": str(uuid4()),
        "nonce": "n" * 32,
        "subject": "s",
        "checked_at": moment,
        "source": "live",
        "source_as_of": moment,
        "valid_until": (NOW + dt.timedelta(seconds=60)).isoformat(),
        "status_version": 1,
        "status": "VALID",
        "match": "FULL",
        "permit": PERMIT,
    }
    values = {k: v for k, v in (base | fields).items() if v is not None}
    return Verification.model_validate_json(json.dumps(values))


def outcome(asked: Asked, **fields: Any) -> Outcome:
    return judge(answer(**fields), asked, NOW.timestamp()).outcome


LISTED = {"name": "a", "kind": "BLACK", "listed_on": "2026-01-01"}


def but(**states: str) -> dict[str, Any]:
    """All components in order but those named."""
    return {"components": ALL_OK | {name: {"state": state} for name, state in states.items()}}


UNVERIFIED = {"status": "UNVERIFIED", "match": "NOT_CHECKED", "permit": None, "status_version": 0}


@pytest.mark.parametrize(
    ("asked", "fields", "expected"),
    [
        (BY_NUMBER, {}, Outcome.VALID),
        (WANTS, {}, Outcome.DETAILS_NOT_AUTHORISED),
        (CONSENT, {"components": ALL_OK}, Outcome.VALID),
        (
            CONSENT,
            {"components": ALL_OK | {"health": {"state": "EXPIRED"}}},
            Outcome.COMPONENT_LAPSED,
        ),
        (CONSENT, but(health="DUE"), Outcome.COMPONENT_LAPSED),
        (
            CONSENT,
            {"components": ALL_OK | {"training": {"state": "MISSING"}}},
            Outcome.COMPONENT_LAPSED,
        ),
        (
            CONSENT,
            {"components": ALL_OK | {"background": {"state": "UNKNOWN"}}},
            Outcome.COMPONENT_LAPSED,
        ),
        (
            CONSENT,
            {"components": ALL_OK | {"health": {"state": "OK", "expires_month": "2026-10"}}},
            Outcome.COMPONENT_LAPSED,
        ),
        (CONSENT, {"components": ALL_OK | {"health": {"state": "NOT_AUTHORISED"}}}, Outcome.VALID),
        (BY_QR, {"match": "NOT_CHECKED"}, Outcome.PERSON_NOT_CHECKED),
        (BY_NUMBER, {"status": "EXPIRED"}, Outcome.EXPIRED),
        (BY_NUMBER, {"permit": PERMIT | {"expires_on": "2026-11-20"}}, Outcome.EXPIRED),
        (BY_NUMBER, {"permit": PERMIT | {"expires_on": "2026-11-21"}}, Outcome.VALID),
        (BY_NUMBER, {"status": "SUSPENDED", "reason_code": "LOST"}, Outcome.SUSPENDED),
        (BY_NUMBER, {"status": "REVOKED", "reason_code": "CANCELLED"}, Outcome.REVOKED),
        (BY_NUMBER, UNVERIFIED, Outcome.NOT_CONFIRMED),
        (BY_NUMBER, UNVERIFIED | {"match": "MISMATCH"}, Outcome.NOT_CONFIRMED),
    ],
)
def test_each_outcome(asked: Asked, fields: dict[str, Any], expected: Outcome) -> None:
    assert outcome(asked, **fields) is expected


def test_a_qr_that_ran_out_is_expired_whatever_the_status() -> None:
    asked = Asked(True, False, False, qr_expires_at=NOW.timestamp())
    assert outcome(asked, match="NOT_CHECKED") is Outcome.EXPIRED


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        (BY_NUMBER, {"match": "NOT_CHECKED"}),
        (BY_QR, {"match": "FULL"}),
        (Asked(True, True, False), {"match": "NOT_CHECKED"}),
        (BY_NUMBER, {"components": ALL_OK}),
        (BY_NUMBER, {"lists": []}),
        (BY_NUMBER, {"permit": PERMIT | {"issued_on": "2026-11-22"}}),
        (BY_NUMBER, {"permit": PERMIT | {"expires_on": "2025-11-22"}}),
    ],
)
def test_answers_that_contradict_the_question_say_nothing(
    asked: Asked, fields: dict[str, Any]
) -> None:
    with pytest.raises(Unsound):
        outcome(asked, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "ACTIVE"},
        {"status": "valid"},
        {"status": ""},
        {"match": "YES"},
        {"match": "MISMATCH"},
        {"match": "PARTIAL"},
        {"permit": None},
        {"status_version": 0},
        {"status_version": True},
        {"status_version": "1"},
        {"reason_code": "LOST"},
        {"extra": 1},
        {"checked_at": "2026-11-21T12:00:00"},
        {"checked_at": "2026-11-21T23:59:60Z"},
        {"permit": PERMIT | {"expires_on": "2027-02-29"}},
        {"permit": PERMIT | {"name_masked": "测试李梅"}},
        {"permit": PERMIT | {"agency_name": "<b>"}},
        {"permit": PERMIT | {"agency_name": "a\u202eb"}},
        {"permit": PERMIT | {"phone": "1"}},
        {"components": {"identity": OK}},
        {"star": {"value": 6, "scheme": "a", "issuer": "b", "graded_on": "2026-01-01"}},
        {"lists": [LISTED | {"appeal_url": "https://a"}]},
        {"lists": [LISTED | {"authority": "b", "appeal_url": "javascript:1"}]},
        UNVERIFIED | {"permit": PERMIT},
        UNVERIFIED | {"status_version": 3},
        UNVERIFIED | {"reason_code": "LOST"},
    ],
)  # fmt: skip
def test_fields_outside_the_contract_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        answer(**fields)


@given(
    st.sampled_from(["VALID", "EXPIRED", "SUSPENDED", "REVOKED"]),
    st.sampled_from(["FULL", "NOT_CHECKED"]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.dates(dt.date(2026, 10, 1), dt.date(2027, 1, 1)),
)
def test_valid_is_only_ever_said_of_valid(
    status: str, match: str, qr: bool, factor: bool, consent: bool, wants: bool, until: dt.date
) -> None:
    permit = PERMIT | {"expires_on": until.isoformat()}
    asked = Asked(qr, factor, consent, wants)
    try:
        verdict = judge(answer(status=status, match=match, permit=permit), asked, NOW.timestamp())
    except Unsound:
        return
    if verdict.positive:
        assert status == "VALID"
        assert until >= NOW.date()
        assert match == "FULL" or qr
    if verdict.outcome is Outcome.VALID:
        assert match == "FULL"
        assert factor or consent
