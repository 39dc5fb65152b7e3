"""Whether an answer was of use, and why not: one rating a turn, the last one given counts.

Staff may ask for one in the conversation: a turn whose intent is `RATING_REQUEST`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import Connection, DateTime, Engine, ForeignKey, Text, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.held import Held
from bot.conversations.kept import turn_pk
from bot.conversations.rows import TurnRow
from bot.redact import redact
from dialogs.reply import Block, Option, Reply, Statement, Status
from dialogs.wording import say
from knowledge.tables import Base

RATING_REQUEST = "rating_request"
MOST_REASON = 200  # characters


class RatingRow(Base):
    """What somebody thought of a turn's reply. The reason is redacted; empty: none was given."""

    __tablename__ = "rating"

    pk: Mapped[int] = mapped_column(primary_key=True)
    turn_pk: Mapped[int] = mapped_column(ForeignKey("turn.pk"), unique=True)
    useful: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


def rate(
    engine: Engine,
    channel: str,
    conversation: str,
    message_id: str,
    *,
    useful: bool,
    reason: str,
    now: dt.datetime,
) -> bool:
    """Keep a rating of the reply to a message; a second one replaces the first. False where the
    conversation has no such message."""
    with engine.begin() as connection:
        turn = turn_pk(connection, channel, conversation, message_id)
        if turn is None:
            return False
        rate_turn(connection, turn, useful=useful, reason=reason, now=now)
        return True


def rate_turn(
    connection: Connection, turn: int, *, useful: bool, reason: str, now: dt.datetime
) -> None:
    """Keep a rating of a turn's reply, in the transaction of `connection`."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    said = {"useful": useful, "reason": redact(reason.strip()[:MOST_REASON]), "at": now}
    connection.execute(
        insert(RatingRow)
        .values(turn_pk=turn, **said)
        .on_conflict_do_update(index_elements=["turn_pk"], set_=said)
    )


def ratings_of(engine: Engine, turn_pks: Iterable[int]) -> dict[int, bool]:
    """Whether each of these turns was of use, of those that were rated."""
    wanted = select(RatingRow.turn_pk, RatingRow.useful).where(RatingRow.turn_pk.in_(turn_pks))
    with engine.connect() as connection:
        return {row.turn_pk: row.useful for row in connection.execute(wanted)}


def rating_request() -> Reply:
    """Asks in the conversation whether the talk was of use."""
    yes, no = say("handoff.rate_yes"), say("handoff.rate_no")
    return Reply(
        Status.HANDED_OFF,
        (Block("question", (Statement(say("handoff.rate")),)),),
        options=(Option(yes, yes), Option(no, no)),
        intent=RATING_REQUEST,
    )


def rating_asked(conversation: Held) -> int | None:
    """The conversation's last turn, if it asks for a rating that nobody has given."""
    last = conversation.connection.execute(
        select(TurnRow.pk, TurnRow.intent, TurnRow.speaker)
        .where(TurnRow.conversation_pk == conversation.pk)
        .order_by(TurnRow.pk.desc())
        .limit(1)
    ).one_or_none()
    asks = last is not None and (last.intent, last.speaker) == (RATING_REQUEST, "bot")
    return last.pk if last is not None and asks else None
