"""What cannot go back in the answer to a request: kept until it is delivered, or visibly given up.

At least once, in order for each person: a parcel's key keeps it from being put twice, a lease keeps
two processes from sending it at once, and what is left of a lease that nobody ended is sent again.
That a message is being handed to the platform is written down first: a process that dies before
leaves nothing in doubt, and what one that dies in between may have sent is sent with a word of it.
Payloads are sealed, for they may hold what only the person may read, and wiped when delivered.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from bot.delivery.parcels import PARCEL, Delivery, OutboxRow, Parcel, ParcelState, parcel_of
from bot.delivery.retrying import outcome
from bot.sealing import Seal
from dialogs.reply import Reply

LEASE = dt.timedelta(seconds=60)
_REPLY = TypeAdapter(Reply)


class Outbox:
    """The parcels of every channel. Safe to share between threads and processes.

    `channels` are those that parcels can be put for; the others read the conversation's turns by
    themselves. `wake` is called when something new is there to send.
    """

    def __init__(self, engine: Engine, seal: Seal, now: Callable[[], dt.datetime]) -> None:
        self._engine = engine
        self._seal = seal
        self._now = now
        self.channels: frozenset[str] = frozenset()
        self.wake: Callable[[], None] = lambda: None

    def put(
        self,
        connection: Connection,
        channel: str,
        recipient: str,
        reply: Reply,
        key: str,
        parts_sent: int = 0,
        state: Literal["waiting", "held"] = "waiting",
        *,
        maybe_sent: bool = False,
    ) -> None:
        """Keep `reply` for `recipient` in the transaction of `connection`. A key that is known
        puts nothing."""
        upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        connection.execute(
            upsert(OutboxRow)
            .values(
                key=key,
                channel=channel,
                recipient=recipient,
                payload=self._seal.seal(_REPLY.dump_json(reply).decode(), _bound(key)),
                state=state,
                parts_sent=parts_sent,
                sending=maybe_sent,
                attempts=0,
                reason="",
                created_at=self._now(),
                due_at=self._now(),
            )
            .on_conflict_do_nothing()
        )

    def release(self, connection: Connection, channel: str, recipient: str) -> None:
        """The person has written: what was held may be tried again."""
        connection.execute(
            _RELEASE, {"of_channel": channel, "of_person": recipient, "due_at": self._now()}
        )

    def collect(
        self,
        channel: str,
        recipient: str,
        connection: Connection | None = None,
        *,
        sending: bool = False,
    ) -> list[Parcel]:
        """Take over everything that waits for this person, oldest first; it counts as delivered,
        with the transaction of `connection` if there is one.

        What a courier has in its hands is taken from it, unless it is being handed to the platform
        right now: that is left, or with `sending` taken as what may have been sent.
        """
        if connection is None:
            with self._engine.begin() as own:
                return self.collect(channel, recipient, own, sending=sending)
        which = [_of(channel, recipient), OutboxRow.state.in_(("waiting", "held"))]
        if not sending:
            which.append(or_(_unleased(self._now()), OutboxRow.sending.is_(False)))
        rows = connection.execute(
            select(*PARCEL).where(*which).order_by(OutboxRow.pk).with_for_update()
        ).all()
        parcels = self._opened(connection, rows)
        connection.execute(
            update(OutboxRow)
            .where(OutboxRow.key.in_([parcel.key for parcel in parcels]))
            .values(state="sent", payload=None, finished_at=self._now(), leased_by=None)
        )
        return parcels

    def claim(self, limit: int = 20) -> list[Parcel]:
        """Lease what is due, one parcel a person: the oldest, unless it is held."""
        now = self._now()
        earlier = aliased(OutboxRow)
        first = (
            select(func.min(earlier.pk))
            .where(
                earlier.channel == OutboxRow.channel,
                earlier.recipient == OutboxRow.recipient,
                earlier.state.in_(("waiting", "held")),
            )
            .scalar_subquery()
        )
        due = (
            select(*PARCEL)
            .where(
                OutboxRow.state == "waiting",
                OutboxRow.due_at <= now,
                OutboxRow.channel.in_(self.channels),
                _unleased(now),
                OutboxRow.pk == first,
            )
            .order_by(OutboxRow.due_at)
            .limit(limit)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(due).all()
        lease = uuid.uuid4().hex
        leased = [row for row in rows if self._lease(row.pk, lease, now)]
        if not leased:
            return []
        with self._engine.begin() as connection:
            return self._opened(connection, leased, lease)

    def announce(self, parcel: Parcel, part: int) -> bool:
        """Write down that message number `part` of a leased parcel is about to be handed to the
        platform. False: the parcel is not the caller's any more."""
        with self._engine.begin() as connection:
            done = connection.execute(
                update(OutboxRow)
                .where(OutboxRow.key == parcel.key, OutboxRow.leased_by == parcel.lease)
                .values(sending=True, parts_sent=part, leased_until=self._now() + LEASE)
            )
            return done.rowcount == 1

    def settle(self, parcel: Parcel, delivery: Delivery) -> None:
        """Write down what became of a leased parcel, unless it has been taken over."""
        with self._engine.begin() as connection:
            connection.execute(
                update(OutboxRow)
                .where(OutboxRow.key == parcel.key, OutboxRow.leased_by == parcel.lease)
                .values(**outcome(parcel, delivery, self._now()))
            )

    def replay(self, key: str | None = None) -> int:
        """Send dead parcels again (one by its key, or all); how many."""
        which = [OutboxRow.state == "dead", OutboxRow.payload.is_not(None)]
        if key is not None:
            which.append(OutboxRow.key == key)
        with self._engine.begin() as connection:
            done = connection.execute(
                update(OutboxRow)
                .where(*which)
                .values(state="waiting", attempts=0, due_at=self._now(), finished_at=None)
            )
        self.wake()
        return done.rowcount

    def listed(self, state: ParcelState, limit: int = 100) -> Sequence[OutboxRow]:
        """Parcels of a state, newest first, for those who look after the delivery."""
        with Session(self._engine) as session:
            return session.scalars(
                select(OutboxRow)
                .where(OutboxRow.state == state)
                .order_by(OutboxRow.pk.desc())
                .limit(limit)
            ).all()

    def counts(self) -> dict[ParcelState, int]:
        """How many parcels are in each state."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(OutboxRow.state, func.count()).group_by(OutboxRow.state)
            )
            return {row[0]: row[1] for row in rows}

    def undelivered(self, channel: str, recipient: str) -> dict[ParcelState, int]:
        """How many of one person's parcels have not arrived, by state; staff see it. What waits
        behind one that is held counts as held."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(OutboxRow.state, func.count())
                .where(_of(channel, recipient), OutboxRow.state != "sent")
                .group_by(OutboxRow.state)
            )
            found: dict[ParcelState, int] = {row[0]: row[1] for row in rows}
        if "held" in found:
            found["held"] += found.pop("waiting", 0)
        return found

    def _lease(self, pk: int, lease: str, now: dt.datetime) -> bool:
        with self._engine.begin() as connection:
            done = connection.execute(
                update(OutboxRow)
                .where(OutboxRow.pk == pk, OutboxRow.state == "waiting", _unleased(now))
                .values(leased_by=lease, leased_until=now + LEASE)
            )
            return done.rowcount == 1

    def _opened(
        self, connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]], lease: str = ""
    ) -> list[Parcel]:
        """The parcels of `rows`. One that was sealed with another key nobody will ever read: it is
        given up, and does not stop the others."""
        plain = {row.pk: self._seal.unseal(row.payload or "", _bound(row.key)) for row in rows}
        lost = [pk for pk, text in plain.items() if text is None]
        if lost:
            connection.execute(
                update(OutboxRow)
                .where(OutboxRow.pk.in_(lost))
                .values(
                    state="dead",
                    reason="sealed_with_another_key",
                    payload=None,
                    finished_at=self._now(),
                    leased_by=None,
                )
            )
        return [
            parcel_of(row, _REPLY.validate_json(text), lease)
            for row in rows
            if (text := plain[row.pk]) is not None
        ]


def _bound(key: str) -> str:
    return f"outbox:{key}"


def _of(channel: str, recipient: str) -> ColumnElement[bool]:
    return and_(OutboxRow.channel == channel, OutboxRow.recipient == recipient)


def _unleased(now: dt.datetime) -> ColumnElement[bool]:
    return or_(OutboxRow.leased_until.is_(None), OutboxRow.leased_until < now)


# Run in every turn, and so built once.
_RELEASE = (
    update(OutboxRow)
    .where(
        OutboxRow.channel == bindparam("of_channel"),
        OutboxRow.recipient == bindparam("of_person"),
        OutboxRow.state == "held",
    )
    .values(state="waiting", attempts=0, due_at=bindparam("due_at"))
)
