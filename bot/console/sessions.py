"""Log-ins as they are kept on the server. The browser has a random token; here is only its hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    ForeignKey,
    String,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.console.accounts import COLUMNS, Account, AccountRow, account_of, utc
from knowledge.tables import Base

_NOTED_EVERY = dt.timedelta(minutes=1)  # how exactly the last use is known


class SessionRow(Base):
    """One log-in; gone as soon as it is ended."""

    __tablename__ = "console_session"

    pk: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_pk: Mapped[int] = mapped_column(ForeignKey("account.pk"), index=True)
    address: Mapped[str] = mapped_column(String(60))
    agent: Mapped[str] = mapped_column(String(60))  # the browser in words
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True)
class Lifetime:
    """How long a log-in lasts: without being used, and in all."""

    idle: dt.timedelta
    whole: dt.timedelta


@dataclass(frozen=True)
class Session:
    """An open log-in."""

    pk: int
    address: str
    agent: str
    created_at: dt.datetime
    seen_at: dt.datetime


def begin(
    connection: Connection, account_pk: int, address: str, agent: str, now: dt.datetime
) -> str:
    """Open a session; its token, which is always a new one."""
    token = secrets.token_urlsafe(32)
    connection.execute(
        insert(SessionRow).values(
            token_hash=_hash(token),
            account_pk=account_pk,
            address=address[:60],
            agent=agent[:60],
            created_at=now,
            seen_at=now,
        )
    )
    return token


def find(
    connection: Connection, token: str, now: dt.datetime, lifetime: Lifetime
) -> tuple[Session, Account] | None:
    """The open session of a token, and whose it is; None for one that is unknown, ended or past its
    time, or whose account is disabled."""
    row = connection.execute(
        select(
            *COLUMNS,
            SessionRow.pk.label("session_pk"),
            SessionRow.address,
            SessionRow.agent,
            SessionRow.created_at.label("begun_at"),
            SessionRow.seen_at,
        )
        .join(AccountRow, AccountRow.pk == SessionRow.account_pk)
        .where(
            SessionRow.token_hash == _hash(token),
            _open(now, lifetime),
            AccountRow.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    session = Session(row.session_pk, row.address, row.agent, utc(row.begun_at), utc(row.seen_at))
    return session, account_of(row)


def note_use(connection: Connection, session: Session, now: dt.datetime) -> bool:
    """Keep that the session is in use, once a minute at most; whether anything was written."""
    if now - session.seen_at < _NOTED_EVERY:
        return False
    connection.execute(update(SessionRow).where(SessionRow.pk == session.pk).values(seen_at=now))
    return True


def of_account(
    connection: Connection, account_pk: int, now: dt.datetime, lifetime: Lifetime
) -> list[Session]:
    """The account's open sessions, the last used first."""
    rows = connection.execute(
        select(SessionRow)
        .with_only_columns(
            SessionRow.pk,
            SessionRow.address,
            SessionRow.agent,
            SessionRow.created_at,
            SessionRow.seen_at,
        )
        .where(SessionRow.account_pk == account_pk, _open(now, lifetime))
        .order_by(SessionRow.seen_at.desc(), SessionRow.pk.desc())
    )
    return [
        Session(row.pk, row.address, row.agent, utc(row.created_at), utc(row.seen_at))
        for row in rows
    ]


def counts(connection: Connection, now: dt.datetime, lifetime: Lifetime) -> dict[int, int]:
    """How many open sessions each account has; accounts without one are left out."""
    rows = connection.execute(
        select(SessionRow.account_pk, func.count().label("number"))
        .where(_open(now, lifetime))
        .group_by(SessionRow.account_pk)
    )
    return {row.account_pk: row.number for row in rows}


def end(connection: Connection, account_pk: int, session_pk: int) -> bool:
    """End one of the account's sessions; False where the account has no such session."""
    done = connection.execute(
        delete(SessionRow).where(SessionRow.pk == session_pk, SessionRow.account_pk == account_pk)
    )
    return done.rowcount > 0


def end_all(connection: Connection, account_pk: int, but: int | None = None) -> None:
    """End the account's sessions, `but` one."""
    ended = delete(SessionRow).where(SessionRow.account_pk == account_pk)
    connection.execute(ended if but is None else ended.where(SessionRow.pk != but))


def forget_old(connection: Connection, now: dt.datetime, lifetime: Lifetime) -> None:
    """Delete what is past its time."""
    connection.execute(delete(SessionRow).where(~_open(now, lifetime)))


def csrf_of(token: str) -> str:
    """The token that a form of this session carries. It is made of the session's own token, so it
    needs no place of its own and is no other session's."""
    return hmac.new(token.encode(), b"anxin-console-csrf", hashlib.sha256).hexdigest()


def _open(now: dt.datetime, lifetime: Lifetime) -> ColumnElement[bool]:
    return (SessionRow.created_at > now - lifetime.whole) & (
        SessionRow.seen_at > now - lifetime.idle
    )


def _hash(token: str) -> str:
    # No salt and no slow hash: the token is 256 random bits.
    return hashlib.sha256(token.encode()).hexdigest()
