"""Who may ask, and how often: by key where one is sent, else by address.

Every answer of a limited route carries the RateLimit fields of draft-ietf-httpapi-ratelimit-headers
(version 06, the one that clients know); a refusal is a problem with status 429 and Retry-After.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_network
from typing import NoReturn

from fastapi import Depends, HTTPException, Request, Response
from fastapi.security import APIKeyHeader, HTTPBearer

from bot.api_keys import ApiKey, find_key
from bot.app import App
from bot.http.limiting import Limiter, Pace
from bot.http.proxies import address

_HEADER = "X-API-Key"
# `dependencies` of a keyed route, for its description only: what was sent is read by `_sent`, the
# same for open and keyed routes.
NEEDS_KEY = (
    Depends(HTTPBearer(auto_error=False, description="A key of `anxin key add`.")),
    Depends(APIKeyHeader(name=_HEADER, auto_error=False, description="The same key.")),
)


class Access:
    """The dependencies of routes: `asking` and `reading` are open, `with_key` is not."""

    def __init__(self, app: App) -> None:
        self._engine = app.engine
        self._now = app.conversation.now
        self._ask_limit = app.settings.ask_limit
        self._read_limit = app.settings.read_limit
        self._limiter = Limiter(app.settings.redis_url)

    def asking(self, request: Request, response: Response) -> None:
        """For a route that answers a question."""
        self._open(request, response, "ask", self._ask_limit)

    def reading(self, request: Request, response: Response) -> None:
        """For a route that looks something up."""
        self._open(request, response, "read", self._read_limit)

    def with_key(self, request: Request, response: Response) -> ApiKey:
        """For a route that needs a key: the key."""
        return self._keyed(request, response, _sent(request))

    def _open(self, request: Request, response: Response, kind: str, limit: str) -> None:
        sent = _sent(request)
        if sent is not None:
            self._keyed(request, response, sent)
            return
        self._count(response, limit, kind, place(request))

    def _keyed(self, request: Request, response: Response, sent: str | None) -> ApiKey:
        key = find_key(self._engine, sent, self._now()) if sent else None
        if key is None:
            # Counted, so that guessing is slow as well as hopeless.
            self._count(response, self._read_limit, "stranger", place(request))
            raise HTTPException(
                401,
                "this key is unknown or revoked" if sent else "a key is needed",
                {"www-authenticate": "Bearer"},
            )
        self._count(response, f"{key.per_minute}/minute", "key", key.name)
        return key

    def _count(self, response: Response, limit: str, *name: str) -> None:
        pace = self._limiter.hit(limit, *name)
        if not pace.admitted:
            _refuse(pace)
        response.headers.update(_fields(pace))


def place(request: Request) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which is what
    one household or office has."""
    host = request.client.host if request.client else ""
    found = address(host)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return host


def _sent(request: Request) -> str | None:
    """The key that came with a request; "" for an Authorization that holds none."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        scheme, _, value = authorization.partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""
    return request.headers.get(_HEADER)


def _fields(pace: Pace) -> dict[str, str]:
    return {
        "ratelimit-limit": str(pace.limit),
        "ratelimit-remaining": str(pace.remaining),
        "ratelimit-reset": str(pace.resets_s),
        "ratelimit-policy": f"{pace.limit};w={pace.window_s}",
    }


def _refuse(pace: Pace) -> NoReturn:
    raise HTTPException(
        429,
        f"too many requests; the limit is {pace.limit} in {pace.window_s} seconds",
        {"retry-after": str(pace.resets_s), **_fields(pace)},
    )
