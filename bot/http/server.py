"""uvicorn, which ends the streams of events before it waits for requests to end."""

from __future__ import annotations

import socket

import uvicorn

from bot.conversations.live import Live


class Server(uvicorn.Server):
    """Stops at once when nothing but pages that follow a conversation is open: they would never
    hang up, and would be cut off with an error when the time to stop is over."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else as uvicorn does."""
        self._live.end()
        await super().shutdown(sockets)
