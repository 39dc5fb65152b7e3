"""`/console/delivery`: what could not be delivered, to be sent again or seen to otherwise."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from bot.console.parts import ConsoleParts
from bot.console.rendering import page
from bot.console.security import Visitor, requires
from bot.console.wording import table
from bot.conversations.kept import conversation_pk

_MOST = 200

Keeper = Annotated[Visitor, requires("delivery")]
Key = Annotated[int, Path(ge=1, le=2**31 - 1)]


def router(parts: ConsoleParts) -> APIRouter:
    """The dead letters. Whose they are is shown as a conversation only."""
    routes = APIRouter(prefix="/delivery")
    outbox = parts.app.outbox

    @routes.get("")
    def show(request: Request, _visitor: Keeper) -> Response:
        dead = outbox.listed("dead", _MOST)
        return page(
            request,
            "delivery.html",
            dead=dead,
            counts=outbox.counts(),
            talks={
                row.pk: conversation_pk(parts.engine, row.channel, row.recipient) for row in dead
            },
            channels=table("channel"),
            states=table("undelivered"),
            reasons=table("undelivered_reason"),
        )

    @routes.post("/{pk}/replay")
    def replay(visitor: Keeper, pk: Key) -> Response:
        found = next((row for row in outbox.listed("dead", _MOST) if row.pk == pk), None)
        if found is None:
            raise HTTPException(404)
        outbox.replay(found.key)
        visitor.record("outbox_replayed", f"message:{pk}")
        return RedirectResponse("/console/delivery?done=outbox_replayed", 303)

    return routes
