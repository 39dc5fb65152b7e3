"""Conversations in the hands of staff: asked for, waiting, taken, given back, closed.

A conversation has one open hand-over at most (the database sees to it), and one member of staff:
who takes it first has it. While somebody has it the bot is silent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, tuple_, update

from bot.conversations.held import Held
from bot.conversations.kept import Place, place_at
from bot.conversations.ratings import rating_request
from bot.delivery.outbox import Outbox
from bot.handover.hours import Span, spoken
from bot.handover.rows import OPEN, Handover, HandoverRow, State, as_handover, handovers
from bot.handover.voice import Voice, talk
from bot.sealing import Seal
from dialogs.handoff import Staffing
from dialogs.reply import Reply
from dialogs.wording import say


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
        self.engine = engine
        self.voice = Voice(engine, outbox, now)
        self._seal = seal
        self.now = now
        self.hours = tuple(hours)
        self._anybody = anybody

    # --- the person's side: inside the turn of a message ----------------------------------------

    def staffing(self, channel: str) -> Staffing:
        """Whether a member of staff could take a conversation of `channel` over now. Nobody can
        where what they say would not reach the person (a REST client hears only when it asks)."""
        if not self.voice.reaches(channel) or not self._anybody():
            return Staffing()
        hours = spoken(self.hours)
        if self.hours and not any(span.holds(self.now()) for span in self.hours):
            return Staffing("closed", hours)
        with self.engine.connect() as connection:
            return Staffing("open", hours, self._waiting_before(connection, None))

    def open_of(self, conversation: Held) -> Handover | None:
        """The conversation's open hand-over."""
        row = conversation.connection.execute(_OPEN_OF, {"this": conversation.pk}).one_or_none()
        return None if row is None else as_handover(row)

    def still_waits(self, conversation: Held, handover: Handover) -> str:
        """What somebody who waits and asks the bot meanwhile is told about the waiting."""
        staffing = self.staffing(handover.channel)
        if staffing.there == "closed":
            return say("handoff.waiting_closed", hours=staffing.hours)
        before = self._waiting_before(conversation.connection, handover)
        return say("handoff.waiting", waiting=before) if before else say("handoff.waiting_next")

    def before(self, handover: Handover) -> int:
        """How many have waited longer than the person of `handover`."""
        with self.engine.connect() as connection:
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
                "asked_at": self.now(),
            }
            conversation.connection.execute(insert(HandoverRow).values(**values))
        elif known.state != "staff":
            if contact:
                values["reason"] = "contact"
            self.set(conversation, known.pk, **values)

    def keep_contact(self, conversation: Held, handover: Handover, contact: str) -> None:
        """A telephone number said meanwhile, for whoever has the conversation or will have it."""
        conversation.begin_writing()
        sealed = self._seal.seal(contact, _bound(conversation.pk))
        self.set(conversation, handover.pk, contact=sealed)

    def stop_waiting(self, conversation: Held, handover: Handover) -> None:
        """The person does not want to wait any longer."""
        conversation.begin_writing()
        self._close(conversation.connection, handover.pk, "gave_up")

    # --- the staff's side -----------------------------------------------------------------------

    def listed(self, states: Sequence[State] = OPEN, limit: int = 200) -> list[Handover]:
        """Hand-overs of the states, longest waiting first."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                handovers()
                .where(HandoverRow.state.in_(states))
                .order_by(HandoverRow.asked_at)
                .limit(limit)
            )
            return [as_handover(row) for row in rows]

    def find(self, pk: int) -> Handover | None:
        """A hand-over by its number."""
        with self.engine.connect() as connection:
            row = connection.execute(handovers().where(HandoverRow.pk == pk)).one_or_none()
        return None if row is None else as_handover(row)

    def of_conversation(self, conversation_pk: int) -> Handover | None:
        """The newest hand-over of a conversation, open or closed."""
        with self.engine.connect() as connection:
            row = connection.execute(
                handovers()
                .where(HandoverRow.conversation_pk == conversation_pk)
                .order_by(HandoverRow.pk.desc())
                .limit(1)
            ).one_or_none()
        return None if row is None else as_handover(row)

    def contact(self, pk: int) -> str | None:
        """What the person left to be called back at. Personal: a look at it goes in the audit."""
        with self.engine.connect() as connection:
            row = connection.execute(
                select(HandoverRow.contact, HandoverRow.conversation_pk).where(HandoverRow.pk == pk)
            ).one_or_none()
        if row is None or row.contact is None:
            return None
        return self._seal.unseal(row.contact, _bound(row.conversation_pk))

    def take(self, pk: int, staff: str) -> bool:
        """Take a waiting conversation, or one to be called back. False: somebody else has it, it
        is closed, or it is meant for a colleague."""

        def work(conversation: Held, place: Place) -> bool:
            found = self.open_of(conversation)
            if found is None or found.pk != pk or found.state == "staff":
                return False
            if found.meant_for not in (None, staff):
                return False
            self.set(conversation, pk, state="staff", staff=staff, meant_for=None, **self._since())
            came = "handoff.contact_taken" if found.state == "contact" else "handoff.staff_came"
            self.voice.speak(conversation, place, talk(say(came)))
            return True

        return self.within_of(pk, work)

    def take_over(self, conversation_pk: int, staff: str) -> int | None:
        """Take a conversation that nobody asked a person for; the hand-over's number. None when
        there is an open hand-over already (take that one), or no such conversation."""
        made: list[int] = []

        def work(conversation: Held, place: Place) -> bool:
            if self.open_of(conversation) is not None:
                return False
            values = {"state": "staff", "reason": "staff", "staff": staff, "asked_at": self.now()}
            made[:] = conversation.connection.execute(
                insert(HandoverRow)
                .values(conversation_pk=conversation_pk, **values, **self._since())
                .returning(HandoverRow.pk)
            ).scalars()
            self.voice.speak(conversation, place, talk(say("handoff.staff_came")))
            return True

        place = place_at(self.engine, conversation_pk)
        return made[0] if place is not None and self.voice.within(place, work) else None

    def say(
        self,
        pk: int,
        staff: str,
        words: str | Reply,
        key: str = "",
        also: Callable[[Held, int], None] = lambda _conversation, _turn: None,
    ) -> bool:
        """Say something to the person. False: the conversation is not this member of staff's.

        Said again with the same `key` it is still said once. `also` is told the turn's number, in
        the same transaction.
        """
        reply = talk(words) if isinstance(words, str) else words

        def work(conversation: Held, place: Place) -> bool:
            if not self._theirs(conversation, pk, staff):
                return False
            if not key or conversation.reply_to(f"staff-{key}") is None:
                also(conversation, self.voice.speak(conversation, place, reply, staff, key))
            return True

        return self.within_of(pk, work)

    def present(self, staff: str) -> None:
        """The member of staff is still there, for every conversation they have."""
        with self.engine.begin() as connection:
            connection.execute(
                update(HandoverRow)
                .where(HandoverRow.state == "staff", HandoverRow.staff == staff)
                .values(seen_at=self.now())
            )

    def transfer(self, pk: int, staff: str, to: str | None) -> bool:
        """Pass it on to a colleague, who has to take it; to whoever is free when `to` is None."""

        def work(conversation: Held, place: Place) -> bool:
            if not self._theirs(conversation, pk, staff):
                return False
            values = {"state": "waiting", "staff": None, "meant_for": to, "asked_at": self.now()}
            self.set(conversation, pk, **values)
            self.voice.speak(conversation, place, talk(say("handoff.transferred")))
            return True

        return self.within_of(pk, work)

    def close(self, pk: int, staff: str, code: str, *, ask_rating: bool = False) -> bool:
        """End it: the bot answers again. `code` says how it ended; a rating may be asked for."""

        def work(conversation: Held, place: Place) -> bool:
            if not self._theirs(conversation, pk, staff):
                return False
            self._close(conversation.connection, pk, code)
            self.voice.speak(conversation, place, talk(say("handoff.back_to_bot")))
            if ask_rating:
                self.voice.speak(conversation, place, rating_request())
            return True

        return self.within_of(pk, work)

    # --- common ---------------------------------------------------------------------------------

    def within_of(self, pk: int, work: Callable[[Held, Place], bool]) -> bool:
        """Do `work` in the conversation of the hand-over `pk` (`Voice.within`)."""
        found = self.find(pk)
        return found is not None and self.voice.within((found.channel, found.conversation), work)

    def _theirs(self, conversation: Held, pk: int, staff: str) -> bool:
        found = self.open_of(conversation)
        return found is not None and (found.pk, found.staff) == (pk, staff)

    def _since(self) -> dict[str, dt.datetime]:
        now = self.now()
        return {"taken_at": now, "seen_at": now}

    def set(self, conversation: Held, pk: int, **values: object) -> None:
        """Change the hand-over `pk` of a conversation that is held."""
        conversation.connection.execute(
            update(HandoverRow).where(HandoverRow.pk == pk).values(**values)
        )

    def _close(self, connection: Connection, pk: int, code: str) -> None:
        connection.execute(
            update(HandoverRow)
            .where(HandoverRow.pk == pk, HandoverRow.state.in_(OPEN))
            .values(state="closed", code=code, closed_at=self.now(), contact=None)
        )

    def _waiting_before(self, connection: Connection, handover: Handover | None) -> int:
        waiting = select(func.count()).where(HandoverRow.state == "waiting")
        if handover is not None:
            longer = tuple_(HandoverRow.asked_at, HandoverRow.pk)
            waiting = waiting.where(longer < (handover.asked_at, handover.pk))
        return connection.execute(waiting).scalar_one()


_OPEN_OF = handovers().where(  # run in every turn, and so built once
    HandoverRow.conversation_pk == bindparam("this"), HandoverRow.state.in_(OPEN)
)


def _bound(conversation_pk: int) -> str:
    return f"contact:{conversation_pk}"
