"""A permit's life: issued, activated, suspended, lost, reissued, revoked. Every change is a new
version, told to the subscribers in the same transaction."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from knowledge.registry import qr
from knowledge.registry.contract import SHANGHAI, ListKind, Reason, day_in_china
from knowledge.registry.permit_number import PermitNumber, generate
from knowledge.registry.server.core import Core, cities
from knowledge.registry.server.keys import Keyring, Keys
from knowledge.registry.server.names import canonical_name
from knowledge.registry.server.secrets import hash_pin
from knowledge.registry.server.tables import (
    ComponentRow,
    DeliveryRow,
    ListEntryRow,
    PermitRow,
    StarRow,
    SubscriptionRow,
)
from knowledge.registry.status_list import CAPACITY

Action = Literal["activate", "suspend", "lift", "report_lost", "reissue", "revoke"]
ComponentName = Literal["identity", "training", "health", "insurance", "background"]

# Which states an action may start from, and the state it leads to.
_MOVES: dict[Action, tuple[frozenset[str], str]] = {
    "activate": (frozenset({"INACTIVE"}), "ACTIVE"),
    "suspend": (frozenset({"ACTIVE", "SUSPENDED"}), "SUSPENDED"),
    "lift": (frozenset({"SUSPENDED"}), "ACTIVE"),
    "report_lost": (frozenset({"ACTIVE"}), "SUSPENDED"),
    "reissue": (frozenset({"SUSPENDED"}), "ACTIVE"),
    "revoke": (frozenset({"INACTIVE", "ACTIVE", "SUSPENDED"}), "REVOKED"),
}


class NoSuchPermit(LookupError):
    """No permit has this number."""


class NotAllowed(ValueError):
    """The action does not fit the permit's state, or lacks what it needs."""


@dataclass(frozen=True)
class NewPermit:
    """What an agency hands in for a permit. Days are days in China."""

    city: str
    full_name: str
    id_last4: str
    agency: str
    services: tuple[str, ...]
    issued_on: dt.date
    expires_on: dt.date
    # Passed on the day of issue, each with the day it runs out (None: never).
    components: Mapping[ComponentName, dt.date | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Issued:
    """What the worker receives. The PIN is shown this once; only its hash is kept."""

    number: PermitNumber
    pin: str
    qr_token: str


class Issuing:
    """The registry's desk. Raises `NoSuchPermit` and `NotAllowed`."""

    def __init__(self, core: Core, keys: Keyring) -> None:
        self._core = core
        self._keys = keys
        self._listeners: list[Callable[[str, int], None]] = []

    def listen(self, listener: Callable[[str, int], None]) -> None:
        """Tell `listener` of every change made here from now on, by number and version, once it is
        written for good. Subscribers elsewhere are told by webhooks.py."""
        self._listeners.append(listener)

    def issue(
        self, new: NewPermit, *, active: bool = True, demo: bool = False, first_digit: str = ""
    ) -> Issued:
        """Issue a permit; not active, it waits for the worker to activate it."""
        if new.city not in cities():
            raise NotAllowed(f"no such city: {new.city}; known are {', '.join(cities())}")
        if new.expires_on < new.issued_on:
            raise NotAllowed("expires before it is issued")
        keys = self._keys.current()
        pin = f"{secrets.randbelow(10**6):06d}"
        with self._core.session() as session:
            number = self._free_number(session, new.city, first_digit)
            row = PermitRow(
                number=number.value,
                full_name=canonical_name(new.full_name),
                id_last4_mac=self._last4(number, new.id_last4),
                pin_hash=hash_pin(pin),
                city=new.city,
                agency=new.agency,
                services=json.dumps(new.services, ensure_ascii=False),
                issued_on=new.issued_on,
                expires_on=new.expires_on,
                state="ACTIVE" if active else "INACTIVE",
                reason=None if active else Reason.INACTIVE,
                card=1,
                status_index=self._free_index(session),
                version=1,
                demo=demo,
            )
            session.add(row)
            session.flush()
            session.add_all(
                ComponentRow(permit_id=row.id, name=name, passed_on=new.issued_on, expires_on=until)
                for name, until in new.components.items()
            )
            return Issued(number, pin, self._qr(row, keys))

    def change(self, number: PermitNumber, action: Action, reason: Reason | None = None) -> None:
        """Carry out `action`. A suspension needs its reason."""
        before, after = _MOVES[action]
        if action == "suspend" and reason in (None, Reason.LOST, Reason.CANCELLED):
            raise NotAllowed("a suspension needs a reason of its own")
        with self._core.session() as session:
            row = self._row(session, number)
            if row.state not in before:
                raise NotAllowed(f"cannot {action} a permit that is {row.state}")
            if action == "reissue":
                if row.reason != Reason.LOST:
                    raise NotAllowed("only a lost permit is reissued")
                row.card += 1
            row.state = after
            row.reason = {"report_lost": Reason.LOST, "revoke": Reason.CANCELLED}.get(
                action, reason if action == "suspend" else None
            )
            self._changed(session, row)

    def set_expiry(self, number: PermitNumber, expires_on: dt.date) -> None:
        """Renew a permit, or let it run out on a day."""
        with self._core.session() as session:
            row = self._row(session, number)
            if expires_on < row.issued_on:
                raise NotAllowed("expires before it is issued")
            row.expires_on = expires_on
            self._changed(session, row)

    def withhold(self, number: PermitNumber, withheld: bool = True) -> None:
        """Answer for a permit as if it did not exist (a protected person), or stop doing so."""
        with self._core.session() as session:
            row = self._row(session, number)
            row.withheld = withheld
            self._changed(session, row)

    def set_component(
        self,
        number: PermitNumber,
        name: ComponentName,
        passed_on: dt.date,
        expires_on: dt.date | None,
    ) -> None:
        """Record a passed check, replacing an earlier one of the same kind."""
        with self._core.session() as session:
            row = self._row(session, number)
            session.merge(
                ComponentRow(
                    permit_id=row.id, name=name, passed_on=passed_on, expires_on=expires_on
                )
            )
            self._changed(session, row)

    def grade(self, number: PermitNumber, value: int, scheme: str, issuer: str) -> None:
        """Record a star grade given today under a scheme."""
        if not 1 <= value <= 5:
            raise NotAllowed("stars go from 1 to 5")
        with self._core.session() as session:
            row = self._row(session, number)
            today = day_in_china(self._core.now())
            session.merge(
                StarRow(
                    permit_id=row.id, value=value, scheme=scheme, issuer=issuer, graded_on=today
                )
            )
            self._changed(session, row)

    def enter_list(
        self,
        number: PermitNumber,
        kind: ListKind,
        name: str,
        authority: str,
        listed_on: dt.date,
        until: dt.date | None,
        appeal_url: str,
    ) -> None:
        """Enter a worker in a red or black list; authority, day and way to appeal are demanded."""
        if not appeal_url.startswith("https://"):
            raise NotAllowed("an entry needs an https address to appeal at")
        with self._core.session() as session:
            row = self._row(session, number)
            session.add(
                ListEntryRow(
                    permit_id=row.id,
                    name=name,
                    kind=kind,
                    authority=authority,
                    listed_on=listed_on,
                    until=until,
                    appeal_url=appeal_url,
                )
            )
            self._changed(session, row)

    def qr_token(self, number: PermitNumber) -> str:
        """The token for the QR of the card in force."""
        keys = self._keys.current()
        with self._core.session() as session:
            return self._qr(self._row(session, number), keys)

    def _qr(self, row: PermitRow, keys: Keys) -> str:
        day_after = dt.datetime.combine(row.expires_on, dt.time(), SHANGHAI) + dt.timedelta(days=1)
        return qr.issue(
            PermitNumber(row.number),
            row.card,
            row.status_index,
            int(self._core.now()),
            int(day_after.timestamp()),
            keys.signing,
        )

    def _last4(self, number: PermitNumber, last4: str) -> str:
        return self._core.secret.mac("id_last4", f"{number.value}:{last4}")

    def _row(self, session: Session, number: PermitNumber) -> PermitRow:
        statement = select(PermitRow).where(PermitRow.number == number.value).with_for_update()
        row = session.scalar(statement)
        if row is None:
            raise NoSuchPermit(number.masked)
        return row

    def _changed(self, session: Session, row: PermitRow) -> None:
        row.version += 1
        event_id, now = str(uuid.uuid4()), int(self._core.now())
        for subscription_id in session.scalars(select(SubscriptionRow.id)):
            session.add(
                DeliveryRow(
                    subscription_id=subscription_id,
                    event_id=event_id,
                    permit_id=row.id,
                    version=row.version,
                    at=now,
                    next_at=now,
                )
            )
        number, version = row.number, row.version
        for listener in self._listeners:
            event.listen(
                session, "after_commit", lambda _session, tell=listener: tell(number, version)
            )

    @staticmethod
    def _free_number(session: Session, city: str, first_digit: str) -> PermitNumber:
        while True:
            number = generate(city, first_digit)
            taken = select(PermitRow.id).where(PermitRow.number == number.value)
            if session.scalar(taken) is None:
                return number

    @staticmethod
    def _free_index(session: Session) -> int:
        while True:  # random, so that an index tells nothing of when a permit was issued
            index = secrets.randbelow(CAPACITY)
            taken = select(PermitRow.id).where(PermitRow.status_index == index)
            if session.scalar(taken) is None:
                return index
