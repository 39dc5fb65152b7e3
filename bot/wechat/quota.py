"""The quota of customer-service messages, counted as the platform counts it.

Five within 48 hours of a message of the person's; three within a minute of a tap on the menu, a
follow or a scan (Tencent, "send customer message"). Each new message or act opens its window anew.
The smaller window is used up first: it is the one that closes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.conversations.rows import utc
from bot.wechat.tables import QuotaRow

AFTER_WRITING, WRITING_WINDOW = 5, dt.timedelta(hours=48)
AFTER_ACTING, ACTING_WINDOW = 3, dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Quota:
    """How many messages may still be sent to a person, and until when (None: no window is open)."""

    left: int
    until: dt.datetime | None


def opened(
    connection: Connection, openid: str, by: Literal["writing", "acting"], now: dt.datetime
) -> None:
    """The person has written, or has tapped, followed or scanned."""
    window = (
        {"wrote_until": now + WRITING_WINDOW, "wrote_left": AFTER_WRITING}
        if by == "writing"
        else {"acted_until": now + ACTING_WINDOW, "acted_left": AFTER_ACTING}
    )
    upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    start = {"openid": openid, "wrote_left": 0, "acted_left": 0, **window}
    connection.execute(
        upsert(QuotaRow)
        .values(**start)
        .on_conflict_do_update(index_elements=[QuotaRow.openid], set_=window)
    )


def quota_left(engine: Engine, openid: str, now: dt.datetime) -> Quota:
    """What is left of a person's quota, for staff to see before they write."""
    with engine.connect() as connection:
        row = connection.execute(
            select(
                QuotaRow.wrote_left, QuotaRow.wrote_until, QuotaRow.acted_left, QuotaRow.acted_until
            ).where(QuotaRow.openid == openid)
        ).one_or_none()
    if row is None:
        return Quota(0, None)
    windows = [
        (left, utc(until))
        for left, until in ((row[0], row[1]), (row[2], row[3]))
        if until is not None and utc(until) > now
    ]
    if not windows:
        return Quota(0, None)
    return Quota(sum(left for left, _ in windows), max(until for _, until in windows))


def take_one(connection: Connection, openid: str, now: dt.datetime) -> bool:
    """Count one message that is about to be sent; False when none is left."""
    for left, until in (
        (QuotaRow.acted_left, QuotaRow.acted_until),
        (QuotaRow.wrote_left, QuotaRow.wrote_until),
    ):
        done = connection.execute(
            update(QuotaRow)
            .where(QuotaRow.openid == openid, left > 0, until > now)
            .values({left: left - 1})
        )
        if done.rowcount == 1:
            return True
    return False


def give_back(connection: Connection, openid: str, now: dt.datetime) -> None:
    """A message that was counted has not been sent."""
    connection.execute(
        update(QuotaRow)
        .where(
            QuotaRow.openid == openid,
            QuotaRow.wrote_left < AFTER_WRITING,
            QuotaRow.wrote_until > now,
        )
        .values(wrote_left=QuotaRow.wrote_left + 1)
    )


def use_up(connection: Connection, openid: str) -> None:
    """The platform says that nothing is left, whatever was counted here."""
    connection.execute(
        update(QuotaRow).where(QuotaRow.openid == openid).values(wrote_left=0, acted_left=0)
    )


def close(connection: Connection, openid: str) -> None:
    """The platform says that the window is over."""
    connection.execute(
        update(QuotaRow)
        .where(QuotaRow.openid == openid)
        .values(wrote_left=0, acted_left=0, wrote_until=None, acted_until=None)
    )
