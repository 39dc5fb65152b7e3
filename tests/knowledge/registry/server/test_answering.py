"""The disclosure policy: what each asker gets, and that nothing else can be told from it."""

from __future__ import annotations

import datetime as dt
import statistics
import time
import uuid
from typing import Any

import pytest

from knowledge.registry.contract import (
    ComponentState,
    Factor,
    ListKind,
    Match,
    Purpose,
    Reason,
    Status,
    VerifyRequest,
    VerifyResponse,
)
from knowledge.registry.contract_worker import ConsentDecision, ConsentRequest, DetailScope
from knowledge.registry.permit_number import generate
from knowledge.registry.server.answering import Answering, Client, Conflict
from knowledge.registry.server.issuing import Issued
from knowledge.registry.server.registry import Registry
from tests.knowledge.registry.conftest import FakeTime, Issue

HOUSEHOLD = Client("test", "用户端", ["permit.status"])
AGENCY = Client("agency", "机构端", ["permit.status", "permit.detail", "permit.batch"])
NONCE = "n" * 32
ASKER = "a" * 64
NAME, LAST4 = "测试李梅", "123X"


def ask(
    registry: Registry,
    client: Client = HOUSEHOLD,
    request_id: uuid.UUID | None = None,
    **fields: Any,
) -> VerifyResponse:
    request = VerifyRequest(purpose=Purpose.PRE_HIRE, asker_ref=ASKER, **fields)
    return registry.answering.verify(request, client, NONCE, request_id or uuid.uuid4())


def consent(
    registry: Registry, issued: Issued, asker: str = ASKER, client: str = "test", **changes: Any
) -> str | None:
    wish = ConsentRequest(
        permit_no=issued.number.value,
        asker_ref=asker,
        asker_label="王女士",
        purpose=changes.pop("purpose", Purpose.PRE_HIRE),
        scopes=list(DetailScope),
    )
    created = registry.consents.ask(wish, client)
    decision = ConsentDecision(permit_no=issued.number.value, pin=issued.pin, grant=True)
    assert registry.consents.decide(created.consent_id, decision)
    return registry.consents.view(created.consent_id, client).consent_token


@pytest.mark.parametrize(
    "factor", [{"full_name": NAME}, {"id_last4": LAST4}, {"full_name": NAME, "id_last4": LAST4}]
)
def test_number_and_factor_get_status_and_masked_permit(
    registry: Registry, issue: Issue, factor: dict[str, str]
) -> None:
    number = issue().number
    got = ask(registry, permit_no=number.value, factor=Factor(**factor))
    assert (got.status, got.match) == (Status.VALID, Match.FULL)
    assert got.permit is not None
    assert got.permit.no_masked == number.masked
    assert got.permit.name_masked == "测***"
    assert (got.components, got.star, got.lists) == (None, None, None)
    assert NAME not in got.model_dump_json()
    assert number.value not in got.model_dump_json()


def test_a_qr_gets_the_status_without_a_match(registry: Registry, issue: Issue) -> None:
    got = ask(registry, qr_payload=issue().qr_token)
    assert (got.status, got.match) == (Status.VALID, Match.NOT_CHECKED)
    assert got.components is None


def test_a_qr_with_anothers_name_is_not_confirmed(registry: Registry, issue: Issue) -> None:
    got = ask(registry, qr_payload=issue().qr_token, factor=Factor(full_name="测试别人"))
    assert got.status is Status.UNVERIFIED


def _unconfirmed(registry: Registry, issue: Issue) -> dict[str, VerifyResponse]:
    held, withheld = issue().number, issue().number
    registry.issuing.withhold(withheld)
    right = Factor(full_name=NAME)
    return {
        "unknown": ask(registry, permit_no=generate("GZ").value, factor=right),
        "number alone": ask(registry, permit_no=held.value),
        "unknown alone": ask(registry, permit_no=generate("GZ").value),
        "wrong name": ask(registry, permit_no=held.value, factor=Factor(full_name="测试别人")),
        "family name": ask(registry, permit_no=held.value, factor=Factor(full_name="测试")),
        "wrong last four": ask(registry, permit_no=held.value, factor=Factor(id_last4="0000")),
        "one of two wrong": ask(
            registry, permit_no=held.value, factor=Factor(full_name=NAME, id_last4="0000")
        ),
        "withheld": ask(registry, permit_no=withheld.value, factor=right),
        "foreign token": ask(registry, qr_payload="a" * 40 + ".b." + "c" * 86),
    }


def test_every_unconfirmed_answer_is_the_same(registry: Registry, issue: Issue) -> None:
    answers = _unconfirmed(registry, issue)
    own = {"request_id", "subject", "sig"}  # follow from the question, not from the permit
    shapes = {answer.model_dump_json(exclude=own) for answer in answers.values()}
    assert len(shapes) == 1
    sizes = {len(answer.model_dump_json(exclude_none=True)) for answer in answers.values()}
    assert len(sizes) == 1
    assert all(answer.status is Status.UNVERIFIED for answer in answers.values())


def test_only_an_agency_learns_of_a_mismatch(registry: Registry, issue: Issue) -> None:
    factor = Factor(full_name="测试别人")
    wrong: dict[str, Any] = {"permit_no": issue().number.value, "factor": factor}
    assert ask(registry, **wrong).match is Match.NOT_CHECKED
    agency = ask(registry, AGENCY, **wrong)
    assert (agency.status, agency.match, agency.permit) == (Status.UNVERIFIED, Match.MISMATCH, None)


def test_consent_opens_details_once(registry: Registry, issue: Issue, time_: FakeTime) -> None:
    issued = issue()
    number, today = issued.number, time_.today
    desk = registry.issuing
    for name in ("identity", "training", "background"):
        desk.set_component(number, name, today, None)
    desk.set_component(number, "health", today, today - dt.timedelta(days=1))
    desk.grade(number, 4, "示范办法（虚构）", "示范单位（虚构）")
    desk.enter_list(
        number, ListKind.BLACK, "名单", "单位", today, today, "https://registry.example/appeal"
    )
    desk.enter_list(
        number, ListKind.BLACK, "旧名单", "单位", today - dt.timedelta(days=9),
        today - dt.timedelta(days=1), "https://registry.example/appeal",
    )  # fmt: skip
    token = consent(registry, issued)
    got = ask(registry, permit_no=number.value, consent_token=token)
    assert (got.status, got.match) == (Status.VALID, Match.FULL)
    assert got.components is not None
    assert got.components.health.state is ComponentState.EXPIRED
    assert got.components.insurance.state is ComponentState.MISSING
    assert got.components.training.state is ComponentState.OK
    assert got.star is not None
    assert got.star.value == 4
    assert [entry.name for entry in got.lists or ()] == ["名单"], "an entry that ended is gone"
    again = ask(registry, permit_no=number.value, consent_token=token)
    assert again.status is Status.UNVERIFIED, "a token is spent by its first use"
    with_factor = ask(
        registry, permit_no=number.value, consent_token=token, factor=Factor(full_name=NAME)
    )
    assert (with_factor.status, with_factor.components) == (Status.VALID, None)


@pytest.mark.parametrize(
    "other", [{"asker": "b" * 64}, {"client": "agency"}, {"purpose": Purpose.MONITOR}]
)
def test_consent_is_for_one_asker_client_and_purpose(
    registry: Registry, issue: Issue, other: dict[str, Any]
) -> None:
    issued = issue()
    token = consent(registry, issued, **other)
    got = ask(registry, permit_no=issued.number.value, consent_token=token)
    assert got.status is Status.UNVERIFIED


def test_consent_is_for_one_permit(registry: Registry, issue: Issue) -> None:
    token = consent(registry, issue())
    got = ask(registry, permit_no=issue().number.value, consent_token=token)
    assert got.status is Status.UNVERIFIED


def test_consent_withdrawn_or_run_out_opens_nothing(
    registry: Registry, issue: Issue, time_: FakeTime
) -> None:
    issued = issue()
    wish = ConsentRequest(
        permit_no=issued.number.value, asker_ref=ASKER, asker_label="王女士",
        purpose=Purpose.PRE_HIRE, scopes=[DetailScope.COMPONENTS],
    )  # fmt: skip
    created = registry.consents.ask(wish, "test")
    decision = ConsentDecision(permit_no=issued.number.value, pin=issued.pin, grant=True)
    assert registry.consents.decide(created.consent_id, decision)
    token = registry.consents.view(created.consent_id, "test").consent_token
    assert registry.consents.withdraw(created.consent_id, decision)
    got = ask(registry, permit_no=issued.number.value, consent_token=token)
    assert got.status is Status.UNVERIFIED
    late = consent(registry, issued)
    time_.move(601)
    got = ask(registry, permit_no=issued.number.value, consent_token=late)
    assert got.status is Status.UNVERIFIED


def test_the_last_day_is_whole_and_is_chinas(
    registry: Registry, issue: Issue, time_: FakeTime
) -> None:
    number = issue(expires_on=time_.today).number
    time_.at += 12 * 3600 - 1  # 23:59:59 in China
    asked: dict[str, Any] = {"permit_no": number.value, "factor": Factor(full_name=NAME)}
    assert ask(registry, **asked).status is Status.VALID
    time_.at += 1
    assert ask(registry, **asked).status is Status.EXPIRED


def test_a_lost_card_stays_suspended_after_the_new_one(registry: Registry, issue: Issue) -> None:
    issued = issue()
    registry.issuing.change(issued.number, "report_lost")
    assert ask(registry, qr_payload=issued.qr_token).reason_code is Reason.LOST
    registry.issuing.change(issued.number, "reissue")
    old = ask(registry, qr_payload=issued.qr_token)
    assert (old.status, old.reason_code) == (Status.SUSPENDED, Reason.LOST)
    new = ask(registry, qr_payload=registry.issuing.qr_token(issued.number))
    assert new.status is Status.VALID


def test_a_qr_past_its_time_is_expired_although_the_permit_was_renewed(
    registry: Registry, issue: Issue, time_: FakeTime
) -> None:
    issued = issue(expires_on=time_.today)
    registry.issuing.set_expiry(issued.number, time_.today + dt.timedelta(days=400))
    time_.move(86400)
    assert ask(registry, qr_payload=issued.qr_token).status is Status.EXPIRED
    fresh = registry.issuing.qr_token(issued.number)
    assert ask(registry, qr_payload=fresh).status is Status.VALID


def test_a_request_id_is_answered_once(registry: Registry, issue: Issue) -> None:
    issued, request_id = issue(), uuid.uuid4()
    asked: dict[str, Any] = {"permit_no": issued.number.value, "factor": Factor(full_name=NAME)}
    first = ask(registry, request_id=request_id, **asked)
    registry.issuing.change(issued.number, "revoke")
    assert ask(registry, request_id=request_id, **asked) == first
    with pytest.raises(Conflict):
        ask(registry, request_id=request_id, permit_no=issued.number.value)


def test_names_are_compared_as_typed_on_phones(registry: Registry, issue: Issue) -> None:
    number = issue(full_name="阿依古丽·测试").number.value
    for name in ("阿依古丽•测试", "阿依古丽 · 测试", "阿依古丽．测试", "阿依古丽。测试"):
        assert ask(registry, permit_no=number, factor=Factor(full_name=name)).match is Match.FULL
    for name in ("阿依古丽测试", "阿依古丽", "测试·阿依古丽"):
        got = ask(registry, permit_no=number, factor=Factor(full_name=name))
        assert got.status is Status.UNVERIFIED


def test_unconfirmed_takes_at_least_its_time(registry: Registry, issue: Issue) -> None:
    slow = Answering(registry.core, registry.keys, registry.consents, floor_s=0.1)
    request = VerifyRequest(
        permit_no=issue().number.value, purpose=Purpose.PRE_HIRE, asker_ref=ASKER
    )
    started = time.perf_counter()
    slow.verify(request, HOUSEHOLD, NONCE, uuid.uuid4())
    assert time.perf_counter() - started >= 0.1


def test_unknown_and_wrong_factor_take_the_same_time(registry: Registry, issue: Issue) -> None:
    """Without the floor that hides it, over 1,000 pairs taken by turns."""
    held = issue().number.value
    wrong = Factor(full_name="测试别人")
    times: dict[str, list[float]] = {"unknown": [], "wrong": []}
    for _ in range(1000):
        for kind, number in (("unknown", generate("GZ").value), ("wrong", held)):
            started = time.thread_time()  # other work on the machine is no difference
            ask(registry, permit_no=number, factor=wrong)
            times[kind].append(time.thread_time() - started)
    difference = statistics.median(times["unknown"]) - statistics.median(times["wrong"])
    assert abs(difference) < 0.005
