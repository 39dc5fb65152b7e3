"""`/metrics`, and the count of what was refused at each entrance."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.app import App
from bot.http.proxies import address, within
from bot.metrics import CONTENT_TYPE, Metrics, state_of
from bot.settings import networks

_ENTRANCES = {
    "/wechat": "wechat",
    "/telegram": "telegram",
    "/registry/": "registry",
    "/webhooks/rest/": "rest",
    "/model/parse": "rest",
    "/api/v1/": "api",
}
_REASONS = {
    400: "malformed",
    401: "no_key",
    403: "not_allowed",
    404: "not_found",
    405: "method",
    409: "conflict",
    413: "too_large",
    415: "media_type",
    422: "invalid",
    429: "too_many",
}


def router(app: App) -> APIRouter:
    """The route, for the addresses that the settings name."""
    routes = APIRouter(include_in_schema=False)
    allowed = networks(app.settings.metrics_allow)

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        if not app.settings.metrics_public:
            client = address(request.client.host) if request.client else None
            # A proxy on this machine that nobody declared looks like a neighbour.
            stranger = getattr(request.state, "through_stranger", False)
            if client is None or stranger or not within(client, allowed):
                raise HTTPException(403, "the figures are not for this address")
        figures = app.metrics.exposition() + state_of(app.engine, app.library)
        return Response(figures, media_type=CONTENT_TYPE)

    return routes


class Refusals:
    """ASGI middleware that counts the refusals (status 400 to 499) at the known entrances."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entrance = _entrance(scope["path"]) if scope["type"] == "http" else None
        if entrance is None:
            await self._app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and 400 <= message["status"] < 500:
                self._metrics.refused(entrance, _REASONS.get(message["status"], "other"))
            await send(message)

        await self._app(scope, receive, counted)


def _entrance(path: str) -> str | None:
    return next((name for start, name in _ENTRANCES.items() if path.startswith(start)), None)
