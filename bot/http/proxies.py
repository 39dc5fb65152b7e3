"""Where a request really comes from, when a reverse proxy stands before this server.

X-Forwarded-For and X-Forwarded-Proto are believed of trusted proxies only: anybody can send them.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.settings import Network

_log = structlog.get_logger()
_SIGNS = ("x-forwarded-for", "forwarded", "x-real-ip")


class Proxies:
    """ASGI middleware that puts the client's own address and scheme into the scope.

    `scope["state"]["through_stranger"]` tells whether a proxy nobody declared has forwarded the
    request: the address is then the proxy's, and not to be trusted as a neighbour's.
    """

    def __init__(self, app: ASGIApp, trusted: Sequence[Network] = ()) -> None:
        self._app = app
        self._trusted = tuple(trusted)
        self._told = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            peer = address(scope["client"][0]) if scope.get("client") else None
            if peer is not None and within(peer, self._trusted):
                client = self._client(peer, headers.getlist("x-forwarded-for"))
                scope["client"] = (str(client), 0)
                scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
                if scheme in ("http", "https"):
                    scope["scheme"] = scheme
            elif any(sign in headers for sign in _SIGNS):
                scope.setdefault("state", {})["through_stranger"] = True
                self._tell()
        await self._app(scope, receive, send)

    def _client(
        self, peer: IPv4Address | IPv6Address, forwarded: Sequence[str]
    ) -> IPv4Address | IPv6Address:
        """The last address of the chain that no trusted proxy has; each proxy vouches for the one
        before it only."""
        client = peer
        for hop in reversed(",".join(forwarded).split(",")):
            named = address(hop.strip())
            if named is None:
                break
            client = named
            if not within(client, self._trusted):
                break
        return client

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            _log.warning("forwarded_by_stranger", mend="name the proxy in ANXIN_TRUSTED_PROXIES")


def address(text: str) -> IPv4Address | IPv6Address | None:
    """The address that `text` is; an IPv4 address in IPv6 clothes is that IPv4 address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def within(client: IPv4Address | IPv6Address, networks: Sequence[Network]) -> bool:
    """Whether one of `networks` holds `client`."""
    return any(client in network for network in networks)
