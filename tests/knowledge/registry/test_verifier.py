"""A check from what a person gave to the verdict: order, privacy, duplicates, failing closed."""

from __future__ import annotations

import io
import json
import threading
import uuid
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from stdnum.iso7064 import mod_37_36
from structlog.testing import capture_logs

from knowledge.registry import qr
from knowledge.registry.audit import AuditLog
from knowledge.registry.client import RegistryClient
from knowledge.registry.contract import Purpose, Reason, Source
from knowledge.registry.contract_service import StatusChanged
from knowledge.registry.contract_worker import (
    ConsentDecision,
    ConsentRequest,
    DetailScope,
    WorkerProof,
)
from knowledge.registry.demo import seed_demo
from knowledge.registry.faults import FaultyTransport
from knowledge.registry.outcome import POSITIVE, Outcome, Verdict
from knowledge.registry.permit_number import generate
from knowledge.registry.quota import Limits, Quota
from knowledge.registry.server.registry import Registry
from knowledge.registry.verifier import Check, SameIdOtherCheck, Verifier
from knowledge.registry.wording import sentences
from tests.knowledge.registry.conftest import KEY, FakeTime, Issue, check

NAME = "测试李梅"


def test_number_and_name(verifier: Verifier, issue: Issue, audit: AuditLog) -> None:
    number = issue().number
    verdict = verifier.verify(check(number=f"证号{number.written}", full_name=NAME))
    assert verdict.outcome is Outcome.VALID
    assert verdict.positive
    assert verdict.source is Source.LIVE
    assert verdict.permit is not None
    assert verdict.permit.no_masked == number.masked
    found = audit.find(verdict.code)
    assert found is not None
    assert (found.last4, found.outcome) == (number.last4, 1)


def test_what_is_missing_is_asked_for_and_neither_counted_nor_recorded(
    client: RegistryClient, audit: AuditLog, transport: FaultyTransport, issue: Issue
) -> None:
    verifier = Verifier(client, Quota(Limits(asker="1/minute")), audit, KEY)
    number = issue().number.value
    for _ in range(3):
        assert verifier.verify(check(full_name=NAME, asker="a")).needs == ("number",)
        assert verifier.verify(check(number=number, asker="a")).needs == ("factor",)
        short = check(number=number, full_name="李", id_last4="12", asker="a")
        assert verifier.verify(short).needs == ("factor",)
    assert transport.calls == 0
    assert audit.verify() == []


def test_last_four_is_read_as_typed(verifier: Verifier, issue: Issue) -> None:
    number = issue().number.value
    for last4 in ("123X", "123x", "１２３Ｘ", " 123X "):
        verdict = verifier.verify(check(number=number, id_last4=last4))
        assert verdict.outcome is Outcome.VALID


@pytest.mark.parametrize("kind", ["token", "photo", "address"])
def test_qr(
    client: RegistryClient, audit: AuditLog, issue: Issue, time_: FakeTime, kind: str
) -> None:
    hosts = frozenset({"permits.example"})
    verifier = Verifier(client, Quota(), audit, KEY, qr_hosts=hosts, clock=time_.clock)
    token = issue().qr_token
    given = {
        "token": check(qr_text=token),
        "photo": check(photo=qr.draw(token)),
        "address": check(qr_text=f"https://permits.example/p/{token}"),
    }[kind]
    assert verifier.verify(given).outcome is Outcome.PERSON_NOT_CHECKED
    named = replace(given, request_id=uuid.uuid4(), full_name=NAME)
    assert verifier.verify(named).outcome is Outcome.VALID
    other = replace(given, request_id=uuid.uuid4(), full_name="测试别人")
    assert verifier.verify(other).outcome is Outcome.NOT_CONFIRMED


@pytest.mark.parametrize(
    "text",
    [
        "https://permits.example.evil.example/p/{t}",
        "https://evil.example/p/{t}",
        "https://permits.example@evil.example/p/{t}",
        "https://permits.example:8443/p/{t}",
        "http://permits.example/p/{t}",
        "https://permits.example/p/{t}?next=https://evil.example",
        "https://permits.example/p/{t}#x",
        "https://permits.example/r?u={t}",
        "https://permits.example/p/../p/{t}",
        "https://permits.examp1e/p/{t}",
        "https://реrmits.example/p/{t}",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost/p/{t}",
        "https://[::1/p/{t}",
        "weixin://wxpay/bizpayurl?pr=1",
        "13800138000",
        "a.b.c",
    ],
)
def test_a_foreign_code_is_named_and_never_opened(
    client: RegistryClient, audit: AuditLog, transport: FaultyTransport, issue: Issue, text: str
) -> None:
    verifier = Verifier(client, Quota(), audit, KEY, qr_hosts=frozenset({"permits.example"}))
    verdict = verifier.verify(check(qr_text=text.replace("{t}", issue().qr_token)))
    assert verdict.outcome is Outcome.BAD_QR
    assert transport.calls == 0


def test_a_consents_token_is_no_permit(
    verifier: Verifier, registry: Registry, issue: Issue
) -> None:
    issued = issue()
    request = ConsentRequest(
        permit_no=issued.number.value, asker_ref="a" * 64, asker_label="王女士",
        purpose=Purpose.PRE_HIRE, scopes=[DetailScope.STAR],
    )  # fmt: skip
    created = registry.consents.ask(request, "test")
    decision = ConsentDecision(permit_no=issued.number.value, pin=issued.pin, grant=True)
    registry.consents.decide(created.consent_id, decision)
    token = registry.consents.view(created.consent_id, "test").consent_token
    assert verifier.verify(check(qr_text=token)).outcome is Outcome.BAD_QR


def test_consent_end_to_end_through_the_client(
    verifier: Verifier, registry: Registry, client: RegistryClient, issue: Issue
) -> None:
    issued = issue()
    asker = "household"
    number = issued.number.value
    wants = check(number=number, full_name=NAME, asker=asker, wants_details=True)
    assert verifier.verify(wants).outcome is Outcome.DETAILS_NOT_AUTHORISED
    created = client.ask_consent(
        ConsentRequest(
            permit_no=number,
            asker_ref=verifier.asker_ref(asker),
            asker_label="王女士",
            purpose=Purpose.PRE_HIRE,
            scopes=list(DetailScope),
        )
    )
    assert client.consent(created.consent_id).consent_token is None
    decision = ConsentDecision(permit_no=number, pin=issued.pin, grant=True)
    assert registry.consents.decide(created.consent_id, decision)
    token = client.consent(created.consent_id).consent_token
    granted = replace(wants, request_id=uuid.uuid4(), consent_token=token)
    verdict = verifier.verify(granted)
    assert verdict.outcome is Outcome.COMPONENT_LAPSED
    assert verdict.lapsed == ("identity", "training", "health", "insurance", "background")
    again = verifier.verify(replace(granted, request_id=uuid.uuid4()))
    assert again.outcome is Outcome.DETAILS_NOT_AUTHORISED, "spent"
    view = client.worker_view(
        WorkerProof(permit_no=number, pin=issued.pin, asker_ref=verifier.asker_ref("worker"))
    )
    assert [seen.details for seen in view.checks] == [False, True, False]
    assert {seen.by for seen in view.checks} == {"测试用户端"}


def test_photos_that_cannot_be_read(verifier: Verifier, issue: Issue) -> None:
    blank = io.BytesIO()
    Image.new("L", (400, 400), 255).save(blank, "PNG")
    for photo, why in (
        (b"", "not_an_image"),
        (b"GIF89a", "not_an_image"),
        (blank.getvalue(), "none"),
    ):
        verdict = verifier.verify(check(photo=photo))
        assert (verdict.outcome, verdict.photo_fault) == (Outcome.UNREADABLE_PHOTO, why)


def test_a_message_sent_twice_at_once_is_one_check(
    verifier: Verifier, audit: AuditLog, transport: FaultyTransport, issue: Issue
) -> None:
    given = check(number=issue().number.value, full_name=NAME)
    verdicts: list[Verdict] = []
    threads = [
        threading.Thread(target=lambda: verdicts.append(verifier.verify(given))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, verdicts))) == 1
    assert transport.calls == 1
    assert audit.find(verdicts[0].code) is not None
    with pytest.raises(SameIdOtherCheck):
        verifier.verify(replace(given, full_name="测试别人"))


def test_a_check_repeated_after_a_crash_is_one_check(
    verifier: Verifier,
    client: RegistryClient,
    registry: Registry,
    audit: AuditLog,
    issue: Issue,
    time_: FakeTime,
) -> None:
    issued = issue()
    given = check(number=issued.number.value, full_name=NAME)
    first = verifier.verify(given)
    time_.move(5)
    after_crash = Verifier(client, Quota(), audit, KEY, clock=time_.clock)
    again = after_crash.verify(given)
    assert (again.outcome, again.code) == (Outcome.VALID, first.code)
    assert len(audit.checks_of(verifier.permit_ref(issued.number))) == 1
    proof = WorkerProof(permit_no=issued.number.value, pin=issued.pin, asker_ref="a" * 64)
    assert len(registry.workers.view(proof).checks) == 1


def test_a_verdict_is_not_kept(
    verifier: Verifier, registry: Registry, issue: Issue, time_: FakeTime
) -> None:
    number = issue().number
    given = check(number=number.value, full_name=NAME)
    assert verifier.verify(given).outcome is Outcome.VALID
    registry.issuing.change(number, "revoke")
    again = verifier.verify(replace(given, request_id=uuid.uuid4()))
    assert again.outcome is Outcome.REVOKED


def test_rollback_is_refused(
    verifier: Verifier, registry: Registry, transport: FaultyTransport, issue: Issue
) -> None:
    number = issue().number
    given = check(number=number.value, full_name=NAME)
    registry.issuing.change(number, "suspend", Reason.COMPLAINT_HOLD)
    assert verifier.verify(given).outcome is Outcome.SUSPENDED
    transport.faults = ["stale_replica"]
    stale = verifier.verify(replace(given, request_id=uuid.uuid4()))
    assert stale.outcome is Outcome.UNAVAILABLE


def test_a_notice_of_change_outdates_older_answers(
    verifier: Verifier, registry: Registry, transport: FaultyTransport, issue: Issue
) -> None:
    number = issue().number
    registry.issuing.change(number, "revoke")
    verifier.heed(
        StatusChanged(
            event_id=uuid.uuid4(), permit_hmac=verifier.permit_ref(number), status_version=2, at=1
        )
    )
    transport.faults = ["stale_replica"]
    verdict = verifier.verify(check(number=number.value, full_name=NAME))
    assert verdict.outcome is Outcome.UNAVAILABLE


def test_in_an_outage_the_signed_list_speaks_only_against(
    verifier: Verifier,
    registry: Registry,
    transport: FaultyTransport,
    issue: Issue,
    time_: FakeTime,
) -> None:
    issued = issue()
    outage = ["refused", "refused"]
    transport.faults = list(outage)
    assert verifier.verify(check(qr_text=issued.qr_token)).outcome is Outcome.UNAVAILABLE
    registry.issuing.change(issued.number, "suspend", Reason.COMPLAINT_HOLD)
    time_.move(15)
    transport.faults = list(outage)
    suspended = verifier.verify(check(qr_text=issued.qr_token))
    assert (suspended.outcome, suspended.source) == (Outcome.SUSPENDED, Source.STATUS_LIST)
    registry.issuing.change(issued.number, "revoke")
    time_.move(15)
    transport.faults = list(outage)
    assert verifier.verify(check(qr_text=issued.qr_token)).outcome is Outcome.REVOKED
    transport.faults = list(outage)
    typed = verifier.verify(check(number=issued.number.value, full_name=NAME))
    assert typed.outcome is Outcome.UNAVAILABLE


def test_without_a_record_there_is_no_verdict(
    verifier: Verifier, issue: Issue, tmp_path: Path
) -> None:
    number = issue().number.value
    (tmp_path / "anchor.lock").unlink(missing_ok=True)
    (tmp_path / "anchor.lock").mkdir()
    verdict = verifier.verify(check(number=number, full_name=NAME))
    assert verdict.outcome is Outcome.UNAVAILABLE
    assert not verdict.code


def test_a_fault_of_ours_is_no_verdict_and_not_told(
    verifier: Verifier, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError(NAME)

    monkeypatch.setattr(verifier, "_answer", broken)
    with capture_logs() as logs:
        verdict = verifier.verify(check(number=issue().number.value, full_name=NAME))
    assert verdict.outcome is Outcome.UNAVAILABLE
    assert NAME not in json.dumps(logs, ensure_ascii=False, default=str)


def test_a_guesser_runs_out_and_the_permit_is_not_locked(
    client: RegistryClient, audit: AuditLog, issue: Issue, time_: FakeTime
) -> None:
    verifier = Verifier(client, Quota(), audit, KEY, clock=time_.clock)
    number = issue().number.value
    outcomes = [
        verifier.verify(check(number=number, id_last4=f"{n:04d}", asker="guesser")).outcome
        for n in range(8)
    ]
    assert outcomes == [Outcome.NOT_CONFIRMED] * 5 + [Outcome.TOO_MANY] * 3
    blocked = verifier.verify(check(number=number, full_name=NAME, asker="guesser"))
    assert blocked.outcome is Outcome.TOO_MANY
    assert blocked.resets_at is not None
    other = verifier.verify(check(number=number, full_name=NAME, asker="household"))
    assert other.outcome is Outcome.VALID


def test_ten_thousand_numbers_from_many_accounts_raise_an_alert(
    client: RegistryClient, audit: AuditLog, time_: FakeTime
) -> None:
    verifier = Verifier(client, Quota(), audit, KEY, clock=time_.clock)
    stem = generate("GZ").value[:-4]
    numbers = []
    for n in range(40):
        body = f"{stem}{n:03d}"
        symbol = mod_37_36.calc_check_digit(body)
        if symbol not in "OI":
            numbers.append(body + symbol)
    with capture_logs() as logs:
        for number in numbers:
            verdict = verifier.verify(check(number=number, full_name=NAME))
            assert verdict.outcome is Outcome.NOT_CONFIRMED
    assert {"kind": "neighbours", "event": "registry_probing", "log_level": "warning"} in logs
    assert stem not in json.dumps(logs, default=str)


def test_every_unconfirmed_reply_is_word_for_word_the_same(
    verifier: Verifier, registry: Registry, issue: Issue
) -> None:
    held, withheld = issue().number, issue().number
    registry.issuing.withhold(withheld)
    replies = {
        "".join(sentences(replace(verifier.verify(given), code="", checked_at=0.0)))
        for given in (
            check(number=held.value, full_name="测试别人"),
            check(number=held.value, id_last4="0000"),
            check(number=generate("GZ").value, full_name=NAME),
            check(number=withheld.value, full_name=NAME),
            check(number=held.value, full_name="标记为有效"),
        )
    }
    assert len(replies) == 1


def test_nothing_personal_in_replies_logs_or_the_record(
    verifier: Verifier,
    registry: Registry,
    transport: FaultyTransport,
    audit: AuditLog,
    tmp_path: Path,
) -> None:
    permits = seed_demo(registry, 40, seed=5)
    shown = []
    with capture_logs() as logs:
        for turn, permit in enumerate(permits):
            if turn % 4 == 3:
                transport.faults = ["unknown_status", "refused"]
            for given in (
                check(number=permit.number.value, full_name=permit.full_name),
                check(number=permit.number.value, id_last4=permit.id_last4),
                check(qr_text=permit.qr_token),
            ):
                verdict = verifier.verify(given)
                shown += [*sentences(verdict), repr(verdict), repr(given)]
    text = "".join(shown).replace(" ", "") + repr(logs)
    record = (tmp_path / "audit.db").read_bytes() + (tmp_path / "audit.db-wal").read_bytes()
    for permit in permits:
        assert permit.number.value not in text
        assert permit.full_name not in text
        assert permit.qr_token not in text
        assert permit.number.value.encode() not in record
        assert permit.full_name.encode() not in record


def test_every_outcome_has_its_words() -> None:
    for outcome in Outcome:
        said = sentences(Verdict(outcome, 0.0, code="ABCD1234"))
        assert len(said) >= 3
        assert "{" not in "".join(said)
    valid = "".join(sentences(Verdict(Outcome.VALID, 0.0)))
    assert "比对" in valid
    assert "不保证" in valid
    for outcome in set(Outcome) - POSITIVE:
        assert "证有效" not in "".join(sentences(Verdict(outcome, 0.0)))


def test_a_check_keeps_what_it_was_given_to_itself() -> None:
    given = Check(uuid.uuid4(), "asker", "chat", number="GZ1565643791K", full_name=NAME)
    assert NAME not in repr(given)
    assert "GZ1565643791K" not in repr(given)


def test_a_short_key_is_refused(client: RegistryClient, audit: AuditLog) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Verifier(client, Quota(), audit, b"short")
