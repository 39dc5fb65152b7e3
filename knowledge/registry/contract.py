"""The REST contract, version 1, as typed models that both sides hold to.

Everything is strict: no unknown key, no coercion, closed enumerations. A registry that wants to say
something new says it in a new version of the contract; until then its answer is refused, which can
cost a verdict but can never make one up. The worker's part is in contract_worker.py, what stands
around a check (refusals, several checks at once, health, notices) in contract_service.py.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import unicodedata
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

SHANGHAI = ZoneInfo("Asia/Shanghai")
ANSWER_LIFETIME_S = 60
SIGNATURE_LIFETIME_S = 120
CLOCK_LEEWAY_S = 60

# Types of signed tokens: one made for one use is refused for every other.
TYP_ANSWER = "permit-answer+jwt"
TYP_QR = "permit-qr+jwt"
TYP_CONSENT = "permit-consent+jwt"
TYP_STATUS_LIST = "statuslist+jwt"


class Status(StrEnum):
    """What a permit's state is. UNVERIFIED says nothing, not even whether there is one."""

    VALID = "VALID"
    EXPIRED = "EXPIRED"
    SUSPENDED = "SUSPENDED"
    REVOKED = "REVOKED"
    UNVERIFIED = "UNVERIFIED"


class Match(StrEnum):
    """Whether the person named is the permit's."""

    FULL = "FULL"
    PARTIAL = "PARTIAL"
    MISMATCH = "MISMATCH"
    NOT_CHECKED = "NOT_CHECKED"


class ComponentState(StrEnum):
    """What is known of one of a permit's parts."""

    OK = "OK"
    DUE = "DUE"
    EXPIRED = "EXPIRED"
    MISSING = "MISSING"
    UNKNOWN = "UNKNOWN"
    NOT_AUTHORISED = "NOT_AUTHORISED"


class Reason(StrEnum):
    """Why a permit is suspended or revoked."""

    LOST = "LOST"
    INACTIVE = "INACTIVE"
    LEFT_AGENCY = "LEFT_AGENCY"
    COMPLAINT_HOLD = "COMPLAINT_HOLD"
    ANNUAL_REVIEW_DUE = "ANNUAL_REVIEW_DUE"
    CANCELLED = "CANCELLED"


class Source(StrEnum):
    """Where an answer comes from: the register itself, or its signed list."""

    LIVE = "live"
    STATUS_LIST = "status_list"


class Purpose(StrEnum):
    """What an asker wants to know it for."""

    PRE_HIRE = "pre_hire"
    AT_DOOR = "at_door"
    MONITOR = "monitor"


class ListKind(StrEnum):
    """Which of the two lists: of honour, or of broken trust."""

    RED = "RED"
    BLACK = "BLACK"


def _plain(text: str) -> str:
    """Refuse markup, control and invisible characters: this text is shown to people."""
    if any(c in "<>" or unicodedata.category(c)[0] == "C" for c in text):
        raise ValueError("markup or control characters")
    return text


PlainText = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_plain)]
Nonce = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22,86}$")]
Month = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
Token = Annotated[str, Field(min_length=20, max_length=4096, pattern=r"^[A-Za-z0-9_.-]+$")]
FullName = Annotated[str, Field(min_length=2, max_length=40)]
IdLast4 = Annotated[str, Field(pattern=r"^[0-9]{3}[0-9X]$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Pin = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
PermitNo = Annotated[str, Field(pattern=r"^[A-HJ-NP-Z]{2}[0-9]{10}[0-9A-HJ-NP-Z]$")]


class Strict(BaseModel):
    """What the registry answers: no unknown key, no coercion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Body(BaseModel):
    """What is sent to the registry. Web frameworks hand it over as parsed JSON, in which an
    enumeration is still a string, so it is closed but not strict."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Factor(Body):
    """The second thing an asker must know beside a typed number."""

    full_name: FullName | None = None
    id_last4: IdLast4 | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.full_name is None and self.id_last4 is None:
            raise ValueError("a factor needs full_name or id_last4")
        return self


class VerifyRequest(Body):
    """A check: the permit by its number (with a factor) or by its QR's token."""

    permit_no: PermitNo | None = None
    qr_payload: Token | None = None
    factor: Factor | None = None
    consent_token: Token | None = None
    purpose: Purpose
    asker_ref: Digest
    as_of: None = None

    @model_validator(mode="after")
    def _one_permit(self) -> Self:
        if (self.permit_no is None) == (self.qr_payload is None):
            raise ValueError("exactly one of permit_no and qr_payload")
        return self

    @property
    def asked(self) -> str:
        """What names the permit: its number, or the QR's token."""
        return self.permit_no or self.qr_payload or ""


class PermitBlock(Strict):
    """What may be shown of a permit without the worker's consent."""

    no_masked: Annotated[str, Field(pattern=r"^[A-Z]{2}\*{4}[0-9A-Z]{4}$")]
    name_masked: Annotated[str, Field(pattern=r"^[^\s*<>]\*{1,3}$")]
    city: PlainText
    issued_on: dt.date
    expires_on: dt.date
    service_types: Annotated[list[PlainText], Field(max_length=10)]
    agency_name: PlainText
    photo_url_short_lived: Annotated[str, Field(pattern=r"^https://[^\s<>\"]{1,300}$")] | None = (
        None
    )


class Component(Strict):
    """One of a permit's parts, to the month and no closer."""

    state: ComponentState
    expires_month: Month | None = None


class Components(Strict):
    """The parts that are checked before a permit is given, with the worker's consent."""

    identity: Component
    training: Component
    health: Component
    insurance: Component
    background: Component


class Star(Strict):
    """A grade means something only within its scheme; schemes are never merged."""

    value: Annotated[int, Field(ge=1, le=5)]
    scheme: PlainText
    issuer: PlainText
    graded_on: dt.date


class ListEntry(Strict):
    """An entry on a list, with who put it there and where it is contested."""

    name: PlainText
    kind: ListKind
    authority: PlainText
    listed_on: dt.date
    until: dt.date | None = None
    appeal_url: Annotated[str, Field(pattern=r"^https://[^\s<>\"]{1,200}$")]


class Verification(Strict):
    """The answer's signed content. `subject` binds it to what was asked without naming it."""

    request_id: UUID
    nonce: Nonce
    subject: str
    checked_at: AwareDatetime
    source: Source
    source_as_of: AwareDatetime
    valid_until: AwareDatetime
    status_version: Annotated[int, Field(ge=0)]
    status: Status
    match: Match
    permit: PermitBlock | None = None
    components: Components | None = None
    star: Star | None = None
    lists: Annotated[list[ListEntry], Field(max_length=20)] | None = None
    reason_code: Reason | None = None

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        detail = (self.permit, self.components, self.star, self.lists, self.reason_code)
        if self.status is Status.UNVERIFIED:
            # Anything beside a bare UNVERIFIED would tell that the permit exists.
            if any(part is not None for part in detail) or self.status_version != 0:
                raise ValueError("UNVERIFIED with details")
        elif self.permit is None or self.status_version == 0:
            raise ValueError("a status without its permit")
        elif self.match in (Match.PARTIAL, Match.MISMATCH):
            raise ValueError("a status although the person does not match")
        if self.status is Status.VALID and self.reason_code is not None:
            raise ValueError("VALID with a reason against it")
        return self


class SignedClaims(Verification):
    """`Verification` as it stands inside the signature."""

    aud: str
    iat: int
    exp: int


class VerifyResponse(Verification):
    """The body of a 200: the fields for people and tools to read, and the signature over them."""

    sig: str


def subject_of(nonce: str, asked: str) -> str:
    """Binds an answer to its question: a digest of number (or QR token) and nonce."""
    digest = hashlib.sha256(f"{nonce}|{asked}".encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def day_in_china(moment: float) -> dt.date:
    """The calendar day of a Unix time where permits are issued; a permit holds to its day's end."""
    return dt.datetime.fromtimestamp(moment, SHANGHAI).date()
