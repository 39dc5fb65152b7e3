"""What is due to those whose conversation waits for staff: another member of staff when theirs has
vanished, and a word when working hours are over. Any number of processes may see to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from sqlalchemy import ColumnElement, and_, or_, select, update

from bot.conversations.held import Held, note_change
from bot.conversations.kept import Place
from bot.handover.desk import Handovers
from bot.handover.hours import spoken
from bot.handover.rows import HandoverRow, handovers
from bot.handover.voice import talk
from dialogs.wording import say

# So long after working hours a number that somebody who waited sends is taken for their own.
_CONTACT_STANDS = dt.timedelta(hours=12)


def release_vanished(desk: Handovers, away: dt.timedelta) -> int:
    """Give conversations back to the queue whose member of staff has not been seen for so long, or
    that a colleague who was meant to has not taken; how many."""
    gone = desk.now() - away
    late = or_(
        and_(HandoverRow.state == "staff", HandoverRow.seen_at < gone),
        and_(
            HandoverRow.state == "waiting",
            HandoverRow.meant_for.is_not(None),
            HandoverRow.asked_at < gone,
        ),
    )

    def work(conversation: Held, place: Place) -> bool:
        found = conversation.connection.execute(
            handovers().where(HandoverRow.conversation_pk == conversation.pk, late)
        ).one_or_none()
        if found is None:
            return False
        if found.state == "waiting":
            desk.set(conversation, found.pk, meant_for=None)
            note_change(conversation.connection, conversation.pk, desk.now())
            return True
        # Who wants to be called back is not there to wait.
        state = "contact" if found.reason == "contact" else "waiting"
        desk.set(conversation, found.pk, state=state, staff=None)
        desk.voice.speak(conversation, place, talk(say("handoff.vanished")))
        return True

    return sum(desk.within_of(pk, work) for pk in _those(desk, late))


def tell_closed(desk: Handovers) -> int:
    """Tell those who still wait when working hours are over, once, and offer to call them back; how
    many. They stay in the queue."""
    if not desk.hours or any(span.holds(desk.now()) for span in desk.hours):
        return 0
    untold = and_(HandoverRow.state == "waiting", HandoverRow.told_closed_at.is_(None))

    def work(conversation: Held, place: Place) -> bool:
        now, of_this = desk.now(), HandoverRow.conversation_pk == conversation.pk
        done = conversation.connection.execute(
            update(HandoverRow).where(of_this, untold).values(told_closed_at=now)
        )
        if done.rowcount != 1:
            return False
        # A number sent next is the one to call back at.
        conversation.memory = replace(conversation.memory, contact_until=now + _CONTACT_STANDS)
        told = say("handoff.closed_waiting", hours=spoken(desk.hours))
        desk.voice.speak(conversation, place, talk(told))
        return True

    return sum(desk.within_of(pk, work) for pk in _those(desk, untold))


def _those(desk: Handovers, which: ColumnElement[bool]) -> list[int]:
    with desk.engine.connect() as connection:
        return list(connection.execute(select(HandoverRow.pk).where(which)).scalars())
