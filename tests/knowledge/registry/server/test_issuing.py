"""A permit's life: what may follow what, and what every change leaves behind."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import httpx
import pytest
from sqlalchemy import select

from knowledge.registry.contract import Purpose, Reason
from knowledge.registry.contract_worker import WorkerProof
from knowledge.registry.demo import seed_demo
from knowledge.registry.permit_number import generate
from knowledge.registry.server.issuing import Action, NoSuchPermit, NotAllowed
from knowledge.registry.server.registry import Registry
from knowledge.registry.server.tables import DeliveryRow, PermitRow
from knowledge.registry.server.webhooks import deliver_due, subscribe
from knowledge.registry.webhook import Receiver, permit_key
from tests.knowledge.registry.conftest import FakeTime, Issue
from tests.knowledge.registry.server.test_answering import ask


def row_of(registry: Registry, number: str) -> PermitRow:
    with registry.core.session() as session:
        row = session.scalar(select(PermitRow).where(PermitRow.number == number))
    assert row is not None
    return row


def test_from_issue_to_revocation(registry: Registry, issue: Issue) -> None:
    number = issue(active=False).number
    steps: list[tuple[Action, Reason | None, str, str | None]] = [
        ("activate", None, "ACTIVE", None),
        ("suspend", Reason.COMPLAINT_HOLD, "SUSPENDED", "COMPLAINT_HOLD"),
        ("suspend", Reason.LEFT_AGENCY, "SUSPENDED", "LEFT_AGENCY"),
        ("lift", None, "ACTIVE", None),
        ("report_lost", None, "SUSPENDED", "LOST"),
        ("reissue", None, "ACTIVE", None),
        ("revoke", None, "REVOKED", "CANCELLED"),
    ]
    assert row_of(registry, number.value).reason == "INACTIVE"
    for version, (action, reason, state, left) in enumerate(steps, 2):
        registry.issuing.change(number, action, reason)
        row = row_of(registry, number.value)
        assert (row.state, row.reason, row.version) == (state, left, version)
    assert row_of(registry, number.value).card == 2


@pytest.mark.parametrize(
    "action", ["activate", "suspend", "lift", "report_lost", "reissue", "revoke"]
)
def test_nothing_follows_a_revocation(registry: Registry, issue: Issue, action: Action) -> None:
    number = issue().number
    registry.issuing.change(number, "revoke")
    with pytest.raises(NotAllowed):
        registry.issuing.change(number, action, Reason.COMPLAINT_HOLD)
    assert row_of(registry, number.value).version == 2


def test_what_is_not_allowed(registry: Registry, issue: Issue, time_: FakeTime) -> None:
    number, desk = issue().number, registry.issuing
    with pytest.raises(NotAllowed):
        desk.change(number, "suspend")
    with pytest.raises(NotAllowed):
        desk.change(number, "suspend", Reason.LOST)
    with pytest.raises(NotAllowed):
        desk.change(number, "reissue")
    desk.change(number, "suspend", Reason.COMPLAINT_HOLD)
    with pytest.raises(NotAllowed):
        desk.change(number, "reissue")
    with pytest.raises(NotAllowed):
        desk.set_expiry(number, time_.today - dt.timedelta(days=1))
    with pytest.raises(NotAllowed):
        desk.grade(number, 6, "a", "b")
    with pytest.raises(NotAllowed):
        issue(city="XX")
    with pytest.raises(NotAllowed):
        issue(expires_on=time_.today - dt.timedelta(days=1))
    with pytest.raises(NoSuchPermit) as caught:
        desk.change(generate("GZ"), "revoke")
    assert "****" in str(caught.value)


def test_last_four_and_pin_are_kept_as_digests(registry: Registry, issue: Issue) -> None:
    issued = issue()
    row = row_of(registry, issued.number.value)
    held = [str(value) for value in vars(row).values()]
    assert issued.pin not in held
    assert "123X" not in held


def test_changes_are_told_to_subscribers_until_they_take_them(
    registry: Registry, issue: Issue, time_: FakeTime
) -> None:
    key, taken, status = b"s" * 32, [], [500]
    receiver = Receiver(key)

    def subscriber(request: httpx.Request) -> httpx.Response:
        notice = receiver.receive(request.headers, request.content, time_.at)
        if status[0] == 200:
            taken.append(notice)
        return httpx.Response(status[0])

    subscribe(registry.core, "https://subscriber.example/hook", key)
    number = issue().number
    registry.issuing.change(number, "revoke")
    with httpx.Client(transport=httpx.MockTransport(subscriber)) as client:
        assert deliver_due(registry.core, client) == 0
        assert deliver_due(registry.core, client) == 0, "not before its wait is over"
        time_.move(3600)
        receiver = Receiver(key)
        status[0] = 200
        assert deliver_due(registry.core, client) == 1
        assert deliver_due(registry.core, client) == 0
    assert taken[0] is not None
    assert taken[0].permit_hmac == permit_key(key, number.value)
    assert taken[0].status_version == 2
    with registry.core.session() as session:
        assert session.scalars(select(DeliveryRow.attempts)).all() == [2]


def test_a_subscriber_elsewhere_needs_https(registry: Registry) -> None:
    with pytest.raises(ValueError, match="https"):
        subscribe(registry.core, "http://subscriber.example/hook", b"s" * 32)


def test_demo_permits_are_marked_and_in_every_state(registry: Registry) -> None:
    permits = seed_demo(registry, 100, seed=3)
    assert {permit.kind for permit in permits} == {
        "valid", "health_due", "health_expired", "insurance_missing", "black_listed", "expired",
        "inactive", "suspended", "lost", "annual_review", "revoked",
    }  # fmt: skip
    assert {permit.number.value[:2] for permit in permits} == {"GZ", "ZQ", "CZ", "BT", "SY"}
    assert all("测试" in permit.full_name for permit in permits)
    rows = [row_of(registry, permit.number.value) for permit in permits]
    assert all(row.demo and ("虚构" in row.agency) for row in rows)
    digit = {"valid": "1", "expired": "2", "suspended": "3", "revoked": "4"}
    assert all(p.number.value[2] == digit[p.kind] for p in permits if p.kind in digit)


def test_a_worker_sees_her_record_and_who_looked(registry: Registry, issue: Issue) -> None:

    issued = issue()
    ask(registry, qr_payload=issued.qr_token)
    ask(registry, permit_no=issued.number.value)  # not confirmed: nobody saw anything
    proof = WorkerProof(permit_no=issued.number.value, pin=issued.pin, asker_ref="a" * 64)
    view = registry.workers.view(proof)
    assert view.confirmed
    assert [(seen.by, seen.purpose, seen.details) for seen in view.checks] == [
        ("用户端", Purpose.PRE_HIRE, False)
    ]
    other = f"{(int(issued.pin) + 1) % 10**6:06d}"
    unknown = generate("GZ").value
    for wrong in (
        proof.model_copy(update={"pin": other}),
        proof.model_copy(update={"permit_no": unknown}),
    ):
        assert registry.workers.view(wrong).model_dump(exclude_defaults=True) == {
            "confirmed": False
        }


def test_numbers_are_not_in_a_row(registry: Registry, issue: Issue) -> None:
    serials = [int(issue().number.value[2:12]) for _ in range(30)]
    gaps = [abs(a - b) for a, b in pairwise(serials)]
    assert min(gaps) > 1000
