"""`POST /api/v1/verifications`: a permit checked at the registry, for other programs.

The same verifier as everywhere: its quotas (the key is the asker), its uniform answers, its record.
What is sent is neither kept nor logged here, and travels in the body only.
"""

from __future__ import annotations

import datetime as dt
import math
import time
import uuid
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from bot.api_keys import ApiKey
from bot.app import App
from bot.http.access import NEEDS_KEY, Access
from bot.http.told import one_of
from bot.http.wire import Picture
from dialogs.permits.checks import place_of
from knowledge.registry.contract import PermitBlock, Purpose
from knowledge.registry.outcome import Outcome, Verdict
from knowledge.registry.verifier import Check, SameIdOtherCheck
from knowledge.registry.wording import sentences

_CHECKS = uuid.UUID("d3c1b7de-5a3f-5b0e-8a5e-0c7b0f6b8a11")
_Outcome = one_of(dict(Outcome.__members__))


class Permit(BaseModel):
    """What is given with a check: a number and a second factor (name or last four of the ID
    number), or a photograph of the permit's QR, with or without one. Sending an `id` a second time
    within a minute is the same check."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"number": "GZ 0123 4567 890K", "id_last4": "123X"}]},
    )

    number: Annotated[str, Field(max_length=200)] | None = None
    name: Annotated[str, Field(max_length=40)] | None = None
    id_last4: Annotated[str, Field(max_length=10)] | None = None
    image: Picture | None = None
    purpose: Literal["pre_hire", "at_door", "monitor"] = "pre_hire"
    id: Annotated[str, Field(pattern=r"^[!-~]{1,100}$")] | None = None


class Shown(BaseModel):
    """What may be shown of a permit without the worker's consent."""

    number: str
    name: str
    city: str
    agency: str
    services: list[str]
    issued_on: dt.date
    expires_on: dt.date


class Checked(BaseModel):
    """One of the thirteen outcomes. Only `positive` says that the permit holds; nothing else may be
    taken for it. `needs` names what is still to be given (`number`, `factor`): then nothing was
    checked. `text` is what a household should read, conclusion first; `code` finds the check again
    in the record."""

    outcome: _Outcome  # type: ignore[valid-type]
    positive: bool
    needs: list[str]
    checked_at: dt.datetime
    source: str | None
    source_as_of: dt.datetime | None
    permit: Shown | None
    reason: str | None
    number_fault: str | None
    number_position: int | None
    photo_fault: str | None
    code: str
    text: list[str]


def router(app: App, access: Access) -> APIRouter:
    """The route; it needs a key."""
    routes = APIRouter(tags=["verifications"], dependencies=[*NEEDS_KEY])
    permits = app.conversation.permits

    @routes.post("/verifications")
    def verify(
        given: Permit,
        key: ApiKey = Depends(access.with_key),  # noqa: B008 - made here
    ) -> Checked:
        """Check. Too many checks are a 429; all other outcomes are answers."""
        if permits is None:
            raise HTTPException(503, "permit checks are not connected")
        asker = place_of("api", key.name)
        check = Check(
            uuid.uuid5(_CHECKS, f"{asker}\0{given.id}") if given.id else uuid.uuid4(),
            asker=asker,
            conversation=asker,
            number=_clean(given.number),
            full_name=_clean(given.name),
            id_last4=_clean(given.id_last4),
            photo=given.image,
            purpose=Purpose(given.purpose),
        )
        try:
            verdict = permits.verifier.verify(check)
        except SameIdOtherCheck as error:
            raise HTTPException(409, "this id was used for another check") from error
        if verdict.outcome is Outcome.TOO_MANY:
            raise _too_many(verdict)
        return _sent(verdict)

    return routes


def _clean(text: str | None) -> str | None:
    return text.encode("utf-8", "replace").decode() if text else None


def _too_many(verdict: Verdict) -> HTTPException:
    wait = max(1, math.ceil((verdict.resets_at or 0) - time.time()))
    return HTTPException(429, "too many permit checks with this key", {"retry-after": str(wait)})


def _sent(verdict: Verdict) -> Checked:
    return Checked(
        outcome=verdict.outcome.name,
        positive=verdict.positive and not verdict.needs,
        needs=list(verdict.needs),
        checked_at=dt.datetime.fromtimestamp(verdict.checked_at, dt.UTC),
        source=verdict.source.value if verdict.source else None,
        source_as_of=verdict.source_as_of,
        permit=_shown(verdict.permit) if verdict.permit else None,
        reason=verdict.reason.value if verdict.reason else None,
        number_fault=verdict.number_fault.value if verdict.number_fault else None,
        number_position=verdict.number_position,
        photo_fault=verdict.photo_fault,
        code=verdict.code,
        text=sentences(verdict),
    )


def _shown(permit: PermitBlock) -> Shown:
    return Shown(
        number=permit.no_masked,
        name=permit.name_masked,
        city=permit.city,
        agency=permit.agency_name,
        services=permit.service_types,
        issued_on=permit.issued_on,
        expires_on=permit.expires_on,
    )
