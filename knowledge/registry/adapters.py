"""How a registry is spoken to: what is sent, and how an answer becomes the contract's fields.

An adapter believes nothing it has not checked. It raises `Unsound` for every answer it cannot
stand for, and nothing else.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from pydantic import ValidationError

from knowledge.registry import signing, strict_json
from knowledge.registry.contract import (
    CLOCK_LEEWAY_S,
    SIGNATURE_LIFETIME_S,
    TYP_ANSWER,
    Match,
    PermitBlock,
    SignedClaims,
    Source,
    Status,
    Verification,
    VerifyRequest,
    subject_of,
)
from knowledge.registry.outcome import Unsound
from knowledge.registry.permit_number import mask
from knowledge.registry.signing import BadToken, KeySet


@dataclass(frozen=True)
class Question:
    """One request over the wire. `number` is the permit's, also where a QR was asked by."""

    request: VerifyRequest
    request_id: UUID
    nonce: str
    number: str


@dataclass(frozen=True)
class Sent:
    """What goes out: a path below the base address, headers and a body."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Adapter(Protocol):
    """One registry's dialect. `signs` tells whether its answers are checked with a key set."""

    signs: bool
    client_id: str

    def ask(self, question: Question) -> Sent:
        """The request for `question`."""
        ...

    def read(self, question: Question, body: bytes, keys: KeySet, now: float) -> Verification:
        """The validated answer in the body of a 200. Raises `Unsound`, and `BadToken` where
        another key set might help."""
        ...


class ContractAdapter:
    """The contract, version 1."""

    signs = True

    def __init__(self, client_id: str, token: str) -> None:
        self.client_id = client_id
        self._token = token

    def ask(self, question: Question) -> Sent:
        headers = {
            "authorization": f"Bearer {self._token}",
            "content-type": "application/json",
            "x-request-id": str(question.request_id),
            "x-nonce": question.nonce,
        }
        body = question.request.model_dump_json(exclude_none=True).encode()
        return Sent("/permits:verify", headers, body)

    def read(self, question: Question, body: bytes, keys: KeySet, now: float) -> Verification:
        """The signed fields. Those outside the signature are only compared with them."""
        try:
            outer = strict_json.loads(body)
            token = outer.pop("sig")
            payload = signing.verify(token, keys, TYP_ANSWER, most_chars=65536)
        except BadToken as error:
            if error.unknown_key:
                raise
            raise Unsound("the signature does not hold") from error
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise Unsound("not an answer of the contract") from error
        try:
            claims = SignedClaims.model_validate_json(strict_json.dumps(payload))
        except ValidationError as error:
            raise Unsound("fields outside the contract") from error
        if claims.aud != self.client_id:
            raise Unsound("an answer for somebody else")
        life = claims.exp - claims.iat
        if not 0 < life <= SIGNATURE_LIFETIME_S or claims.exp + CLOCK_LEEWAY_S < now:
            raise Unsound("the signature is not of now")
        if abs(claims.iat - now) > SIGNATURE_LIFETIME_S:
            raise Unsound("the clocks are far apart")
        if {k: v for k, v in payload.items() if k not in ("aud", "iat", "exp")} != outer:
            raise Unsound("fields differ from the signed ones")
        check_binding(question, claims, now)
        return claims


def check_binding(question: Question, answer: Verification, now: float) -> None:
    """Whether `answer` is to this very question, about this very permit, and of now."""
    if answer.nonce != question.nonce or answer.request_id != question.request_id:
        raise Unsound("an answer to another question")
    if answer.subject != subject_of(question.nonce, question.request.asked):
        raise Unsound("an answer about another permit")
    if answer.permit is not None and answer.permit.no_masked != mask(question.number):
        raise Unsound("an answer about another permit")
    checked, until = answer.checked_at.timestamp(), answer.valid_until.timestamp()
    if abs(checked - now) > CLOCK_LEEWAY_S or until + CLOCK_LEEWAY_S < now or until <= checked:
        raise Unsound("not of now")
    as_of = answer.source_as_of.timestamp()
    if as_of > now + CLOCK_LEEWAY_S or as_of < now - SIGNATURE_LIFETIME_S:
        raise Unsound("the registry's data are too old")


_DIALECT_STATUS = {
    "1": Status.VALID,
    "2": Status.EXPIRED,
    "3": Status.SUSPENDED,
    "4": Status.REVOKED,
}
_DIALECT_ANSWER = frozenset({"accessid", "result", "msg", "random", "serial", "time", "data"})
_DIALECT_PERMIT = frozenset(
    {"certNo", "holder", "city", "startDate", "endDate", "service", "company", "state", "version"}
)


class Result0Adapter:
    """A dialect in the style of the published platform interfaces (DB14/T 2831): every answer is
    HTTP 200, failure is `result: 0`, and the signature is a keyed digest over the sorted fields,
    the asker's random string among them.

    It tells a status to number and name only, so nothing else may be asked through it.
    """

    signs = False

    def __init__(self, client_id: str, key: bytes) -> None:
        self.client_id = client_id
        self._key = key

    def ask(self, question: Question) -> Sent:
        request = question.request
        factor = request.factor
        if request.permit_no is None or factor is None or factor.full_name is None:
            raise Unsound("this registry is asked by number and full name only")
        fields = {
            "accessid": self.client_id,
            "random": question.nonce,
            "serial": str(question.request_id),
            "certNo": request.permit_no,
            "holder": factor.full_name,
        }
        body = strict_json.dumps(fields | {"sign": self.sign(fields)})
        return Sent("/queryCert", {"content-type": "application/json"}, body)

    def read(
        self,
        question: Question,
        body: bytes,
        keys: KeySet,  # noqa: ARG002  this dialect shares a key instead
        now: float,
    ) -> Verification:
        """The answer's fields, once its digest holds."""
        try:
            answer = strict_json.loads(body)
            signature = answer.pop("sign")
            if not hmac.compare_digest(self.sign(answer).encode(), signature.encode()):
                raise Unsound("the signature does not hold")
            if answer["accessid"] != self.client_id:
                raise Unsound("an answer for somebody else")
            return self._fields(question, answer, now)
        except (ValidationError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise Unsound("not an answer of this dialect") from error

    def sign(self, fields: Mapping[str, Any]) -> str:
        """The dialect's keyed digest over the sorted fields."""
        return hmac.digest(self._key, strict_json.dumps(dict(fields)), "sha256").hex()

    def _fields(self, question: Question, answer: dict[str, Any], now: float) -> Verification:
        if set(answer) != _DIALECT_ANSWER:
            raise Unsound("fields outside the dialect")
        moment = dt.datetime.strptime(answer["time"], "%Y-%m-%d %H:%M:%S%z")
        data = answer["data"]
        found = answer["result"] == 1 and type(answer["result"]) is int
        if not found and (answer["result"] != 0 or data is not None or answer["msg"] != "NO_DATA"):
            # Any other result: 0 is a failure of the platform, which says nothing of the permit.
            raise Unsound("the platform failed")
        content: dict[str, Any] = {"status": Status.UNVERIFIED, "match": Match.NOT_CHECKED}
        if found:
            if set(data) != _DIALECT_PERMIT or data["certNo"] != question.number:
                raise Unsound("an answer about another permit")
            content = {
                "status": _DIALECT_STATUS[data["state"]],
                "match": Match.FULL,
                "permit": _block(data),
            }
        verification = Verification(
            request_id=UUID(answer["serial"]),
            nonce=answer["random"],
            subject=subject_of(question.nonce, question.request.asked),
            checked_at=moment,
            source=Source.LIVE,
            source_as_of=moment,
            valid_until=moment + dt.timedelta(seconds=60),
            status_version=data["version"] if found else 0,
            **content,
        )
        check_binding(question, verification, now)
        return verification


def _block(data: Mapping[str, Any]) -> PermitBlock:
    return PermitBlock(
        no_masked=mask(data["certNo"]),
        name_masked=data["holder"],
        city=data["city"],
        issued_on=dt.date.fromisoformat(data["startDate"]),
        expires_on=dt.date.fromisoformat(data["endDate"]),
        service_types=data["service"],
        agency_name=data["company"],
    )
