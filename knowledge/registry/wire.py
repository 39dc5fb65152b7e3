"""One exchange over HTTP with somebody who may misbehave: typed, capped, unpacked, no redirects."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import httpx

from knowledge.registry.adapters import Sent

_RETRIED = frozenset({502, 503, 504})
MOST_WAIT_S = 60.0


class Unavailable(Exception):
    """No answer that can be stood for. `why` is for logs and holds nothing of the question."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Passing(Unavailable):
    """A failure that a second attempt may not meet. `wait_s` is what the registry asked for."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Timing:
    """Seconds: all that a question may take unless it says otherwise, and the most that its first
    attempt may."""

    total: float = 2.8
    first: float = 1.6
    pause: float = 0.05


class Wire:
    """The connections to one base address. `transport` replaces the network."""

    def __init__(
        self, base_url: str, transport: httpx.AsyncBaseTransport | None, timing: Timing
    ) -> None:
        self._base_url = base_url
        self._transport = transport
        self._timing = timing
        self._http: httpx.AsyncClient | None = None

    async def fetch(self, method: str, sent: Sent, most: int, expected: str) -> bytes:
        """The body of a 200 of the `expected` type, at most `most` bytes. Raises `Unavailable`, of
        which `Passing` may go well another time."""
        headers = {"accept": expected, "accept-encoding": "identity", **sent.headers}
        try:
            async with self._client().stream(
                method, self._base_url + sent.path, headers=headers, content=sent.body
            ) as response:
                _check_head(response, expected)
                return await _read(response, most)
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as error:
            raise Passing(type(error).__name__) from error

    async def fetch_twice(self, method: str, sent: Sent, most: int, expected: str) -> bytes:
        """`fetch` with a second attempt where the first may have met a passing failure. Both bear
        the same request id, so the registry counts them as one."""
        try:
            async with asyncio.timeout(self._timing.first):
                return await self.fetch(method, sent, most, expected)
        except TimeoutError:
            pass
        except Passing as error:
            if error.wait_s is not None and error.wait_s > self._timing.pause:
                raise
        await asyncio.sleep(self._timing.pause * (0.5 + secrets.randbelow(100) / 100))
        return await self.fetch(method, sent, most, expected)

    async def close(self) -> None:
        """End the connections."""
        if self._http is not None:
            await self._http.aclose()

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(
                transport=self._transport,
                timeout=None,  # noqa: S113 - whoever asks ends it at the deadline
                follow_redirects=False,
                trust_env=False,
                limits=httpx.Limits(max_connections=50, max_keepalive_connections=10),
            )
        return self._http


def _check_head(response: httpx.Response, expected: str) -> None:
    """Refuse whatever is not a 200 of the expected type, unpacked and in UTF-8."""
    if response.status_code in _RETRIED:
        raise Passing(f"HTTP {response.status_code}", _wait_asked(response))
    if response.status_code == 429:
        raise Passing("HTTP 429", _wait_asked(response) or MOST_WAIT_S)
    if response.status_code != 200:
        raise Unavailable(f"HTTP {response.status_code}")
    kind, _, parameters = response.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if kind.strip().lower() != expected or charset not in ("", "charset=utf-8"):
        raise Unavailable("another content type")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Unavailable("packed although not asked to")


async def _read(response: httpx.Response, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > most:
            raise Unavailable("too large")
    return bytes(body)


def _wait_asked(response: httpx.Response) -> float | None:
    """`Retry-After` in seconds, capped: a registry cannot switch us off for a day."""
    text = response.headers.get("retry-after", "")
    return min(float(text), MOST_WAIT_S) if text.isascii() and text.isdigit() else None
