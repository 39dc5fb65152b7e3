"""Answers that a member of staff looks at before the person gets them.

By setting: an answer the bot is not sure of is held in working hours. Staff send it as it is or in
their own words; when nobody does in time, the person is told so honestly.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    DateTime,
    Engine,
    ForeignKey,
    Index,
    Row,
    Select,
    String,
    Text,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from bot.conversations.held import Held
from bot.conversations.kept import Place
from bot.conversations.rows import ConversationRow, utc
from bot.conversations.stored import redacted_reply, reply_from_json, reply_to_json
from bot.handover.desk import Handovers
from bot.redact import redact
from dialogs.reply import Block, Message, Reply, Statement, Status
from dialogs.talking import talk
from dialogs.wording import say
from knowledge.tables import Base

_HOLDABLE = frozenset((Status.ANSWERED, Status.PARTLY_ANSWERED))
_SHOWN = 30  # characters of the question that the late answer repeats

DraftState = Literal["waiting", "sent", "edited", "expired", "dropped"]


class DraftRow(Base):
    """An answer held back: question and reply redacted, as everything stored."""

    __tablename__ = "draft"
    __table_args__ = (Index("ix_draft_state_due_at", "state", "due_at"),)

    pk: Mapped[int] = mapped_column(primary_key=True)
    conversation_pk: Mapped[int] = mapped_column(ForeignKey("conversation.pk"), index=True)
    question: Mapped[str] = mapped_column(Text)
    reply: Mapped[str] = mapped_column(Text)
    state: Mapped[DraftState] = mapped_column(String(10))
    staff: Mapped[str | None] = mapped_column(String(60))
    made_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    due_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    # What the person was told at last. `sent` and `edited`: by staff, as it was or in their words.
    turn_pk: Mapped[int | None] = mapped_column(ForeignKey("turn.pk"))


@dataclass(frozen=True)
class Draft:
    """An answer held back, and the conversation it belongs to."""

    pk: int
    conversation_pk: int
    channel: str
    conversation: str
    question: str
    reply: Reply
    state: DraftState
    made_at: dt.datetime
    due_at: dt.datetime


class Drafts:
    """The answers held back. `below` is the confidence under which one is held (0: none is);
    `patience` is how long a person waits for staff."""

    def __init__(
        self,
        engine: Engine,
        handovers: Handovers,
        now: Callable[[], dt.datetime],
        below: float = 0.0,
        patience: dt.timedelta = dt.timedelta(minutes=5),
    ) -> None:
        self._engine = engine
        self._handovers = handovers
        self._now = now
        self._below = below
        self._patience = patience

    def wants(self, reply: Reply, channel: str) -> bool:
        """Whether a member of staff should look at `reply` first, and could."""
        return (
            reply.status in _HOLDABLE
            and bool(reply.citations)
            and reply.confidence < self._below
            and self._handovers.staffing(channel).there == "open"
        )

    def hold(self, conversation: Held, message: Message, reply: Reply) -> Reply:
        """Keep `reply` back; what the person is told instead."""
        conversation.begin_writing()
        now = self._now()
        conversation.connection.execute(
            insert(DraftRow).values(
                conversation_pk=conversation.pk,
                question=redact(message.text),
                reply=reply_to_json(redacted_reply(reply)),
                state="waiting",
                made_at=now,
                due_at=now + self._patience,
            )
        )
        wait = Block("talk", (Statement(say("handoff.held")),))
        return Reply(
            Status.HANDED_OFF,
            (wait,),
            action="hold_for_staff",
            intent=reply.intent,
            confidence=reply.confidence,
            release=reply.release,
        )

    def waiting(self, limit: int = 100) -> list[Draft]:
        """What waits for staff, the most urgent first."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                _select().where(DraftRow.state == "waiting").order_by(DraftRow.due_at).limit(limit)
            )
            return [_draft(row) for row in rows]

    def find(self, pk: int) -> Draft | None:
        """A draft by its number."""
        with self._engine.connect() as connection:
            row = connection.execute(_select().where(DraftRow.pk == pk)).one_or_none()
        return None if row is None else _draft(row)

    def send(self, pk: int, staff: str, words: str | None = None) -> bool:
        """Send the draft as it is, or `words` instead. False: it has been decided already."""
        draft = self.find(pk)
        if draft is None:
            return False
        reply = draft.reply
        if words is not None:
            reply = talk(Status.ANSWERED, words, intent=draft.reply.intent)
        return self._decide(draft, "sent" if words is None else "edited", reply, staff)

    def used(
        self,
        conversation: Held,
        question: str,
        draft: Reply,
        staff: str,
        turn: int,
        *,
        edited: bool,
    ) -> None:
        """Keep what became of an answer that the bot offered a member of staff who has the
        conversation: it was said in the turn `turn`, as it was or edited."""
        now = self._now()
        conversation.connection.execute(
            insert(DraftRow).values(
                conversation_pk=conversation.pk,
                question=redact(question),
                reply=reply_to_json(redacted_reply(draft)),
                state="edited" if edited else "sent",
                staff=staff,
                made_at=now,
                due_at=now,
                decided_at=now,
                turn_pk=turn,
            )
        )

    def expire_due(self) -> int:
        """Tell those who have waited too long that nobody could check; how many."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                _select().where(DraftRow.state == "waiting", DraftRow.due_at <= self._now())
            ).all()
        return sum(self._expire(_draft(row)) for row in rows)

    def _expire(self, draft: Draft) -> bool:
        sorry = say("handoff.held_expired", question=draft.question[:_SHOWN])
        reply = talk(Status.NOT_COVERED, sorry, intent=draft.reply.intent)
        return self._decide(draft, "expired", reply, None)

    def _decide(self, draft: Draft, state: DraftState, reply: Reply, staff: str | None) -> bool:
        def work(conversation: Held, place: Place) -> bool:
            open_now = self._handovers.open_of(conversation)
            # Who is talking with a member of staff must not hear that nobody had time.
            dropped = state == "expired" and open_now is not None and open_now.state == "staff"
            done = conversation.connection.execute(
                update(DraftRow)
                .where(DraftRow.pk == draft.pk, DraftRow.state == "waiting")
                .values(state="dropped" if dropped else state, staff=staff, decided_at=self._now())
            )
            if done.rowcount != 1 or dropped:
                return done.rowcount == 1
            turn = self._handovers.voice.speak(conversation, place, reply, staff)
            conversation.connection.execute(
                update(DraftRow).where(DraftRow.pk == draft.pk).values(turn_pk=turn)
            )
            return True

        return self._handovers.voice.within((draft.channel, draft.conversation), work)


def _select() -> Select[*tuple[Any, ...]]:
    return select(
        DraftRow.pk,
        DraftRow.conversation_pk,
        ConversationRow.channel,
        ConversationRow.id.label("conversation"),
        DraftRow.question,
        DraftRow.reply,
        DraftRow.state,
        DraftRow.made_at,
        DraftRow.due_at,
    ).join(ConversationRow, ConversationRow.pk == DraftRow.conversation_pk)


def _draft(row: Row[*tuple[Any, ...]]) -> Draft:
    return Draft(
        row.pk,
        row.conversation_pk,
        row.channel,
        row.conversation,
        row.question,
        reply_from_json(row.reply),
        row.state,
        utc(row.made_at),
        utc(row.due_at),
    )
