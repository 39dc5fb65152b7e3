"""What is held of a permit, in the form in which the contract shows it on a given day.

Who may see which of it is for answering.py to say.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge.registry.contract import (
    Component,
    Components,
    ComponentState,
    ListEntry,
    ListKind,
    PermitBlock,
    Reason,
    Star,
    Status,
)
from knowledge.registry.contract_worker import DetailScope
from knowledge.registry.permit_number import mask
from knowledge.registry.server.core import cities
from knowledge.registry.server.names import mask_name
from knowledge.registry.server.tables import ComponentRow, ListEntryRow, PermitRow, StarRow

_DUE_DAYS = 30
_COMPONENTS = ("identity", "training", "health", "insurance", "background")


def status_of(
    row: PermitRow, today: dt.date, lost_card: bool = False, run_out: bool = False
) -> tuple[Status, Reason | None]:
    """The status today and its reason. A permit holds to the end of its last day in China."""
    if row.state == "REVOKED":
        return Status.REVOKED, Reason.CANCELLED
    if run_out or row.expires_on < today:
        return Status.EXPIRED, None
    if lost_card:
        return Status.SUSPENDED, Reason.LOST
    if row.state == "ACTIVE":
        return Status.VALID, None
    return Status.SUSPENDED, Reason(row.reason) if row.reason else None


def block_of(row: PermitRow) -> PermitBlock:
    """What may be shown of a permit to whoever proved to know it."""
    return PermitBlock(
        no_masked=mask(row.number),
        name_masked=mask_name(row.full_name),
        city=cities()[row.city].name,
        issued_on=row.issued_on,
        expires_on=row.expires_on,
        service_types=json.loads(row.services),
        agency_name=row.agency,
    )


def components_of(session: Session, row: PermitRow, today: dt.date) -> Components:
    """The worker's checks as of today."""
    held = {
        component.name: component
        for component in session.scalars(
            select(ComponentRow).where(ComponentRow.permit_id == row.id)
        )
    }
    return Components(**{name: _component(held.get(name), today) for name in _COMPONENTS})


def details_of(
    session: Session, row: PermitRow, scopes: Collection[DetailScope], today: dt.date
) -> dict[str, Any]:
    """What the worker lets an asker see, as fields of the answer."""
    details: dict[str, Any] = {}
    if DetailScope.COMPONENTS in scopes:
        details["components"] = components_of(session, row, today)
    if DetailScope.STAR in scopes and (star := session.get(StarRow, row.id)):
        details["star"] = Star(
            value=star.value, scheme=star.scheme, issuer=star.issuer, graded_on=star.graded_on
        )
    if DetailScope.LISTS in scopes:
        details["lists"] = _lists(session, row, today)
    return details


def _lists(session: Session, row: PermitRow, today: dt.date) -> list[ListEntry]:
    entries = session.scalars(
        select(ListEntryRow)
        .where(ListEntryRow.permit_id == row.id)
        .order_by(ListEntryRow.listed_on.desc())
        .limit(20)
    )
    return [
        ListEntry(
            name=entry.name,
            kind=ListKind(entry.kind),
            authority=entry.authority,
            listed_on=entry.listed_on,
            until=entry.until,
            appeal_url=entry.appeal_url,
        )
        for entry in entries
        if entry.until is None or entry.until >= today
    ]


def _component(row: ComponentRow | None, today: dt.date) -> Component:
    if row is None:
        return Component(state=ComponentState.MISSING)
    if row.expires_on is None:
        return Component(state=ComponentState.OK)
    month = f"{row.expires_on:%Y-%m}"
    if row.expires_on < today:
        return Component(state=ComponentState.EXPIRED, expires_month=month)
    if row.expires_on <= today + dt.timedelta(days=_DUE_DAYS):
        return Component(state=ComponentState.DUE, expires_month=month)
    return Component(state=ComponentState.OK, expires_month=month)
