"""Asking for a person: whether one is there, and a number to be called back at when none is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from dialogs.memory import Memory
from dialogs.reading import says
from dialogs.reply import Block, Option, Reply, Statement, Status
from dialogs.telephone import mistaken, telephone_in
from dialogs.wording import say

# So long after it was asked for, a telephone number is taken for the one to call back at.
CONTACT_STANDS = dt.timedelta(minutes=10)


@dataclass(frozen=True)
class Staffing:
    """Whether a member of staff can take a conversation over now.

    `nobody`: none has an account · `open`: working hours, `waiting` people before this one ·
    `closed`: out of hours, which are `hours` in words.
    """

    there: Literal["nobody", "open", "closed"] = "nobody"
    hours: str = ""
    waiting: int = 0


def asked_for(staffing: Staffing, memory: Memory, now: dt.datetime) -> tuple[Reply, Memory]:
    """The reply to 转人工."""
    if staffing.there == "nobody":
        return _talk(Status.NOT_COVERED, say("talk.handoff")), memory
    if staffing.there == "open":
        text = (
            say("handoff.next")
            if not staffing.waiting
            else say("handoff.queue", waiting=staffing.waiting)
        )
        return replace(_talk(Status.HANDED_OFF, text), action="handoff"), memory
    reply = _talk(Status.NEEDS_INFO, say("handoff.closed", hours=staffing.hours))
    return reply, replace(memory, contact_until=now + CONTACT_STANDS)


def contact_left(
    text: str, staffing: Staffing, memory: Memory, now: dt.datetime
) -> tuple[Reply, Memory] | None:
    """The turn of somebody who was asked for a telephone number and gives one, or declines; None
    when the message is about something else."""
    if memory.contact_until is None or now > memory.contact_until:
        return None
    done = replace(memory, contact_until=None)
    if (contact := contact_in(text)) is not None:
        reply = _talk(Status.HANDED_OFF, say("handoff.contact_kept", hours=staffing.hours))
        return replace(reply, action="contact", contact=contact, private=True), done
    if mistaken(text):
        reply = _talk(Status.NEEDS_INFO, say("handoff.contact_mistaken"))
        return replace(reply, private=True), memory
    if says("no_contact", text):
        return _talk(Status.ANSWERED, say("handoff.no_contact")), done
    return None


def contact_in(text: str) -> str | None:
    """What staff need to call somebody back whose `text` (normalised) holds a telephone number: the
    whole message, for it may say when to call; a spoken number stands beside it in figures."""
    number = telephone_in(text)
    if number is None or number in text:
        return number and text
    return say("handoff.contact", text=text, number=number)


def offer(staffing: Staffing) -> tuple[Block, tuple[Option, ...]]:
    """Where a person answers, for somebody we have not understood twice."""
    if staffing.there == "nobody":
        return Block("talk", (Statement(say("talk.handoff")),)), ()
    wish = say("handoff.wish")
    return Block("talk", (Statement(say("handoff.offer")),)), (Option(wish, wish),)


def _talk(status: Status, text: str) -> Reply:
    return Reply(status, (Block("talk", (Statement(text),)),), intent="handoff")
