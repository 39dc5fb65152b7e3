"""Chat widgets for Rasa's REST channel, on sites of their own: their browsers ask first (CORS)."""

from __future__ import annotations

import re

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_PATH = "/webhooks/rest"
_KEPT_S = 600  # how long a browser may remember what it was allowed


class Widgets:
    """ASGI middleware: pages of `origins` (as `ANXIN_EMBED_ORIGINS` has them, * for any part of a
    host) may call Rasa's REST channel and read its answers; nothing else, and no cookies."""

    def __init__(self, app: ASGIApp, origins: str) -> None:
        self._app = app
        self._asked = CORSMiddleware(
            app,
            allow_origin_regex="|".join(map(_pattern, origins.split())) or "(?!)",
            allow_methods=("GET", "POST"),
            allow_headers=("Content-Type", "Authorization", "X-API-Key"),
            max_age=_KEPT_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a browser's question about the channel; let everything else through."""
        ours = scope["type"] == "http" and scope["path"].startswith(_PATH)
        await (self._asked if ours else self._app)(scope, receive, send)


def _pattern(origin: str) -> str:
    return re.escape(origin.rstrip("/")).replace(r"\*", r"[\w.-]+")
