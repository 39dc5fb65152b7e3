"""Parcels of the outbox: as they are kept, as they are carried, and what came of an attempt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from sqlalchemy import DateTime, Index, Row, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from dialogs.reply import Reply
from knowledge.tables import Base

ParcelState = Literal["waiting", "held", "sent", "dead"]


class OutboxRow(Base):
    """A parcel. `held` waits until the person writes again; `dead` was given up, and may be sent
    again by hand. `sending`: message number `parts_sent` was being handed to the platform."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_state_due_at", "state", "due_at"),
        Index("ix_outbox_channel_recipient", "channel", "recipient", "state"),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    channel: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(200))
    payload: Mapped[str | None] = mapped_column(Text)  # sealed; none once delivered
    state: Mapped[ParcelState] = mapped_column(String(10))
    parts_sent: Mapped[int] = mapped_column(default=0)
    sending: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    leased_by: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Parcel:
    """One reply on its way to one person. A channel may need several messages of its own for it:
    `parts_sent` of them are delivered already, and with `maybe_sent` perhaps the next one too."""

    key: str
    channel: str
    recipient: str
    reply: Reply
    parts_sent: int = 0
    attempts: int = 0
    maybe_sent: bool = False
    lease: str = ""


# What a parcel is read from.
PARCEL = (
    OutboxRow.pk,
    OutboxRow.key,
    OutboxRow.channel,
    OutboxRow.recipient,
    OutboxRow.payload,
    OutboxRow.parts_sent,
    OutboxRow.attempts,
    OutboxRow.sending,
)


def parcel_of(row: Row[*tuple[Any, ...]], reply: Reply, lease: str) -> Parcel:
    """The parcel of a row of `PARCEL`'s columns, with what was sealed in it."""
    return Parcel(
        row.key,
        row.channel,
        row.recipient,
        reply,
        row.parts_sent,
        row.attempts,
        row.sending,
        lease,
    )


@dataclass(frozen=True)
class Delivery:
    """What became of an attempt. `reason` is a code for staff, never personal. `maybe_sent`: the
    platform did not say whether it took the message that came after `parts_sent`."""

    state: Literal["sent", "later", "held", "dead"]
    parts_sent: int = 0
    after_s: float | None = None  # for `later`; None leaves it to the outbox
    reason: str = ""
    maybe_sent: bool = False


# Says which message of a parcel is about to be handed to the platform. False: it must not be, for
# somebody else has taken the parcel over.
Announce = Callable[[int], Awaitable[bool]]


class Sender(Protocol):
    """A channel's way out."""

    channel: str

    async def send(self, parcel: Parcel, announce: Announce) -> Delivery:
        """Deliver what is left of `parcel`, announcing each message before it is sent. Raises for
        nothing that the platform does."""
        ...
