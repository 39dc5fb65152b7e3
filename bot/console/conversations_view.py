"""A conversation as staff see it: what was said, who has it, and what helps to answer."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import Response

from bot.console import accounts, canned, notes
from bot.console.conversations import clock, labels_of
from bot.console.conversations_draft import bot_draft, unanswered
from bot.console.conversations_found import queue, region_of, topic_of
from bot.console.conversations_trouble import troubles
from bot.console.rendering import page
from bot.console.roles import may_open
from bot.console.security import Visitor
from bot.console.wording import table
from bot.conversations.kept import Place, history, memory_of
from bot.handover.rows import Handover
from bot.wechat.quota import quota_left
from dialogs.text import as_text, clause_name
from dialogs.wording import say, spoken_date
from knowledge.standing import china_day

_SHOWN = 200  # turns
# What templates/reply.html needs to name clauses and their standing.
CLAUSES: dict[str, Any] = {
    "clause_name": clause_name,
    "standing": lambda standing: say(f"standing.short.{standing}"),
}


def show_conversation(
    request: Request,
    visitor: Visitor,
    pk: int,
    place: Place,
    status: int = 200,
    error: str = "",
) -> Response:
    """The page of a conversation, with what just went wrong."""
    parts, (channel, person) = visitor.parts, place
    me, app = visitor.account.name, parts.app
    handover = app.handovers.of_conversation(pk)
    turns = history(parts.engine, channel, person, _SHOWN)
    memory = memory_of(parts.engine, channel, person)
    mine = is_theirs(handover, me)
    silent = unanswered(turns) if mine else []
    # WeChat lets an account that is not verified speak only when spoken to.
    verified = channel == "wechat" and app.settings.wechat_verified
    region, topic = region_of(memory, app.conversation.words), topic_of(memory)
    with parts.engine.begin() as connection:
        canned.seed(connection)
        ready = canned.listed(connection)
        left = notes.of_conversation(connection, pk)
        everybody = accounts.everybody(connection)
        trouble = troubles(connection, [pk]).get(pk, ())
    values = {
        "name": visitor.account.label,
        "region": region,
        "topic": topic,
        "date": spoken_date(china_day(parts.now())),
    }
    return page(
        request,
        "conversation.html",
        status,
        pk=pk,
        channel=table("channel").get(channel, channel),
        handover=handover,
        state=handover.state if handover else "closed",
        mine=mine,
        may_take=_may_take(handover, me),
        trouble=trouble,
        labels=labels_of(everybody),
        colleagues=_colleagues(everybody, visitor),
        codes=table("close_code"),
        endings=table("close_code") | table("ended_itself"),
        turns=turns,
        cut=len(turns) == _SHOWN,
        draft_for=silent[0].pk if silent else "",
        canned=[(one, canned.filled(one.text, values)) for one in ready],
        notes=left,
        region=region,
        topic=topic,
        quota=quota_left(parts.engine, person, parts.now()) if verified else None,
        only_answers=channel == "wechat" and not verified,
        undelivered=app.outbox.undelivered(channel, person),
        queue=queue(app, me),
        statuses=table("reply_status"),
        **CLAUSES,
        now=parts.now(),
        clock=clock,
        error=error,
    )


def show_draft(request: Request, visitor: Visitor, place: Place, turn: int) -> Response:
    """What the bot would answer to the message of `turn`: a part of the page, fetched by itself so
    that the person's words need not wait for it."""
    parts = visitor.parts
    turns = history(parts.engine, *place)
    found = bot_draft(parts.app.conversation, memory_of(parts.engine, *place), turns, turn)
    return page(
        request,
        "conversation_draft.html",
        draft=found,
        text=as_text(found.reply) if found and found.reply else "",
        statuses=table("reply_status"),
        **CLAUSES,
    )


def is_theirs(handover: Handover | None, staff: str) -> bool:
    """Whether the member of staff has the conversation of `handover`."""
    return handover is not None and handover.state == "staff" and handover.staff == staff


def colleagues(visitor: Visitor) -> list[accounts.Account]:
    """To whom a conversation can be passed on."""
    with visitor.parts.engine.connect() as connection:
        return _colleagues(accounts.everybody(connection), visitor)


def _colleagues(everybody: list[accounts.Account], visitor: Visitor) -> list[accounts.Account]:
    return [
        account
        for account in everybody
        if not account.disabled
        and account.pk != visitor.account.pk
        and may_open(account.role, "conversations")
    ]


def _may_take(handover: Handover | None, staff: str) -> bool:
    if handover is None or handover.state == "closed":
        return True
    return handover.state != "staff" and handover.meant_for in (None, staff)
