"""A conversation from its own client's side: its turns, what happens in it live, and ratings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, HTTPException, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from bot.app import App
from bot.conversations.kept import conversation_pk, conversation_version, history
from bot.conversations.ratings import MOST_REASON, rate, ratings_of
from bot.http.access import Access
from bot.http.wire import History, Waiting, past_turn

CHANNEL = "web"
_STREAM_S = 600.0  # a stream ends by itself now and then; the client opens the next
_STREAMS = 2000  # at one time, in this process
_READS = 5

# Whoever knows a conversation's id may read it, so a short one that could be guessed is refused.
ConversationId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22,64}$")]
Seen = Annotated[int, Query(ge=0, le=2**53, description="`seq` of the last turn already known")]


class NewRating(BaseModel):
    """What somebody thinks of the answer to the message `message_id`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"message_id": "m1", "useful": False, "reason": "看不懂"}]},
    )

    message_id: Annotated[str, Field(pattern=r"^[!-~]{1,200}$")]
    useful: bool
    reason: Annotated[str, Field(max_length=MOST_REASON)] = ""


def router(app: App, access: Access) -> APIRouter:
    """The routes below `/conversations`. Whoever has a conversation's id has the conversation; one
    that nobody began is not told apart from one without turns."""
    routes = APIRouter(prefix="/conversations/{conversation}", tags=["chat"])
    reading = [Depends(access.reading)]
    streams = anyio.CapacityLimiter(_STREAMS)

    def read(conversation: str, after: int) -> History:
        # Several queries: read again what was changed between them, or staff could be there before
        # the turn that says so. Where it never rests the last will do; its change is told as well.
        for _ in range(_READS):
            version = conversation_version(app.engine, CHANNEL, conversation)
            found = read_once(conversation, after)
            if conversation_version(app.engine, CHANNEL, conversation) == version:
                break
        return found

    def read_once(conversation: str, after: int) -> History:
        turns = history(app.engine, CHANNEL, conversation, after=after)
        rated = ratings_of(app.engine, [turn.pk for turn in turns])
        return History(
            session=conversation,
            turns=[past_turn(conversation, turn, rated.get(turn.pk)) for turn in turns],
            staff=_waiting(app, conversation),
        )

    @routes.get("", dependencies=reading)
    def read_conversation(conversation: ConversationId, after: Seen = 0) -> History:
        """The turns so far, or those after the one with `seq` = `after`; and whether a member of
        staff is waited for or there."""
        return read(conversation, after)

    @routes.post("/ratings", status_code=204, dependencies=reading)
    def rate_answer(conversation: ConversationId, given: NewRating) -> Response:
        """Say whether an answer was of use; a second rating replaces the first."""
        known = rate(
            app.engine,
            CHANNEL,
            conversation,
            given.message_id,
            useful=given.useful,
            reason=given.reason,
            now=app.conversation.now(),
        )
        if not known:
            raise HTTPException(404, "the conversation has no such message")
        return Response(status_code=204)

    @routes.get(
        "/events",
        dependencies=reading,
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "Server-sent events; each one's data is a `History` of new turns",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            204: {"description": "Nobody has begun the conversation: there is nothing to follow"},
        },
    )
    async def follow(
        conversation: ConversationId,
        after: Seen = 0,
        last_event_id: Annotated[
            str | None, Header(pattern="^[0-9]{1,16}$", description="as browsers send it")
        ] = None,
    ) -> Response:
        """What happens in the conversation, as it happens. Opened again with `after`, or with
        `Last-Event-ID`, it goes on where it broke off."""
        pk = await anyio.to_thread.run_sync(conversation_pk, app.engine, CHANNEL, conversation)
        if pk is None:
            return Response(status_code=204)
        if streams.available_tokens < 1:
            raise HTTPException(503, "too many are listening; ask for the turns instead")

        async def events(seen: int) -> AsyncIterator[str]:
            told: Waiting | None = None
            async with _one_of(streams), aclosing(app.live.changes(pk)) as changes:
                ends_at = anyio.current_time() + _STREAM_S
                async for _changed in changes:
                    news = await anyio.to_thread.run_sync(read, conversation, seen)
                    if news.turns or news.staff != told:
                        seen = max([seen, *(turn.seq for turn in news.turns)])
                        told = news.staff
                        yield f"id: {seen}\ndata: {news.model_dump_json()}\n\n"
                    else:
                        yield ": still here\n\n"
                    if anyio.current_time() > ends_at:
                        return

        return StreamingResponse(
            events(int(last_event_id) if last_event_id else after),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},  # or a proxy keeps what is to be read at once
        )

    return routes


@asynccontextmanager
async def _one_of(limiter: anyio.CapacityLimiter) -> AsyncIterator[None]:
    """One of the places. It does not belong to the task that takes it: what a reader who is gone
    leaves of a stream may be cleared away by another."""
    place = object()
    await limiter.acquire_on_behalf_of(place)
    try:
        yield
    finally:
        limiter.release_on_behalf_of(place)


def _waiting(app: App, conversation: str) -> Waiting:
    pk = conversation_pk(app.engine, CHANNEL, conversation)
    handover = app.handovers.of_conversation(pk) if pk is not None else None
    if handover is None or handover.state == "closed":
        return Waiting(state="none")
    before = app.handovers.before(handover) if handover.state == "waiting" else None
    return Waiting(state=handover.state, before=before)
