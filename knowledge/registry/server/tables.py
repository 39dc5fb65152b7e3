"""The registry's own tables, in its own database. Instants are Unix seconds, days China's."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from knowledge.database import NAMING


class Base(DeclarativeBase):
    """The registry's own tables, apart from the bot's."""

    metadata = MetaData(naming_convention=NAMING)


class PermitRow(Base):
    """A permit. `state` is what was decided about it; expiry follows from the day."""

    __tablename__ = "permit"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(13), unique=True)
    full_name: Mapped[str] = mapped_column(String(40))
    id_last4_mac: Mapped[str] = mapped_column(String(64))
    pin_hash: Mapped[str] = mapped_column(String(160))
    city: Mapped[str] = mapped_column(String(2))
    agency: Mapped[str] = mapped_column(String(80))
    services: Mapped[str] = mapped_column(Text)  # JSON list
    issued_on: Mapped[dt.date]
    expires_on: Mapped[dt.date]
    state: Mapped[str] = mapped_column(String(12))  # INACTIVE, ACTIVE, SUSPENDED, REVOKED
    reason: Mapped[str | None] = mapped_column(String(24))
    card: Mapped[int]  # number of the card in force; earlier cards are lost ones
    status_index: Mapped[int] = mapped_column(unique=True)
    version: Mapped[int]
    withheld: Mapped[bool] = mapped_column(default=False)  # answered as if it did not exist
    demo: Mapped[bool] = mapped_column(default=False)


class ComponentRow(Base):
    """One part of a permit."""

    __tablename__ = "component"

    permit_id: Mapped[int] = mapped_column(ForeignKey("permit.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(12), primary_key=True)
    passed_on: Mapped[dt.date]
    expires_on: Mapped[dt.date | None]  # none: does not run out


class StarRow(Base):
    """A star, within its scheme."""

    __tablename__ = "star"

    permit_id: Mapped[int] = mapped_column(ForeignKey("permit.id"), primary_key=True)
    value: Mapped[int]
    scheme: Mapped[str] = mapped_column(String(80))
    issuer: Mapped[str] = mapped_column(String(80))
    graded_on: Mapped[dt.date]


class ListEntryRow(Base):
    """An entry on a list."""

    __tablename__ = "list_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(ForeignKey("permit.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(5))
    authority: Mapped[str] = mapped_column(String(80))
    listed_on: Mapped[dt.date]
    until: Mapped[dt.date | None]
    appeal_url: Mapped[str] = mapped_column(String(220))


class ConsentRow(Base):
    """A request for consent. It is kept, and runs out, alike for a number that nobody holds."""

    __tablename__ = "consent"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    permit_id: Mapped[int | None] = mapped_column(ForeignKey("permit.id"), index=True)
    client_id: Mapped[str] = mapped_column(String(60))
    asker_ref: Mapped[str] = mapped_column(String(64))
    asker_label: Mapped[str] = mapped_column(String(80))
    purpose: Mapped[str] = mapped_column(String(12))
    scopes: Mapped[str] = mapped_column(Text)  # JSON list
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[int] = mapped_column(BigInteger)
    decided_at: Mapped[int | None] = mapped_column(BigInteger)
    used_by: Mapped[str | None] = mapped_column(String(36))  # the request that spent it
    attempts: Mapped[int] = mapped_column(default=0)


class CheckRow(Base):
    """Who looked at a permit, for its holder to see."""

    __tablename__ = "permit_check"

    id: Mapped[int] = mapped_column(primary_key=True)
    permit_id: Mapped[int] = mapped_column(ForeignKey("permit.id"), index=True)
    client_id: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(String(12))
    details: Mapped[bool]
    at: Mapped[int] = mapped_column(BigInteger)


class AnsweredRow(Base):
    """Answers of the last minutes by request id, so that a repeated request is answered once."""

    __tablename__ = "answered"
    __table_args__ = (Index("ix_answered_at", "at"),)

    client_id: Mapped[str] = mapped_column(String(60), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    body_mac: Mapped[str] = mapped_column(String(64))
    response: Mapped[str] = mapped_column(Text)
    at: Mapped[int] = mapped_column(BigInteger)


class KeyRow(Base):
    """A signing key, its private part sealed. A retired key verifies; a revoked one is gone."""

    __tablename__ = "signing_key"

    kid: Mapped[str] = mapped_column(String(16), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    public: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(BigInteger)
    retired_at: Mapped[int | None] = mapped_column(BigInteger)


class ClientRow(Base):
    """A program that may ask, and for what."""

    __tablename__ = "client"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    label: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(Text)  # JSON list


class SubscriptionRow(Base):
    """A bot that is told of changes."""

    __tablename__ = "subscription"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(300), unique=True)
    sealed_key: Mapped[str] = mapped_column(Text)


class DeliveryRow(Base):
    """A change still to be told to a subscriber."""

    __tablename__ = "delivery"
    __table_args__ = (UniqueConstraint("subscription_id", "event_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    event_id: Mapped[str] = mapped_column(String(36))
    permit_id: Mapped[int] = mapped_column(ForeignKey("permit.id"))
    version: Mapped[int]
    at: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[int] = mapped_column(BigInteger, index=True)
    delivered_at: Mapped[int | None] = mapped_column(BigInteger)


class DisputeRow(Base):
    """Something that a worker contests."""

    __tablename__ = "dispute"

    ticket_no: Mapped[str] = mapped_column(String(20), primary_key=True)
    permit_id: Mapped[int] = mapped_column(ForeignKey("permit.id"))
    about: Mapped[str] = mapped_column(String(12))
    at: Mapped[int] = mapped_column(BigInteger)
