"""Answering for a permit under the disclosure policy.

Every way to "not confirmed" does the same work in the same order and leaves in the same bytes: a
permit that is unknown, withheld, or asked for with a wrong factor cannot be told apart.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from knowledge.registry import contract, qr, signing
from knowledge.registry.contract import (
    Match,
    Source,
    Status,
    VerifyRequest,
    VerifyResponse,
    day_in_china,
)
from knowledge.registry.server.consents import Consents
from knowledge.registry.server.core import Core, Scope
from knowledge.registry.server.keys import Keyring, Keys
from knowledge.registry.server.names import same_name
from knowledge.registry.server.showing import block_of, details_of, status_of
from knowledge.registry.server.tables import AnsweredRow, CheckRow, PermitRow

_KEEP_ANSWERS_S = 180


class Conflict(Exception):
    """A request id was used before with another body."""


@dataclass(frozen=True)
class Client:
    """Who asks over the contract, with what it may ask for."""

    id: str
    label: str
    scopes: Collection[Scope]


@dataclass(frozen=True)
class _Found:
    """A permit as the question named it; `lost_card` when its QR is of a card reported lost."""

    row: PermitRow | None
    lost_card: bool = False
    run_out: bool = False


class Answering:
    """`floor_s` is the least time a "not confirmed" takes; it hides what work was left."""

    def __init__(self, core: Core, keys: Keyring, consents: Consents, floor_s: float) -> None:
        self._core = core
        self._keys = keys
        self._consents = consents
        self._floor_s = floor_s

    def verify(
        self, request: VerifyRequest, client: Client, nonce: str, request_id: UUID
    ) -> VerifyResponse:
        """The signed answer. A repeated request id gets the stored one. Raises `Conflict`."""
        started = time.monotonic()
        body_mac = self._core.secret.mac("body", f"{nonce}|{request.model_dump_json()}")
        try:
            response = self._once(request, client, nonce, request_id, body_mac)
        except IntegrityError:  # the same request came twice at one moment, and the other was first
            response = self._once(request, client, nonce, request_id, body_mac)
        if response.status is Status.UNVERIFIED:
            time.sleep(max(0.0, self._floor_s - (time.monotonic() - started)))
        return response

    def _once(
        self, request: VerifyRequest, client: Client, nonce: str, request_id: UUID, body_mac: str
    ) -> VerifyResponse:
        keys = self._keys.current()
        with self._core.session() as session:
            stored = self._answered(session, client, request_id, body_mac)
            if stored is not None:
                return stored
            fields = self._fields(session, request, client, str(request_id), keys)
            response = self._signed(request, client, nonce, request_id, fields, keys)
            session.add(
                AnsweredRow(
                    client_id=client.id,
                    request_id=str(request_id),
                    body_mac=body_mac,
                    response=response.model_dump_json(exclude_none=True),
                    at=int(self._core.now()),
                )
            )
            return response

    def _fields(
        self,
        session: Session,
        request: VerifyRequest,
        client: Client,
        request_id: str,
        keys: Keys,
    ) -> dict[str, Any]:
        found = self._find(session, request, keys)
        row = found.row
        factor_fits = self._factor_fits(request, row)
        scopes = self._consents.spend(session, request, row, client.id, request_id, keys)
        if row is None or row.withheld:
            return _unverified(Match.NOT_CHECKED)
        if factor_fits is False:
            known = "permit.detail" in client.scopes
            return _unverified(Match.MISMATCH if known else Match.NOT_CHECKED)
        proved = factor_fits is True or scopes is not None
        if not proved and request.qr_payload is None:
            return _unverified(Match.NOT_CHECKED)
        session.add(
            CheckRow(
                permit_id=row.id,
                client_id=client.label,
                purpose=request.purpose,
                details=scopes is not None,
                at=int(self._core.now()),
            )
        )
        today = day_in_china(self._core.now())
        status, reason = status_of(row, today, found.lost_card, found.run_out)
        fields: dict[str, Any] = {
            "status": status,
            "match": Match.FULL if proved else Match.NOT_CHECKED,
            "status_version": row.version,
            "permit": block_of(row),
            "reason_code": reason,
        }
        if scopes is not None:
            fields |= details_of(session, row, scopes, today)
        return fields

    def _find(self, session: Session, request: VerifyRequest, keys: Keys) -> _Found:
        number, card, run_out = request.permit_no, None, False
        if request.qr_payload is not None:
            try:
                token = qr.check(request.qr_payload, keys.public, self._core.now())
            except signing.BadToken:
                return _Found(None)
            number, card = token.number.value, token.card
            run_out = token.expires_at <= self._core.now()
        row = session.scalar(select(PermitRow).where(PermitRow.number == number))
        lost = row is not None and card is not None and card != row.card
        return _Found(row, lost, run_out)

    def _factor_fits(self, request: VerifyRequest, row: PermitRow | None) -> bool | None:
        """None without a factor. Compares with a stand-in when there is no permit."""
        factor = request.factor
        if factor is None:
            return None
        name = row.full_name if row else "查无此人"
        fits = [] if factor.full_name is None else [same_name(factor.full_name, name)]
        if factor.id_last4 is not None:
            number = row.number if row else "-" * 13
            given = self._core.secret.mac("id_last4", f"{number}:{factor.id_last4}")
            fits.append(given == (row.id_last4_mac if row else ""))
        return all(fits) and row is not None

    def _signed(
        self,
        request: VerifyRequest,
        client: Client,
        nonce: str,
        request_id: UUID,
        fields: dict[str, Any],
        keys: Keys,
    ) -> VerifyResponse:
        now = dt.datetime.fromtimestamp(int(self._core.now()), dt.UTC)
        answer = VerifyResponse(
            request_id=request_id,
            nonce=nonce,
            subject=contract.subject_of(nonce, request.asked),
            checked_at=now,
            source=Source.LIVE,
            source_as_of=now,
            valid_until=now + dt.timedelta(seconds=contract.ANSWER_LIFETIME_S),
            sig="",
            **fields,
        )
        issued = int(now.timestamp())
        claims = answer.model_dump(mode="json", exclude_none=True, exclude={"sig"}) | {
            "aud": client.id,
            "iat": issued,
            "exp": issued + contract.SIGNATURE_LIFETIME_S,
        }
        token = signing.sign(claims, keys.signing, contract.TYP_ANSWER)
        return answer.model_copy(update={"sig": token})

    def _answered(
        self, session: Session, client: Client, request_id: UUID, body_mac: str
    ) -> VerifyResponse | None:
        oldest = int(self._core.now()) - _KEEP_ANSWERS_S
        session.execute(delete(AnsweredRow).where(AnsweredRow.at < oldest))
        row = session.get(AnsweredRow, (client.id, str(request_id)))
        if row is None:
            return None
        if row.body_mac != body_mac:
            raise Conflict
        return VerifyResponse.model_validate_json(row.response)


def _unverified(match: Match) -> dict[str, Any]:
    return {"status": Status.UNVERIFIED, "match": match, "status_version": 0}
