"""A worker's consent: asked for by one asker, given by her with her PIN, spent by one request.

Asking works alike for a number that nobody holds, so it tells nothing of who exists.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from knowledge.registry import contract, signing
from knowledge.registry.contract import Purpose, VerifyRequest
from knowledge.registry.contract_worker import (
    CONSENT_REQUEST_S,
    ConsentCreated,
    ConsentDecision,
    ConsentRequest,
    ConsentSeen,
    ConsentState,
    ConsentView,
    DetailScope,
)
from knowledge.registry.server.core import Core
from knowledge.registry.server.keys import Keyring, Keys
from knowledge.registry.server.secrets import hash_pin, pin_matches
from knowledge.registry.server.tables import ConsentRow, PermitRow

_GRANT_S = 600  # a granted consent must be used within ten minutes
_MOST_ATTEMPTS = 5
_MOST_SEEN = 20
_HEX, _LETTERS = "0123456789abcdef", "abcdefghijklmnop"


class NoSuchConsent(LookupError):
    """No request for consent has this id for this client."""


@dataclass(frozen=True)
class Wish:
    """A request for consent as its link shows it: who asks, why, for what, and for how long yet.
    Nothing in it tells whether anybody holds the permit."""

    asker_label: str
    purpose: Purpose
    scopes: tuple[DetailScope, ...]
    seconds_left: int


def link_token(consent_id: uuid.UUID) -> str:
    """The id as it stands in the link: letters only, since whatever takes numbers out of stored
    texts would take digits for one."""
    return consent_id.hex.translate(str.maketrans(_HEX, _LETTERS))


def consent_named(token: str) -> uuid.UUID | None:
    """The id a link's token stands for; None where it is none."""
    if len(token) != 32 or not set(token) <= set(_LETTERS):
        return None
    return uuid.UUID(hex=token.translate(str.maketrans(_LETTERS, _HEX)))


class Consents:
    """Requests for consent, and the single-use tokens that come of them."""

    def __init__(self, core: Core, keys: Keyring) -> None:
        self._core = core
        self._keys = keys
        self._no_pin = hash_pin("000000")  # compared with when there is no permit to compare with

    def ask(self, request: ConsentRequest, client_id: str) -> ConsentCreated:
        """Record a wish to see details; it can be decided for five minutes."""
        consent_id = uuid.uuid4()
        with self._core.session() as session:
            permit_id = session.scalar(
                select(PermitRow.id).where(
                    PermitRow.number == request.permit_no, PermitRow.withheld.is_(False)
                )
            )
            session.add(
                ConsentRow(
                    id=str(consent_id),
                    permit_id=permit_id,
                    client_id=client_id,
                    asker_ref=request.asker_ref,
                    asker_label=request.asker_label,
                    purpose=request.purpose,
                    scopes=json.dumps(request.scopes),
                    state=ConsentState.PENDING,
                    created_at=int(self._core.now()),
                )
            )
        return ConsentCreated(
            consent_id=consent_id,
            deeplink=f"{self._core.pages_url}/consent/{link_token(consent_id)}",
            expires_in=CONSENT_REQUEST_S,
        )

    def view(self, consent_id: uuid.UUID, client_id: str) -> ConsentView:
        """Where a request stands; granted, with its token. Raises `NoSuchConsent`."""
        with self._core.session() as session:
            row = session.get(ConsentRow, str(consent_id))
            if row is None or row.client_id != client_id:
                raise NoSuchConsent
            state = self._state(row)
            if state is not ConsentState.GRANTED or row.decided_at is None:
                return ConsentView(state=state)
            number = session.scalar(select(PermitRow.number).where(PermitRow.id == row.permit_id))
        expires = row.decided_at + _GRANT_S
        scopes = [DetailScope(scope) for scope in json.loads(row.scopes)]
        claims = {
            "jti": row.id,
            "aud": client_id,
            "sub": self._core.secret.mac("consent", f"{number}"),
            "asker": row.asker_ref,
            "purpose": row.purpose,
            "iat": row.decided_at,
            "exp": expires,
        }
        token = signing.sign(claims, self._keys.current().signing, contract.TYP_CONSENT)
        return ConsentView(state=state, consent_token=token, scopes=scopes, exp=expires)

    def wish(self, consent_id: uuid.UUID) -> Wish | None:
        """What a link shows. None alike for an unknown request and one that ran out, was answered,
        or was tried too often."""
        with self._core.session() as session:
            row = session.get(ConsentRow, str(consent_id))
            if (
                row is None
                or row.attempts >= _MOST_ATTEMPTS
                or self._state(row) is not ConsentState.PENDING
            ):
                return None
            left = row.created_at + CONSENT_REQUEST_S - int(self._core.now())
            scopes = tuple(DetailScope(scope) for scope in json.loads(row.scopes))
            return Wish(row.asker_label, Purpose(row.purpose), scopes, left)

    def open_to(self, session: Session, permit: PermitRow) -> list[ConsentSeen]:
        """What the permit's holder may still answer or take back, newest first."""
        rows = session.scalars(
            select(ConsentRow)
            .where(
                ConsentRow.permit_id == permit.id,
                ConsentRow.used_by.is_(None),
                ConsentRow.created_at > int(self._core.now()) - CONSENT_REQUEST_S - _GRANT_S,
            )
            .order_by(ConsentRow.created_at.desc())
            .limit(_MOST_SEEN)
        )
        return [
            ConsentSeen(
                consent_id=uuid.UUID(row.id),
                by=row.asker_label,
                purpose=Purpose(row.purpose),
                scopes=[DetailScope(scope) for scope in json.loads(row.scopes)],
                state=state,
                until=dt.datetime.fromtimestamp(self._ends_at(row), dt.UTC),
            )
            for row in rows
            if (state := self._state(row)) in (ConsentState.PENDING, ConsentState.GRANTED)
        ]

    def withdraw_for(self, permit_id: int, consent_id: uuid.UUID) -> bool:
        """Take back a consent for a holder who has proved herself; whether it was hers to take."""
        with self._core.session() as session:
            row = session.get(ConsentRow, str(consent_id), with_for_update=True)
            if row is None or row.permit_id != permit_id or row.used_by is not None:
                return False
            row.state = ConsentState.WITHDRAWN
            return True

    def decide(self, consent_id: uuid.UUID, decision: ConsentDecision) -> bool:
        """The worker's answer; the same answer a second time is the one given. False alike for a
        wrong PIN, another's permit, a late answer, and one against the answer given before."""
        with self._core.session() as session:
            row = session.get(ConsentRow, str(consent_id), with_for_update=True)
            permit = session.get(PermitRow, row.permit_id) if row and row.permit_id else None
            proved = pin_matches(decision.pin, permit.pin_hash if permit else self._no_pin)
            if row is None:
                return False
            row.attempts += 1
            if (
                not proved
                or permit is None
                or permit.number != decision.permit_no
                or row.attempts > _MOST_ATTEMPTS
            ):
                return False
            answer = ConsentState.GRANTED if decision.grant else ConsentState.DENIED
            if self._state(row) is not ConsentState.PENDING:
                return self._state(row) is answer
            asked = [DetailScope(scope) for scope in json.loads(row.scopes)]
            opened = [scope for scope in asked if scope in (decision.scopes or asked)]
            if not opened:  # she ticked nothing that was asked for
                return False
            row.scopes = json.dumps(opened)
            row.state = answer
            row.decided_at = int(self._core.now())
            return True

    def withdraw(self, consent_id: uuid.UUID, decision: ConsentDecision) -> bool:
        """Take back what was granted, at once. False where it cannot be proved to be hers."""
        with self._core.session() as session:
            row = session.get(ConsentRow, str(consent_id), with_for_update=True)
            permit = session.get(PermitRow, row.permit_id) if row and row.permit_id else None
            proved = pin_matches(decision.pin, permit.pin_hash if permit else self._no_pin)
            if row is None or permit is None or not proved or permit.number != decision.permit_no:
                return False
            row.state = ConsentState.WITHDRAWN
            return True

    def spend(
        self,
        session: Session,
        request: VerifyRequest,
        permit: PermitRow | None,
        client_id: str,
        request_id: str,
        keys: Keys,
    ) -> Collection[DetailScope] | None:
        """What the request's consent token opens for `permit`, spending it; None where it opens
        nothing: no token, a false one, another's, spent, run out or withdrawn since."""
        if request.consent_token is None:
            return None
        try:
            claims = signing.verify(request.consent_token, keys.public, contract.TYP_CONSENT)
        except signing.BadToken:
            return None
        number = permit.number if permit else ""
        fits = (
            claims["aud"] == client_id
            and claims["sub"] == self._core.secret.mac("consent", number)
            and claims["asker"] == request.asker_ref
            and claims["purpose"] == request.purpose
            and claims["exp"] > self._core.now()
        )
        if not fits:
            return None
        row = session.get(ConsentRow, claims["jti"])
        if row is None or self._state(row) is not ConsentState.GRANTED:
            return None
        # One statement decides who spends it, whatever runs beside us.
        spent = session.execute(
            update(ConsentRow)
            .where(
                ConsentRow.id == row.id,
                ConsentRow.used_by.is_(None),
                ConsentRow.state == ConsentState.GRANTED,
            )
            .values(used_by=request_id)
        )
        if spent.rowcount != 1:  # type: ignore[attr-defined]
            return None
        return [DetailScope(scope) for scope in json.loads(row.scopes)]

    def _state(self, row: ConsentRow) -> ConsentState:
        state = ConsentState(row.state)
        if state in (ConsentState.PENDING, ConsentState.GRANTED):
            return state if self._core.now() < self._ends_at(row) else ConsentState.EXPIRED
        return state

    @staticmethod
    def _ends_at(row: ConsentRow) -> int:
        """When a request can no longer be answered, or a consent no longer be used."""
        if row.state == ConsentState.GRANTED:
            return (row.decided_at or 0) + _GRANT_S
        return row.created_at + CONSENT_REQUEST_S
