"""Conversations in the hands of staff: asked for, waiting, taken, given back, closed.

A conversation has one open hand-over at most (the database sees to it), and one member of staff:
who takes it first has it. While somebody has it the bot is silent.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Engine,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    Text,
    func,
    insert,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from bot.hours import Span, spoken
from bot.outbox import Outbox
from bot.sealing import Seal
from bot.storage import ConversationRow, Held, held, note_change, utc
from dialogs.handoff import Staffing
from dialogs.reply import Block, Message, Option, Reply, Statement, Status
from dialogs.wording import say
from knowledge.tables import Base

State = Literal["waiting", "staff", "contact", "closed"]
OPEN: tuple[State, ...] = ("waiting", "staff", "contact")
Reason = Literal["asked", "contact", "staff"]
# Channels whose clients read a conversation's turns by themselves; others are sent them.
READ_TURNS = frozenset(("web",))
_OPEN = text("state IN ('waiting', 'staff', 'contact')")


class HandoverRow(Base):
    """One hand-over. `contact` wants to be called back; `meant_for` is the colleague it was
    transferred to; `seen_at` is when the member of staff was last there."""

    __tablename__ = "handover"
    __table_args__ = (
        Index(
            "uq_handover_open",
            "conversation_pk",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    pk: Mapped[int] = mapped_column(primary_key=True)
    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"))
    state: Mapped[State] = mapped_column(String(10), index=True)
    reason: Mapped[Reason] = mapped_column(String(20))
    staff: Mapped[str | None] = mapped_column(String(60))
    meant_for: Mapped[str | None] = mapped_column(String(60))
    contact: Mapped[str | None] = mapped_column(Text)  # sealed
    asked_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    taken_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    closed_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    code: Mapped[str | None] = mapped_column(String(20))


@dataclass(frozen=True)
class Handover:
    """A hand-over and the conversation it is about."""

    pk: int
    conversation_pk: int
    channel: str
    conversation: str
    state: State
    reason: Reason
    staff: str | None
    meant_for: str | None
    has_contact: bool
    asked_at: dt.datetime
    taken_at: dt.datetime | None
    closed_at: dt.datetime | None
    code: str | None


class Handovers:
    """The hand-overs of every channel. Safe to share between threads and processes.

    `hours` are the working hours (none: always); `anybody` says whether somebody has an account.
    """

    def __init__(
        self,
        engine: Engine,
        outbox: Outbox,
        seal: Seal,
        now: Callable[[], dt.datetime],
        hours: Sequence[Span] = (),
        anybody: Callable[[], bool] = lambda: False,
    ) -> None:
        self._engine = engine
        self._outbox = outbox
        self._seal = seal
        self._now = now
        self._hours = tuple(hours)
        self._anybody = anybody

    # --- the person's side: inside the turn of a message ----------------------------------------

    def staffing(self, channel: str) -> Staffing:
        """Whether a member of staff could take a conversation of `channel` over now. Nobody can
        where what they say would not reach the person (a REST client hears only when it asks)."""
        reached = channel in READ_TURNS or channel in self._outbox.channels
        if not reached or not self._anybody():
            return Staffing()
        hours = spoken(self._hours)
        if self._hours and not any(span.holds(self._now()) for span in self._hours):
            return Staffing("closed", hours)
        with self._engine.connect() as connection:
            return Staffing("open", hours, self._waiting_before(connection, None))

    def open_of(self, conversation: Held) -> Handover | None:
        """The conversation's open hand-over."""
        row = conversation.connection.execute(
            _select().where(
                HandoverRow.conversation_pk == conversation.pk, HandoverRow.state.in_(OPEN)
            )
        ).one_or_none()
        return None if row is None else _handover(row)

    def waiting_before(self, conversation: Held, handover: Handover) -> int:
        """How many have waited longer."""
        return self._waiting_before(conversation.connection, handover)

    def before(self, handover: Handover) -> int:
        """The same, outside a turn."""
        with self._engine.connect() as connection:
            return self._waiting_before(connection, handover)

    def ask(self, conversation: Held, contact: str | None = None) -> None:
        """The person wants a member of staff, or to be called back at `contact` (kept sealed)."""
        conversation.begin_writing()
        known = self.open_of(conversation)
        values: dict[str, object] = {"state": "contact" if contact else "waiting"}
        if contact:
            values["contact"] = self._seal.seal(contact, _bound(conversation.pk))
        if known is None:
            values |= {
                "conversation_pk": conversation.pk,
                "reason": "contact" if contact else "asked",
                "asked_at": self._now(),
            }
            conversation.connection.execute(insert(HandoverRow).values(**values))
        elif known.state != "staff":
            conversation.connection.execute(
                update(HandoverRow).where(HandoverRow.pk == known.pk).values(**values)
            )

    def stop_waiting(self, conversation: Held, handover: Handover) -> None:
        """The person does not want to wait any longer."""
        conversation.begin_writing()
        self._close(conversation.connection, handover.pk, "gave_up")

    # --- the staff's side -----------------------------------------------------------------------

    def listed(self, states: Sequence[State] = OPEN, limit: int = 200) -> list[Handover]:
        """Hand-overs of the states, longest waiting first."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                _select()
                .where(HandoverRow.state.in_(states))
                .order_by(HandoverRow.asked_at)
                .limit(limit)
            )
            return [_handover(row) for row in rows]

    def find(self, pk: int) -> Handover | None:
        """A hand-over by its number."""
        with self._engine.connect() as connection:
            row = connection.execute(_select().where(HandoverRow.pk == pk)).one_or_none()
        return None if row is None else _handover(row)

    def of_conversation(self, conversation_pk: int) -> Handover | None:
        """The newest hand-over of a conversation, open or closed."""
        with self._engine.connect() as connection:
            row = connection.execute(
                _select()
                .where(HandoverRow.conversation_pk == conversation_pk)
                .order_by(HandoverRow.pk.desc())
                .limit(1)
            ).one_or_none()
        return None if row is None else _handover(row)

    def contact(self, pk: int) -> str | None:
        """What the person left to be called back at. Personal: a look at it goes in the audit."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(HandoverRow.contact, HandoverRow.conversation_pk).where(HandoverRow.pk == pk)
            ).one_or_none()
        if row is None or row.contact is None:
            return None
        return self._seal.unseal(row.contact, _bound(row.conversation_pk))

    def take(self, pk: int, staff: str) -> bool:
        """Take a waiting conversation, or one to be called back. False: somebody else has it, it
        is closed, or it is meant for a colleague."""
        now = self._now()
        with self._engine.begin() as connection:
            done = connection.execute(
                update(HandoverRow)
                .where(
                    HandoverRow.pk == pk,
                    HandoverRow.state.in_(("waiting", "contact")),
                    HandoverRow.meant_for.is_(None) | (HandoverRow.meant_for == staff),
                )
                .values(state="staff", staff=staff, meant_for=None, taken_at=now, seen_at=now)
            )
        if done.rowcount != 1:
            return False
        self._tell(pk, "handoff.staff_came")
        return True

    def take_over(self, conversation_pk: int, staff: str) -> int | None:
        """Take a conversation that nobody asked a person for; the hand-over's number. None when
        there is an open hand-over already (take that one)."""
        now = self._now()
        try:
            with self._engine.begin() as connection:
                pk = connection.execute(
                    insert(HandoverRow)
                    .values(
                        conversation_pk=conversation_pk,
                        state="staff",
                        reason="staff",
                        staff=staff,
                        asked_at=now,
                        taken_at=now,
                        seen_at=now,
                    )
                    .returning(HandoverRow.pk)
                ).scalar_one()
        except IntegrityError:
            return None
        self._tell(pk, "handoff.staff_came")
        return pk

    def say(self, pk: int, staff: str, words: str) -> bool:
        """Say something to the person. False: the conversation is not this member of staff's."""
        return self._speak(pk, _talk(words), staff=staff)

    def seen(self, pk: int, staff: str) -> bool:
        """The member of staff is still there. False: the conversation is no longer theirs."""
        with self._engine.begin() as connection:
            done = connection.execute(
                update(HandoverRow).where(*_theirs(pk, staff)).values(seen_at=self._now())
            )
        return done.rowcount == 1

    def transfer(self, pk: int, staff: str, to: str) -> bool:
        """Pass it on to a colleague, who has to take it."""
        with self._engine.begin() as connection:
            done = connection.execute(
                update(HandoverRow)
                .where(*_theirs(pk, staff))
                .values(state="waiting", staff=None, meant_for=to, asked_at=self._now())
            )
        if done.rowcount != 1:
            return False
        self._changed(pk)
        return True

    def close(self, pk: int, staff: str, code: str, *, ask_rating: bool = False) -> bool:
        """End it: the bot answers again. `code` says how it ended; a rating may be asked for."""
        with self._engine.begin() as connection:
            if not self._close(connection, pk, code, *_theirs(pk, staff)):
                return False
        self._tell(pk, "handoff.back_to_bot")
        if ask_rating:
            yes, no = say("handoff.rate_yes"), say("handoff.rate_no")
            self._speak(
                pk,
                Reply(
                    Status.ANSWERED,
                    (Block("question", (Statement(say("handoff.rate")),)),),
                    options=(Option(yes, yes), Option(no, no)),
                    intent="rating_request",
                ),
            )
        return True

    def release_vanished(self, away: dt.timedelta) -> int:
        """Give conversations back to the queue whose member of staff has not been seen for so
        long; how many."""
        gone = self._now() - away
        with self._engine.connect() as connection:
            pks = connection.execute(
                select(HandoverRow.pk).where(
                    HandoverRow.state == "staff", HandoverRow.seen_at < gone
                )
            ).scalars()
            lost = list(pks)
        released = 0
        for pk in lost:
            with self._engine.begin() as connection:
                done = connection.execute(
                    update(HandoverRow)
                    .where(
                        HandoverRow.pk == pk,
                        HandoverRow.state == "staff",
                        HandoverRow.seen_at < gone,
                    )
                    .values(state="waiting", staff=None)
                )
            if done.rowcount == 1:
                self._tell(pk, "handoff.vanished")
                released += 1
        return released

    # --- common ---------------------------------------------------------------------------------

    def speak(self, conversation: Held, place: tuple[str, str], reply: Reply, **by: str) -> None:
        """Add a turn that nobody's message began, and send it where the channel must be sent to."""
        channel, person = place
        now = self._now()
        message = Message(
            "",
            person,
            f"{'staff' if by else 'bot'}-{uuid.uuid4().hex}",
            channel,
            speaker="staff" if by else "bot",
            staff=by.get("staff"),
        )
        conversation.add_turn(message, reply, conversation.memory, now, now)
        if channel in self._outbox.channels:
            self._outbox.put(conversation.connection, channel, person, reply, message.id)

    def _speak(self, pk: int, reply: Reply, staff: str | None = None) -> bool:
        found = self.find(pk)
        if found is None:
            return False
        place = (found.channel, found.conversation)
        with held(self._engine, *place, self._now()) as conversation:
            if staff is not None:
                now_open = self.open_of(conversation)
                if now_open is None or now_open.pk != pk or now_open.staff != staff:
                    return False
                self.speak(conversation, place, reply, staff=staff)
            else:
                self.speak(conversation, place, reply)
        self.wake()
        return True

    def wake(self) -> None:
        """Have what was put in the outbox sent at once."""
        self._outbox.wake()

    def _tell(self, pk: int, wording: str) -> None:
        self._speak(pk, _talk(say(wording)))

    def _changed(self, pk: int) -> None:
        found = self.find(pk)
        if found is not None:
            with self._engine.begin() as connection:
                note_change(connection, found.conversation_pk, self._now())

    def _close(
        self, connection: Connection, pk: int, code: str, *where: ColumnElement[bool]
    ) -> bool:
        conditions = where or (HandoverRow.pk == pk, HandoverRow.state.in_(OPEN))
        done = connection.execute(
            update(HandoverRow)
            .where(*conditions)
            .values(state="closed", code=code, closed_at=self._now(), contact=None)
        )
        return done.rowcount == 1

    def _waiting_before(self, connection: Connection, handover: Handover | None) -> int:
        waiting = select(func.count()).where(HandoverRow.state == "waiting")
        if handover is not None:
            longer = tuple_(HandoverRow.asked_at, HandoverRow.pk)
            waiting = waiting.where(longer < (handover.asked_at, handover.pk))
        return connection.execute(waiting).scalar_one()


def _theirs(pk: int, staff: str) -> tuple[ColumnElement[bool], ...]:
    return (HandoverRow.pk == pk, HandoverRow.state == "staff", HandoverRow.staff == staff)


def _bound(conversation_pk: int) -> str:
    return f"contact:{conversation_pk}"


def _talk(words: str) -> Reply:
    return Reply(Status.HANDED_OFF, (Block("talk", (Statement(words),)),), intent="staff")


def _select() -> Select[*tuple[Any, ...]]:
    return select(
        HandoverRow.pk,
        HandoverRow.conversation_pk,
        ConversationRow.channel,
        ConversationRow.id.label("conversation"),
        HandoverRow.state,
        HandoverRow.reason,
        HandoverRow.staff,
        HandoverRow.meant_for,
        HandoverRow.contact,
        HandoverRow.asked_at,
        HandoverRow.taken_at,
        HandoverRow.closed_at,
        HandoverRow.code,
    ).join(ConversationRow, ConversationRow.pk == HandoverRow.conversation_pk)


def _handover(row: Row[*tuple[Any, ...]]) -> Handover:
    return Handover(
        row.pk,
        row.conversation_pk,
        row.channel,
        row.conversation,
        row.state,
        row.reason,
        row.staff,
        row.meant_for,
        row.contact is not None,
        utc(row.asked_at),
        row.taken_at and utc(row.taken_at),
        row.closed_at and utc(row.closed_at),
        row.code,
    )
