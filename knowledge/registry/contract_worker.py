"""The worker's part of the contract: what she lets others see, what she sees, what she contests."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from knowledge.registry.contract import (
    Body,
    Components,
    Digest,
    PermitBlock,
    PermitNo,
    Pin,
    PlainText,
    Purpose,
    Reason,
    Status,
    Strict,
)

CONSENT_REQUEST_S = 300


class DetailScope(StrEnum):
    """What a worker may let one asker see."""

    COMPONENTS = "components"
    STAR = "star"
    LISTS = "lists"


class ConsentState(StrEnum):
    """What became of a request for a worker's consent."""

    PENDING = "PENDING"
    GRANTED = "GRANTED"
    DENIED = "DENIED"
    EXPIRED = "EXPIRED"
    WITHDRAWN = "WITHDRAWN"


class ConsentRequest(Body):
    """An asker's wish to see details; the worker decides in her own app."""

    permit_no: PermitNo
    asker_ref: Digest
    asker_label: PlainText
    purpose: Purpose
    scopes: Annotated[list[DetailScope], Field(min_length=1, max_length=3)]


class ConsentCreated(Strict):
    """A request for consent: the link that is for her, and for how many seconds."""

    consent_id: UUID
    deeplink: str
    expires_in: Annotated[int, Field(ge=1, le=CONSENT_REQUEST_S)]


class ConsentView(Strict):
    """What became of a request; granted, with the token that opens the details."""

    state: ConsentState
    consent_token: str | None = None
    scopes: list[DetailScope] | None = None
    exp: int | None = None


class ConsentDecision(Body):
    """The worker's answer, proved by the PIN that came with her permit. `scopes` is what she opens
    of what was asked for; left out, all of it."""

    permit_no: PermitNo
    pin: Pin
    grant: bool
    scopes: Annotated[list[DetailScope], Field(min_length=1, max_length=3)] | None = None


class WorkerProof(Body):
    """Number and PIN. Wrong ones are counted against the asker, never against the permit: a
    stranger could lock a worker out."""

    permit_no: PermitNo
    pin: Pin
    asker_ref: Digest


class CheckSeen(Strict):
    """One look at a worker's permit, as she may see it."""

    at: AwareDatetime
    by: PlainText
    purpose: Purpose
    details: bool


class ConsentSeen(Strict):
    """A request for her consent that she may still answer, or one she can still take back."""

    consent_id: UUID
    by: PlainText
    purpose: Purpose
    scopes: list[DetailScope]
    state: ConsentState
    until: AwareDatetime


class WorkerView(Strict):
    """`confirmed` is false alike for a wrong PIN and an unknown permit."""

    confirmed: bool
    status: Status | None = None
    reason_code: Reason | None = None
    permit: PermitBlock | None = None
    components: Components | None = None
    checks: list[CheckSeen] = Field(default=[])
    consents: list[ConsentSeen] = Field(default=[])


class Dispute(WorkerProof):
    """A worker contests something that is kept of her."""

    about: Literal["status", "star", "list", "component"]


class DisputeTicket(Strict):
    """The number under which it is looked into."""

    ticket_no: str
