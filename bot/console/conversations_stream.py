"""Tells the pages about conversations that they are out of date, as server-sent events.

An event says only that something changed, and how many wait; the page then fetches itself again
and takes over what is new (static/live.js). While one is open its member of staff is there.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import aclosing

import anyio
import anyio.to_thread
from fastapi.responses import StreamingResponse

from bot.console.conversations_found import Pulse, pulse
from bot.console.security import Visitor

_CHECKED_EVERY_S = 15.0


def stream(visitor: Visitor, conversation_pk: int | None = None) -> StreamingResponse:
    """The events for a page: of one conversation and the visitor's others, or of the queue."""
    return StreamingResponse(
        _events(visitor, conversation_pk),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},  # or a proxy keeps what is to be read at once
    )


async def _events(visitor: Visitor, conversation_pk: int | None) -> AsyncIterator[str]:
    parts, me = visitor.parts, visitor.account.name

    def look() -> Pulse:
        return pulse(parts.engine, me, mine_only=conversation_pk is not None)

    sign, checked_at = "", -_CHECKED_EVERY_S
    async with aclosing(parts.app.live.changes()) as changes:
        async for changed in changes:
            if anyio.current_time() - checked_at >= _CHECKED_EVERY_S:
                if not await visitor.still_open():
                    return
                await anyio.to_thread.run_sync(parts.app.handovers.present, me)
                checked_at = anyio.current_time()
            now = await anyio.to_thread.run_sync(look)
            if now.sign != sign or conversation_pk in changed:
                sign = now.sign
                waiting = json.dumps({"waiting": now.waiting, "held": now.held})
                yield f"event: changed\ndata: {waiting}\n\n"
            else:
                yield ": still here\n\n"
