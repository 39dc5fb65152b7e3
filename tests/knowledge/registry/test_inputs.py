"""Inputs written as people write them: each has one right outcome, and must get it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from knowledge.registry.contract import Reason
from knowledge.registry.permit_number import PermitNumber
from knowledge.registry.server import issuing
from knowledge.registry.server.registry import Registry
from knowledge.registry.verifier import Verifier
from knowledge.strict_yaml import read
from tests.knowledge.registry.conftest import FakeTime, Issue, check

DATA = read(Path(__file__).with_name("inputs.yaml")).data
LEAST = 0.995


@pytest.fixture
def permits(
    registry: Registry, issue: Issue, time_: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The permits of the data file, in their states."""
    for row in DATA["permits"]:
        number = PermitNumber(row["number"])
        monkeypatch.setattr(issuing, "generate", lambda *_given, n=number: n)
        issue(
            active=row["state"] != "inactive",
            city=number.value[:2],
            full_name=row["name"],
            id_last4=row["last4"],
            issued_on=time_.today - dt.timedelta(days=30),
        )
        match row["state"]:
            case "expired":
                registry.issuing.set_expiry(number, time_.today - dt.timedelta(days=1))
            case "suspended":
                registry.issuing.change(number, "suspend", Reason.COMPLAINT_HOLD)
            case "lost":
                registry.issuing.change(number, "report_lost")
            case "revoked":
                registry.issuing.change(number, "revoke")
            case "withheld":
                registry.issuing.withhold(number)


@pytest.mark.usefixtures("permits")
def test_inputs_as_people_write_them(verifier: Verifier) -> None:
    inputs: list[dict[str, Any]] = DATA["inputs"]
    assert len(inputs) >= 500
    wrong = []
    for row in inputs:
        given = check(number=row["text"], full_name=row.get("name"), id_last4=row.get("last4"))
        verdict = verifier.verify(given)
        if verdict.outcome.name != row["outcome"]:
            wrong.append((row["how"], row["text"], row["outcome"], verdict.outcome.name))
        assert not (verdict.positive and row["outcome"] != "VALID"), row
    assert len(wrong) / len(inputs) <= 1 - LEAST, wrong[:20]


def test_the_inputs_are_many_sided() -> None:
    kinds = Counter(row["how"] for row in DATA["inputs"])
    outcomes = Counter(row["outcome"] for row in DATA["inputs"])
    assert len(kinds) >= 40
    assert outcomes["VALID"] >= 100
    assert outcomes["BAD_NUMBER"] >= 100
    assert outcomes["NOT_CONFIRMED"] >= 100
    texts = [(row["text"], row.get("name"), row.get("last4")) for row in DATA["inputs"]]
    assert len(set(texts)) == len(texts)
