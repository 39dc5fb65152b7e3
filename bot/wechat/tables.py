"""What the WeChat channel keeps in the database: any process can go on where another stopped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from sqlalchemy import Connection, DateTime, Engine, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from knowledge.tables import Base

CHANNEL = "wechat"
Moment = DateTime(timezone=True)


class TokenRow(Base):
    """The access token of an account, sealed. Whoever holds the lease fetches a new one."""

    __tablename__ = "wechat_token"

    app_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)  # empty: none yet
    expires_at: Mapped[dt.datetime] = mapped_column(Moment)
    leased_until: Mapped[dt.datetime] = mapped_column(Moment)
    forced_at: Mapped[dt.datetime] = mapped_column(Moment)  # of the last forced refresh


class QuotaRow(Base):
    """How many customer-service messages a person may still be sent, by what opened the window."""

    __tablename__ = "wechat_quota"

    openid: Mapped[str] = mapped_column(String(100), primary_key=True)
    wrote_until: Mapped[dt.datetime | None] = mapped_column(Moment)
    wrote_left: Mapped[int] = mapped_column(default=0)
    acted_until: Mapped[dt.datetime | None] = mapped_column(Moment)
    acted_left: Mapped[int] = mapped_column(default=0)


LateState = Literal["slow", "late", "told", "sent"]


class LateRow(Base):
    """A message whose answer did not go back in the first request. `slow`: it still may, for WeChat
    asks again; `told`: it did. `late`: it will not, and whoever finishes the turn puts it into the
    outbox; `sent`: it is there."""

    __tablename__ = "wechat_late"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    openid: Mapped[str] = mapped_column(String(100), index=True)
    sealed: Mapped[str] = mapped_column(Text)  # the message; empty once told or sent
    state: Mapped[LateState] = mapped_column(String(10))
    tries: Mapped[int] = mapped_column(default=0)  # requests that ran out of time
    came_at: Mapped[dt.datetime] = mapped_column(Moment)
    due_at: Mapped[dt.datetime] = mapped_column(Moment, index=True)  # then another may finish it


class AnswerRow(Base):
    """A reply that took other things along: a repeat of its message gets the very same."""

    __tablename__ = "wechat_answer"

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(Moment, index=True)


class RequestRow(Base):
    """A signature that was used, and for which message: in plain mode it does not cover the body,
    and must not serve for another."""

    __tablename__ = "wechat_request"

    signature: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(100))
    at: Mapped[dt.datetime] = mapped_column(Moment, index=True)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that will write. SQLite's lock is taken at once: one that began by reading
    could not be sure of it later."""
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
