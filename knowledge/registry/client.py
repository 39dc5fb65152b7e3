"""Asking a registry: one question, one answer that can be stood for, or none.

Nothing is cached but the registry's public keys and the signed status list. Whatever the registry
does, a question ends within its deadline: the calls run on an event loop of their own, where a
deadline truly ends what is under way.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from knowledge.registry import status_list, strict_json
from knowledge.registry.adapters import Adapter, Question, Sent
from knowledge.registry.breaker import Breaker
from knowledge.registry.contract import (
    ConsentCreated,
    ConsentRequest,
    ConsentView,
    Verification,
    VerifyRequest,
    WorkerProof,
    WorkerView,
)
from knowledge.registry.outcome import Unsound
from knowledge.registry.signing import BadToken, KeySet

log = structlog.get_logger(__name__)
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

_MOST_ANSWER = 64 * 1024
_MOST_LIST = 256 * 1024
_RETRIED = frozenset({502, 503, 504})
_KEYS_LIVE_S = 3600.0
_KEYS_REFRESH_S = 60.0
_MOST_WAIT_S = 60.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Unavailable(Exception):
    """No answer that can be stood for. `why` is for logs and holds nothing of the question."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class _Passing(Exception):
    """A failure that a second attempt may not meet. `wait_s` is what the registry asked for."""

    def __init__(self, why: str, wait_s: float | None = None) -> None:
        super().__init__(why)
        self.wait_s = wait_s


@dataclass(frozen=True)
class Clock:
    """Wall clock (Unix seconds) and a clock that never jumps; handed in by tests."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Timing:
    """Seconds: all that a question may take, and the most that its first attempt may."""

    total: float = 2.8
    first: float = 1.6
    pause: float = 0.05


class RegistryClient:
    """Asks one registry. Safe to share by threads; close it at the end.

    `transport` replaces the network, for a registry in this process. `pinned` are keys to believe
    instead of those the registry publishes. `list_uri` is what the status list must call itself.
    """

    def __init__(
        self,
        base_url: str,
        adapter: Adapter,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        pinned: KeySet | None = None,
        list_uri: str | None = None,
        token: str = "",
        clock: Clock | None = None,
        timing: Timing | None = None,
    ) -> None:
        parts = urlsplit(base_url)
        if transport is None and parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ValueError("a registry elsewhere than on this machine needs https")
        self.adapter = adapter
        self._base_url = base_url.rstrip("/")
        self._list_uri = list_uri or f"{self._base_url}/status-lists/1"
        self._token = token
        self._transport = transport
        self._pinned = pinned
        self._clock = clock or Clock()
        self._timing = timing or Timing()
        self._loop = _Loop()
        self._http: httpx.AsyncClient | None = None
        self._breaker = Breaker(self._clock.monotonic)
        self._keys: KeySet | None = None
        self._keys_read_at = 0.0
        self._keys_tried_at: float | None = None
        self._list: status_list.StatusList | None = None

    # ---- what others call, from any thread -------------------------------------------------

    def ask(self, request: VerifyRequest, number: str, request_id: UUID) -> Verification:
        """The registry's answer about the permit `number` names. Raises `Unavailable`."""
        nonce = secrets.token_urlsafe(24)
        question = Question(request, request_id, nonce, number)
        return self._run(self._ask(question))

    def keys(self, *, unknown_key: bool = False) -> KeySet:
        """The keys to check tokens with; `unknown_key` asks for newer ones, which is granted once
        a minute however many tokens name unknown keys. Raises `Unavailable`."""
        return self._run(self._current_keys(refresh=unknown_key))

    def status_list(self) -> status_list.StatusList:
        """The signed status list, fetched anew unless the one held is seconds old. Raises
        `Unavailable`."""
        return self._run(self._status_list())

    def ask_consent(self, request: ConsentRequest) -> ConsentCreated:
        """Ask a worker to open details. Raises `Unavailable`."""
        body = request.model_dump_json().encode()
        return self._run(self._call("POST", "/consents", body, ConsentCreated))

    def consent(self, consent_id: UUID) -> ConsentView:
        """Where a request for consent stands. Raises `Unavailable`."""
        return self._run(self._call("GET", f"/consents/{consent_id}", b"", ConsentView))

    def worker_view(self, proof: WorkerProof) -> WorkerView:
        """A worker's own record and who looked at it. Raises `Unavailable`."""
        body = proof.model_dump_json().encode()
        return self._run(self._call("POST", "/worker:view", body, WorkerView))

    def close(self) -> None:
        """End the connections and the loop's thread."""
        http = self._http
        self._loop.close(http.aclose if http is not None else None)

    # ---- on the loop -----------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        total = self._timing.total

        async def bounded() -> T:
            async with asyncio.timeout(total):
                return await work

        try:
            return self._loop.run(bounded(), total + 0.4)
        except (TimeoutError, FutureTimeout) as error:
            raise Unavailable("deadline") from error

    async def _ask(self, question: Question) -> Verification:
        sent = self._sent(question)

        async def answer() -> Verification:
            keys = await self._current_keys() if self.adapter.signs else KeySet({})
            body = await self._twice("POST", sent, _MOST_ANSWER)
            now = self._clock.now()
            try:
                try:
                    return self.adapter.read(question, body, keys, now)
                except BadToken:  # signed with a key we have not seen: perhaps a new one
                    keys = await self._current_keys(refresh=True)
                    return self.adapter.read(question, body, keys, now)
            except BadToken as error:
                raise Unavailable("unknown key") from error
            except Unsound as error:
                raise Unavailable(str(error)) from error

        return await self._guarded(answer)

    def _sent(self, question: Question) -> Sent:
        try:
            return self.adapter.ask(question)
        except Unsound as error:
            raise Unavailable(str(error)) from error

    async def _call(self, method: str, path: str, body: bytes, model: type[M]) -> M:
        headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}

        async def answer() -> M:
            raw = await self._once(method, Sent(path, headers, body), _MOST_ANSWER)
            try:
                strict_json.loads(raw)
                return model.model_validate_json(raw)
            except (ValueError, ValidationError) as error:
                raise Unavailable("not in the contract's form") from error

        return await self._guarded(answer)

    async def _guarded(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run `work` under the breaker; every failure, a deadline too, counts."""
        if not self._breaker.allows():
            raise Unavailable("the registry has been failing")
        wait_s: float | None = None
        done = False
        try:
            result = await work()
            done = True
            return result
        except _Passing as error:
            wait_s = error.wait_s
            raise Unavailable(str(error)) from error
        except Unavailable as error:
            log.warning("registry_answer_refused", why=error.why)
            raise
        finally:
            if done:
                self._breaker.succeeded()
            else:
                self._breaker.failed(wait_s)

    async def _twice(self, method: str, sent: Sent, most: int) -> bytes:
        """At most two attempts under the one request id, so the registry counts them as one."""
        try:
            async with asyncio.timeout(self._timing.first):
                return await self._once(method, sent, most)
        except TimeoutError:
            pass
        except _Passing as error:
            if error.wait_s is not None and error.wait_s > self._timing.pause:
                raise
        await asyncio.sleep(self._timing.pause * (0.5 + secrets.randbelow(100) / 100))
        try:
            return await self._once(method, sent, most)
        except TimeoutError as error:
            raise _Passing("timeout") from error

    async def _once(self, method: str, sent: Sent, most: int) -> bytes:
        """The body of a 200 in JSON. Raises `_Passing` and `Unavailable`."""
        expected = "application/json"
        return await self._fetch(method, sent, most, expected)

    async def _fetch(self, method: str, sent: Sent, most: int, expected: str) -> bytes:
        headers = {"accept": expected, "accept-encoding": "identity", **sent.headers}
        try:
            async with self._client().stream(
                method, self._base_url + sent.path, headers=headers, content=sent.body
            ) as response:
                _check_head(response, expected)
                return await _read(response, most)
        except (httpx.TransportError, httpx.DecodingError, httpx.InvalidURL) as error:
            raise _Passing(type(error).__name__) from error

    async def _current_keys(self, refresh: bool = False) -> KeySet:
        if self._pinned is not None:
            return self._pinned
        now = self._clock.monotonic()
        fresh = self._keys is not None and now - self._keys_read_at < _KEYS_LIVE_S
        tried = self._keys_tried_at is not None and now - self._keys_tried_at < _KEYS_REFRESH_S
        if self._keys is not None and (fresh and not refresh or tried):
            return self._keys
        self._keys_tried_at = now
        try:
            raw = await self._once("GET", Sent("/.well-known/jwks.json", {}, b""), _MOST_ANSWER)
            self._keys = KeySet.read(raw)
            self._keys_read_at = now
        except (_Passing, ValueError) as error:
            if self._keys is None or not fresh:
                raise Unavailable("no keys") from error
        return self._keys

    async def _status_list(self) -> status_list.StatusList:
        now = self._clock.now()
        if self._list is not None and 0 <= now - self._list.issued_at < 10:
            return self._list
        keys = await self._current_keys()
        try:
            sent = Sent("/status-lists/1", {}, b"")
            raw = await self._fetch("GET", sent, _MOST_LIST, "application/statuslist+jwt")
            self._list = status_list.read(raw.decode("ascii"), keys, self._list_uri, now)
        except (_Passing, BadToken, UnicodeDecodeError) as error:
            raise Unavailable("no status list") from error
        return self._list

    def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            self._http = httpx.AsyncClient(
                transport=self._transport,
                timeout=self._timing.total,
                follow_redirects=False,
                trust_env=False,
                limits=httpx.Limits(max_connections=50, max_keepalive_connections=10),
            )
        return self._http


def _check_head(response: httpx.Response, expected: str) -> None:
    """Refuse whatever is not a 200 of the expected type, unpacked and in UTF-8."""
    if response.status_code in _RETRIED:
        raise _Passing(f"HTTP {response.status_code}", _wait_asked(response))
    if response.status_code == 429:
        raise _Passing("HTTP 429", _wait_asked(response) or _MOST_WAIT_S)
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
    return min(float(text), _MOST_WAIT_S) if text.isascii() and text.isdigit() else None


class _Loop:
    """An event loop in a daemon thread, started when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        """Run `work` on the loop and wait for it. Raises what it raises, and `TimeoutError`."""
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return future.result(timeout_s)
        except FutureTimeout:
            future.cancel()
            raise

    def close(self, last: Callable[[], Coroutine[Any, Any, None]] | None) -> None:
        """Do `last` on the loop, then end it."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        if last is not None:
            asyncio.run_coroutine_threadsafe(last(), loop).result(2)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(2)
        loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="registry-client", daemon=True
                )
                self._thread.start()
            return self._loop
