"""One check of a permit, from what a person gave to the verdict.

The order is fixed: quota, reading what was given, the registry's answer, judgement, the record.
Each step can only end the check or go on; none can turn a failure into a verdict.
"""

from __future__ import annotations

import base64
import hmac
import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from uuid import UUID

import structlog
from pydantic import ValidationError

from knowledge.registry import contract, permit_number, qr
from knowledge.registry.audit import AuditFailed, AuditLog, Entry
from knowledge.registry.client import Clock, RegistryClient
from knowledge.registry.contract import Factor, Purpose, StatusChanged, VerifyRequest
from knowledge.registry.contract_worker import WorkerProof, WorkerView
from knowledge.registry.outcome import Asked, Outcome, Unsound, Verdict, judge
from knowledge.registry.permit_number import BadNumber, PermitNumber
from knowledge.registry.quota import Quota, Refused
from knowledge.registry.signing import BadToken
from knowledge.registry.status_list import Bits
from knowledge.registry.webhook import notice_key, permit_key
from knowledge.registry.wire import Unavailable

log = structlog.get_logger(__name__)

TOTAL_S = 3.0
# Of a check that nobody waits for.
PATIENT_S = 15.0
# What is left of the time for the status list, where the registry does not answer.
_FOR_LIST_S = 0.2
_REMEMBER_S = 60.0
_LAST4 = re.compile(r"[0-9]{3}[0-9X]", re.ASCII)


@dataclass(frozen=True)
class Check:
    """What somebody gave to have a permit checked.

    `request_id` names this attempt, best derived from the message's id: the same again is one
    request to the registry and one entry in the record, also after a crash. `number` is the text as
    written, alone or within a sentence. A photograph or the text of a QR goes before a number.
    """

    request_id: UUID
    asker: str = field(repr=False)
    conversation: str = field(repr=False)
    number: str | None = field(default=None, repr=False)
    full_name: str | None = field(default=None, repr=False)
    id_last4: str | None = field(default=None, repr=False)
    photo: bytes | None = field(default=None, repr=False)
    qr_text: str | None = field(default=None, repr=False)
    consent_token: str | None = field(default=None, repr=False)
    purpose: Purpose = Purpose.PRE_HIRE
    wants_details: bool = False
    patient: bool = False  # nobody waits for the answer: a slow registry may take its time


class SameIdOtherCheck(ValueError):
    """A request id was used again for another check."""


class TooManyPins(Exception):
    """Too many wrong PINs by this asker; no more are tried until `resets_at` (Unix seconds)."""

    def __init__(self, resets_at: float) -> None:
        super().__init__("too many wrong PINs")
        self.resets_at = resets_at


class _Ended(Exception):
    """The check ends here, with this verdict."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.outcome.name)
        self.verdict = verdict


@dataclass(frozen=True)
class _Target:
    """The permit asked for: its number, and its QR's token where one was given."""

    number: PermitNumber
    token: str | None = None
    card: qr.QrPermit | None = None


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
        if len(key) < 32:
            raise ValueError("the key needs at least 32 bytes")
        self.client = client
        self.audit = audit
        self.quota = quota
        self.notice_key = notice_key(key)
        self.on_verdict: Callable[[Verdict], None] = lambda _verdict: None  # for counting
        self._key = key
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
        return hmac.digest(self._key, b"asker:" + asker.encode(), "sha256").hex()

    def permit_ref(self, number: PermitNumber) -> str:
        """The digest under which a permit is known in the record and in notices."""
        return permit_key(self.notice_key, number.value)

    def heed(self, notice: StatusChanged) -> bool:
        """Take note of a change: an answer older than it is refused from now on. False for a notice
        that is itself older than what is known, and changes nothing. Raises `AuditFailed`."""
        return self.audit.accept_version(notice.permit_hmac, notice.status_version)

    def changed(self, number: str, version: int) -> None:
        """The same from a registry in this process, which needs no notice."""
        try:
            self.audit.accept_version(permit_key(self.notice_key, number), version)
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
        target: _Target | None = None
        try:
            self._demand_input(check)
            self._admit(self.quota.admit(self.asker_ref(check.asker), self._place(check)))
            target = self._target(check, ends_at)
            asker, permit = self.asker_ref(check.asker), self.permit_ref(target.number)
            self._admit(self.quota.admit_permit(asker, permit))
            verdict = self._answer(check, target, ends_at)
        except _Ended as end:
            verdict = end.verdict
        if verdict.outcome is Outcome.TOO_MANY or verdict.needs:
            return verdict  # nothing was checked, so there is nothing to record
        if verdict.outcome is Outcome.NOT_CONFIRMED and target is not None:
            thousand = hmac.digest(self._key, target.number.value[:-4].encode(), "sha256").hex()
            self.quota.failed(self.asker_ref(check.asker), thousand)
        return self._recorded(check, target, verdict)

    # ---- what was given --------------------------------------------------------------------

    def _demand_input(self, check: Check) -> None:
        """A name alone finds nobody, and a number alone tells nothing: neither is asked for, and
        neither is counted."""
        if check.photo is not None or check.qr_text is not None:
            return
        if not check.number:
            raise self._end(Outcome.NOT_CONFIRMED, needs=("number",))
        if _factor(check) is None and check.consent_token is None:
            try:
                permit_number.read(check.number)
            except BadNumber:
                return  # said, and counted, further on
            raise self._end(Outcome.NOT_CONFIRMED, needs=("factor",))

    def _target(self, check: Check, ends_at: float) -> _Target:
        if check.photo is None and check.qr_text is None:
            try:
                return _Target(permit_number.read(check.number or ""))
            except BadNumber as bad:
                raise self._end(
                    Outcome.BAD_NUMBER, number_fault=bad.fault, number_position=bad.position
                ) from bad
        text = check.qr_text or self._photo(check)
        try:
            token = qr.token_in(text, self._hosts)
            card = self._genuine(token, ends_at)
        except BadToken as bad:
            raise self._end(Outcome.BAD_QR) from bad
        except Unavailable as error:
            raise self._end(Outcome.UNAVAILABLE) from error
        return _Target(card.number, token, card)

    def _photo(self, check: Check) -> str:
        try:
            return qr.read_photo(check.photo or b"")
        except qr.UnreadablePhoto as error:
            raise self._end(Outcome.UNREADABLE_PHOTO, photo_fault=error.why) from error

    def _genuine(self, token: str, ends_at: float) -> qr.QrPermit:
        now = self._clock.now()
        try:
            return qr.check(token, self.client.keys(within_s=self._left(ends_at)), now)
        except BadToken as bad:
            if not bad.unknown_key:
                raise
        newer = self.client.keys(unknown_key=True, within_s=self._left(ends_at))
        return qr.check(token, newer, now)

    def _place(self, check: Check) -> str:
        return hmac.digest(self._key, b"chat:" + check.conversation.encode(), "sha256").hex()

    def _admit(self, refused: Refused | None) -> None:
        if refused is not None:
            raise self._end(Outcome.TOO_MANY, resets_at=refused.resets_at)

    # ---- the registry's answer -------------------------------------------------------------

    def _answer(self, check: Check, target: _Target, ends_at: float) -> Verdict:
        factor = _factor(check)
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
            raise self._end(Outcome.NOT_CONFIRMED) from error
        try:
            answer = self.client.ask(
                request,
                target.number.value,
                check.request_id,
                within_s=self._left(ends_at - _FOR_LIST_S),
                nonce=self._nonce(check.request_id),
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

    def _is_newest(self, target: _Target, answer: contract.Verification) -> bool:
        try:
            return self.audit.accept_version(self.permit_ref(target.number), answer.status_version)
        except AuditFailed as error:
            log.error("registry_record_failed", kind=str(error))
            return False

    def _by_list(self, target: _Target, ends_at: float) -> Verdict:
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

    def _recorded(self, check: Check, target: _Target | None, verdict: Verdict) -> Verdict:
        """The verdict with its code, once it stands in the record; without a record, none."""
        code = self._code(check.request_id, verdict)
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

    def _nonce(self, request_id: UUID) -> str:
        """From the key, so that nobody foresees it and a check repeated after a crash is the same
        request to the registry."""
        digest = hmac.digest(self._key, b"nonce:" + request_id.bytes, "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def _code(self, request_id: UUID, verdict: Verdict) -> str:
        content = f"code:{request_id}:{int(verdict.outcome)}:{int(verdict.checked_at)}"
        digest = hmac.digest(self._key, content.encode(), "sha256")
        return base64.b32encode(digest).decode()[:8]

    def _end(self, outcome: Outcome, **fields: object) -> _Ended:
        return _Ended(replace(Verdict(outcome, self._clock.now()), **fields))  # type: ignore[arg-type]

    def _patience(self, check: Check) -> float:
        return PATIENT_S if check.patient else self._total_s

    def _left(self, ends_at: float) -> float:
        return max(0.01, ends_at - self._clock.monotonic())

    def _forget(self) -> None:
        """Drop finished checks after a minute: a verdict is never given again as a fresh one."""
        oldest = self._clock.monotonic() - _REMEMBER_S
        while self._running and next(iter(self._running.values()))[0] < oldest:
            self._running.popitem(last=False)


def _factor(check: Check) -> Factor | None:
    """The second factor, where what was given has the form of one."""
    name = (check.full_name or "").strip()
    last4 = unicodedata.normalize("NFKC", check.id_last4 or "").strip().upper()
    fits = _LAST4.fullmatch(last4)
    name_given = name if 2 <= len(name) <= 40 else None
    if name_given is None and not fits:
        return None
    return Factor(full_name=name_given, id_last4=last4 if fits else None)
