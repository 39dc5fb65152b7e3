"""One check of a permit, from what a person gave to the verdict.

The order is fixed: quota, reading what was given, the registry's answer, judgement, the record.
Each step can only end the check or go on; none can turn a failure into a verdict.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from uuid import UUID

import structlog
from pydantic import ValidationError

from knowledge.registry import contract
from knowledge.registry.audit import AuditFailed, AuditLog, Entry
from knowledge.registry.client import Clock, RegistryClient
from knowledge.registry.contract import VerifyRequest
from knowledge.registry.contract_service import StatusChanged
from knowledge.registry.contract_worker import WorkerProof, WorkerView
from knowledge.registry.given import Check, Ended, Target, demand, factor_of, target_of
from knowledge.registry.outcome import Asked, Outcome, Unsound, Verdict, judge
from knowledge.registry.permit_number import PermitNumber
from knowledge.registry.quota import Quota, Refused
from knowledge.registry.references import References
from knowledge.registry.signing import BadToken, KeySet
from knowledge.registry.status_list import Bits
from knowledge.registry.wire import Unavailable

__all__ = ["Check", "SameIdOtherCheck", "TooManyPins", "Verifier"]

log = structlog.get_logger(__name__)

TOTAL_S = 3.0
# Of a check that nobody waits for.
PATIENT_S = 15.0
# What is left of the time for the status list, where the registry does not answer.
_FOR_LIST_S = 0.2
_REMEMBER_S = 60.0


class SameIdOtherCheck(ValueError):
    """A request id was used again for another check."""


class TooManyPins(Exception):
    """Too many wrong PINs by this asker; no more are tried until `resets_at` (Unix seconds)."""

    def __init__(self, resets_at: float) -> None:
        super().__init__("too many wrong PINs")
        self.resets_at = resets_at


class Verifier:
    """Checks permits for the dialogue. Safe to share by threads.

    `key` (32 bytes or more) makes the digests that stand for askers and permits; one made from it
    (`notice_key`) is shared with the registry for its notices of change. `total_s` bounds all that
    is asked of the registry.
    """

    def __init__(
        self,
        client: RegistryClient,
        quota: Quota,
        audit: AuditLog,
        key: bytes,
        *,
        qr_hosts: frozenset[str] = frozenset(),
        clock: Clock | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        self.client = client
        self.audit = audit
        self.quota = quota
        self.on_verdict: Callable[[Verdict], None] = lambda _verdict: None  # for counting
        self._references = References(key)
        self.notice_key = self._references.notice_key
        self._hosts = qr_hosts
        self._clock = clock or Clock()
        self._total_s = total_s
        self._lock = threading.Lock()
        self._running: OrderedDict[UUID, tuple[float, Check, Future[Verdict]]] = OrderedDict()

    def verify(self, check: Check) -> Verdict:
        """The verdict. Whatever goes wrong outside is an outcome too; raises `SameIdOtherCheck`."""
        with self._lock:
            self._forget()
            known = self._running.get(check.request_id)
            if known is None:
                future: Future[Verdict] = Future()
                self._running[check.request_id] = (self._clock.monotonic(), check, future)
        if known is not None:
            if known[1] != check:
                raise SameIdOtherCheck(str(check.request_id))
            return known[2].result(self._patience(check) + 1)
        try:
            verdict = self._verify(check)
        except Exception as error:  # a fault of ours must not look like a verdict
            log.error("registry_check_failed", kind=type(error).__name__)
            verdict = Verdict(Outcome.UNAVAILABLE, self._clock.now())
        future.set_result(verdict)
        self.on_verdict(verdict)
        return verdict

    def asker_ref(self, asker: str) -> str:
        """The digest under which an asker is known to the registry and in the record."""
        return self._references.asker(asker)

    def permit_ref(self, number: PermitNumber) -> str:
        """The digest under which a permit is known in the record and in notices."""
        return self._references.permit(number.value)

    def heed(self, notice: StatusChanged) -> bool:
        """Take note of a change: an answer older than it is refused from now on. False for a notice
        that is itself older than what is known, and changes nothing. Raises `AuditFailed`."""
        return self.audit.accept_version(notice.permit_hmac, notice.status_version)

    def changed(self, number: str, version: int) -> None:
        """The same from a registry in this process, which needs no notice."""
        try:
            self.audit.accept_version(self._references.permit(number), version)
        except AuditFailed as error:
            log.error("registry_record_failed", kind=str(error))

    def own_record(self, number: PermitNumber, pin: str, asker: str) -> WorkerView:
        """A worker's own record, opened by her number and PIN. Wrong PINs count against the asker,
        never against the permit. Raises `TooManyPins` and `Unavailable`."""
        asker_ref = self.asker_ref(asker)
        if (refused := self.quota.admit_pin(asker_ref)) is not None:
            raise TooManyPins(refused.resets_at)
        view = self.client.worker_view(
            WorkerProof(permit_no=number.value, pin=pin, asker_ref=asker_ref)
        )
        if not view.confirmed:
            self.quota.wrong_pin(asker_ref)
        return view

    def _verify(self, check: Check) -> Verdict:
        ends_at = self._clock.monotonic() + self._patience(check)
        asker = self.asker_ref(check.asker)
        target: Target | None = None
        try:
            demand(check)
            place = self._references.conversation(check.conversation)
            _admit(self.quota.admit(asker, place))
            target = target_of(check, self._hosts, self._keys_within(ends_at), self._clock.now())
            _admit(self.quota.admit_permit(asker, self.permit_ref(target.number)))
            verdict = self._answer(check, target, ends_at)
        except Ended as end:
            verdict = end.verdict(self._clock.now())
        if verdict.outcome is Outcome.TOO_MANY or verdict.needs:
            return verdict  # nothing was checked, so there is nothing to record
        if verdict.outcome is Outcome.NOT_CONFIRMED and target is not None:
            self.quota.failed(asker, self._references.thousand(target.number))
        return self._recorded(check, target, verdict)

    def _keys_within(self, ends_at: float) -> Callable[[bool], KeySet]:
        def keys(newer: bool) -> KeySet:
            return self.client.keys(unknown_key=newer, within_s=self._left(ends_at))

        return keys

    # ---- the registry's answer -------------------------------------------------------------

    def _answer(self, check: Check, target: Target, ends_at: float) -> Verdict:
        factor = factor_of(check)
        asked = Asked(
            by_qr=target.token is not None,
            with_factor=factor is not None,
            with_consent=check.consent_token is not None,
            wants_details=check.wants_details,
            qr_expires_at=target.card.expires_at if target.card else None,
        )
        try:
            request = VerifyRequest(
                permit_no=None if target.token else target.number.value,
                qr_payload=target.token,
                factor=factor,
                consent_token=check.consent_token,
                purpose=check.purpose,
                asker_ref=self.asker_ref(check.asker),
            )
        except ValidationError as error:  # a consent token that is none
            raise Ended(Outcome.NOT_CONFIRMED) from error
        try:
            answer = self.client.ask(
                request,
                target.number.value,
                check.request_id,
                within_s=self._left(ends_at - _FOR_LIST_S),
                nonce=self._references.nonce(check.request_id),
            )
            verdict = judge(answer, asked, self._clock.now())
        except (Unavailable, Unsound) as error:
            if isinstance(error, Unsound):
                log.warning("registry_answer_refused", why=str(error))
            return self._by_list(target, ends_at)
        if answer.status is not contract.Status.UNVERIFIED and not self._is_newest(target, answer):
            log.warning("registry_rollback")
            return Verdict(Outcome.UNAVAILABLE, self._clock.now())
        return verdict

    def _is_newest(self, target: Target, answer: contract.Verification) -> bool:
        try:
            return self.audit.accept_version(self.permit_ref(target.number), answer.status_version)
        except AuditFailed as error:
            log.error("registry_record_failed", kind=str(error))
            return False

    def _by_list(self, target: Target, ends_at: float) -> Verdict:
        """Without an answer, the signed list may still speak against a QR's permit. It never speaks
        for one: it may be older than the last revocation."""
        now = self._clock.now()
        unavailable = Verdict(Outcome.UNAVAILABLE, now)
        if target.card is None:
            return unavailable
        try:
            listed = self.client.status_list(within_s=self._left(ends_at))
            bits = listed.status(target.card.index)
        except (Unavailable, BadToken):
            return unavailable
        outcome = {Bits.INVALID: Outcome.REVOKED, Bits.SUSPENDED: Outcome.SUSPENDED}.get(bits)
        if outcome is None:
            return unavailable
        return Verdict(outcome, now, source=contract.Source.STATUS_LIST)

    # ---- the record ------------------------------------------------------------------------

    def _recorded(self, check: Check, target: Target | None, verdict: Verdict) -> Verdict:
        """The verdict with its code, once it stands in the record; without a record, none."""
        code = self._references.code(check.request_id, verdict)
        entry = Entry(
            at=int(verdict.checked_at),
            request_id=str(check.request_id),
            asker=self.asker_ref(check.asker),
            permit=self.permit_ref(target.number) if target else "",
            last4=target.number.last4 if target else "",
            purpose=check.purpose.value,
            outcome=int(verdict.outcome),
            code=code,
        )
        try:
            recorded = self.audit.append(entry)
        except AuditFailed as error:
            log.error("registry_record_failed", kind=str(error))
            return Verdict(Outcome.UNAVAILABLE, verdict.checked_at)
        return replace(verdict, code=recorded.code)

    def _patience(self, check: Check) -> float:
        return PATIENT_S if check.patient else self._total_s

    def _left(self, ends_at: float) -> float:
        return max(0.01, ends_at - self._clock.monotonic())

    def _forget(self) -> None:
        """Drop finished checks after a minute: a verdict is never given again as a fresh one."""
        oldest = self._clock.monotonic() - _REMEMBER_S
        while self._running and next(iter(self._running.values()))[0] < oldest:
            self._running.popitem(last=False)


def _admit(refused: Refused | None) -> None:
    if refused is not None:
        raise Ended(Outcome.TOO_MANY, resets_at=refused.resets_at)
