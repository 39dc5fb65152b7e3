"""What stands around a check in the contract: refusals, several checks at once, health, notices."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from knowledge.registry.contract import Body, Digest, Strict, VerifyRequest, VerifyResponse

BATCH_MOST = 50


class ErrorCode(StrEnum):
    """Why the registry refuses a request."""

    BAD_FORMAT = "BAD_FORMAT"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    SCOPE = "SCOPE"
    CONSENT_REQUIRED = "CONSENT_REQUIRED"
    NOT_FOUND = "NOT_FOUND"
    METHOD = "METHOD"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    TRANSITION = "TRANSITION"
    TOO_LARGE = "TOO_LARGE"
    CHECK_DIGIT = "CHECK_DIGIT"
    QUOTA = "QUOTA"
    INTERNAL = "INTERNAL"
    MAINTENANCE = "MAINTENANCE"


class Problem(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str = "about:blank"
    title: str
    status: int
    code: ErrorCode
    retry_after: int | None = None
    request_id: str | None = None


class BatchItem(Strict):
    """One item's own result; an item that fails never fails the rest."""

    http_status: int
    result: VerifyResponse | None = None
    problem: Problem | None = None


class BatchRequest(Body):
    """Several checks at once."""

    items: Annotated[list[VerifyRequest], Field(min_length=1, max_length=BATCH_MOST)]


class BatchResponse(Strict):
    """Their results, in the order asked."""

    items: list[BatchItem]


class Health(Strict):
    """Whether the registry works, and how many seconds its data lag."""

    ok: bool
    last_sync_at: AwareDatetime
    lag_s: Annotated[float, Field(ge=0)]


class StatusChanged(Strict):
    """The body of the webhook `permit.status_changed`."""

    event_id: UUID
    permit_hmac: Digest
    status_version: Annotated[int, Field(ge=1)]
    at: int
