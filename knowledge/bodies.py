"""Request bodies read whole before an ASGI application sees them, and never more than a cap."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope


async def read_body(scope: Scope, receive: Receive, most: int) -> bytes | None:
    """The whole body; None when it has, or says it has, more than `most` bytes.

    Raises `ClientDisconnect` when the sender goes away before the end: half a body must not be
    taken for a whole one.
    """
    declared = Headers(scope=scope).get("content-length", "0")
    if declared.isdecimal() and int(declared) > most:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > most:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives `body` once, then what comes after it."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
