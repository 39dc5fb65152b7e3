"""A worker's own view: her permit, her checks, who looked, and objecting to an entry."""

from __future__ import annotations

import datetime as dt
import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.registry.contract import Purpose, day_in_china
from knowledge.registry.contract_worker import (
    CheckSeen,
    Dispute,
    DisputeTicket,
    WorkerProof,
    WorkerView,
)
from knowledge.registry.server.consents import Consents
from knowledge.registry.server.core import Core
from knowledge.registry.server.secrets import hash_pin, pin_matches
from knowledge.registry.server.showing import block_of, components_of, status_of
from knowledge.registry.server.tables import CheckRow, DisputeRow, PermitRow

_MOST_CHECKS = 50


class Workers:
    """Opens a worker's own record to whoever has its number and PIN; otherwise tells nothing."""

    def __init__(self, core: Core, consents: Consents) -> None:
        self._core = core
        self._consents = consents
        self._no_pin = hash_pin("000000")

    def view(self, proof: WorkerProof) -> WorkerView:
        """Status, checks passed, the last looks at the permit, and the consents still open."""
        with self._core.session() as session:
            row = self._proved(session, proof.permit_no, proof.pin)
            return WorkerView(confirmed=False) if row is None else self._record(session, row)

    def prove(self, number: str, pin: str) -> int | None:
        """The permit's row where number and PIN belong together; None for every other pair."""
        with self._core.session() as session:
            row = self._proved(session, number, pin)
            return row.id if row else None

    def record(self, permit_id: int) -> WorkerView:
        """The same view, for a holder who has proved herself before."""
        with self._core.session() as session:
            return self._record(session, session.get_one(PermitRow, permit_id))

    def _record(self, session: Session, row: PermitRow) -> WorkerView:
        today = day_in_china(self._core.now())
        status, reason = status_of(row, today)
        checks = session.scalars(
            select(CheckRow)
            .where(CheckRow.permit_id == row.id)
            .order_by(CheckRow.at.desc(), CheckRow.id.desc())
            .limit(_MOST_CHECKS)
        )
        return WorkerView(
            confirmed=True,
            status=status,
            reason_code=reason,
            permit=block_of(row),
            components=components_of(session, row, today),
            checks=[
                CheckSeen(
                    at=dt.datetime.fromtimestamp(check.at, dt.UTC),
                    by=check.client_id,
                    purpose=Purpose(check.purpose),
                    details=check.details,
                )
                for check in checks
            ],
            consents=self._consents.open_to(session, row),
        )

    def dispute(self, dispute: Dispute) -> DisputeTicket:
        """Take an objection. A ticket number is given in any case; only a proved one is kept."""
        ticket = f"D{secrets.randbelow(10**12):012d}"
        with self._core.session() as session:
            row = self._proved(session, dispute.permit_no, dispute.pin)
            if row is not None:
                session.add(
                    DisputeRow(
                        ticket_no=ticket,
                        permit_id=row.id,
                        about=dispute.about,
                        at=int(self._core.now()),
                    )
                )
        return DisputeTicket(ticket_no=ticket)

    def _proved(self, session: Session, number: str, pin: str) -> PermitRow | None:
        row = session.scalar(select(PermitRow).where(PermitRow.number == number))
        proved = pin_matches(pin, row.pin_hash if row else self._no_pin)
        return row if proved else None
