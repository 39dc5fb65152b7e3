"""`/registry/events`: a registry elsewhere tells of changes to permits; the verifier heeds them."""

from __future__ import annotations

import time
from collections.abc import Callable

import anyio.to_thread
from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel

from knowledge.registry.audit import AuditFailed
from knowledge.registry.verifier import Verifier
from knowledge.registry.webhook import BadNotice, Receiver


class Taken(BaseModel):
    """`heeded` is false for a notice that came before, or that is older than what is known: it
    changed nothing, and need not be sent again."""

    heeded: bool


def router(verifier: Verifier, now: Callable[[], float] = time.time) -> APIRouter:
    """The webhook `permit.status_changed` of the registry's contract."""
    routes = APIRouter(tags=["registry"])
    receiver = Receiver(verifier.notice_key)

    @routes.post("/registry/events")
    async def event(request: Request) -> Taken:
        """A signed notice: 403 where it is not the registry's or not of now, 400 where it is not
        in the contract's form."""
        body = await request.body()
        try:
            notice = receiver.receive(request.headers, body, now())
        except BadNotice as error:
            if error.genuine:
                raise HTTPException(400, "not a notice in the contract's form") from error
            raise HTTPException(403, "not signed by the registry, or not of now") from error
        if notice is None:
            return Taken(heeded=False)
        try:
            heeded = await anyio.to_thread.run_sync(verifier.heed, notice)
        except AuditFailed as error:
            receiver.forget(notice)  # it may be sent again
            raise HTTPException(503, "cannot be noted now; send it again") from error
        return Taken(heeded=heeded)

    return routes
