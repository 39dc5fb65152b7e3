"""Asking a registry: one question, one answer that can be stood for, or none.

Nothing is cached but the registry's public keys and the signed status list. Whatever the registry
does, a question ends within its deadline: the calls run on an event loop of their own, where a
deadline truly ends what is under way.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import structlog
from pydantic import BaseModel, ValidationError

from knowledge.registry import status_list as lists
from knowledge.registry import strict_json
from knowledge.registry.adapters import Adapter, Question, Sent
from knowledge.registry.breaker import Breaker
from knowledge.registry.contract import Verification, VerifyRequest
from knowledge.registry.contract_worker import (
    ConsentCreated,
    ConsentRequest,
    ConsentView,
    WorkerProof,
    WorkerView,
)
from knowledge.registry.loop import LoopThread
from knowledge.registry.outcome import Unsound
from knowledge.registry.signing import BadToken, KeySet
from knowledge.registry.status_list import StatusList
from knowledge.registry.wire import Passing, Timing, Unavailable, Wire

log = structlog.get_logger(__name__)
T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

_JSON = "application/json"
_MOST_ANSWER = 64 * 1024  # bytes
_MOST_LIST = 256 * 1024
_KEYS_LIVE_S = 600.0  # a revoked key is believed no longer than this
_KEYS_REFRESH_S = 60.0
_LIST_REUSE_S = 10.0
_JWKS = Sent("/.well-known/jwks.json", {}, b"")
_LIST = Sent("/status-lists/1", {}, b"")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Clock:
    """Wall clock (Unix seconds) and a clock that never jumps; handed in by tests."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


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
        self._list_uri = list_uri or f"{base_url.rstrip('/')}{_LIST.path}"
        self._token = token
        self._pinned = pinned
        self._clock = clock or Clock()
        self._timing = timing or Timing()
        self._loop = LoopThread()
        self._wire = Wire(base_url.rstrip("/"), transport, self._timing)
        # Keys and lists may well be served when answers are not, and the other way round.
        self._answers = Breaker(self._clock.monotonic)
        self._documents = Breaker(self._clock.monotonic)
        self._keys: KeySet | None = None
        self._keys_read_at = 0.0
        self._keys_forced_at = float("-inf")
        self._list: StatusList | None = None

    # ---- what others call, from any thread -------------------------------------------------

    def ask(
        self,
        request: VerifyRequest,
        number: str,
        request_id: UUID,
        within_s: float | None = None,
        nonce: str | None = None,
    ) -> Verification:
        """The registry's answer about the permit `number` names, within `within_s` seconds, or the
        client's own time where none are given. Raises `Unavailable`.

        A `nonce` is given only where a request may be repeated after a crash: with the same id and
        nonce it is the same request to the registry. It must be one that nobody can foresee.
        """
        question = Question(request, request_id, nonce or secrets.token_urlsafe(24), number)
        return self._run(self._ask(question), within_s)

    def keys(self, *, unknown_key: bool = False, within_s: float | None = None) -> KeySet:
        """The keys to check tokens with; `unknown_key` asks for newer ones, which is granted once
        a minute however many tokens name unknown keys. Raises `Unavailable`."""
        held = self._pinned or self._keys
        if held is not None and (self._pinned or self._keys_hold(unknown_key)):
            return held
        work = self._guarded(self._documents, lambda: self._current_keys(refresh=unknown_key))
        return self._run(work, within_s)

    def status_list(self, within_s: float | None = None) -> StatusList:
        """The signed status list, fetched anew unless the one held is seconds old. Raises
        `Unavailable`."""
        held, now = self._list, self._clock.now()
        if held is not None and 0 <= now - held.issued_at < _LIST_REUSE_S:
            return held
        return self._run(self._guarded(self._documents, self._status_list), within_s)

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
        self._loop.close(self._wire.close)

    # ---- on the loop -----------------------------------------------------------------------

    def _run(self, work: Coroutine[Any, Any, T], within_s: float | None = None) -> T:
        total = within_s or self._timing.total

        async def bounded() -> T:
            async with asyncio.timeout(total):
                return await work

        try:
            return self._loop.run(bounded(), total + 0.4)
        except TimeoutError as error:
            log.warning("registry_deadline", seconds=round(total, 2))
            raise Unavailable("deadline") from error

    async def _ask(self, question: Question) -> Verification:
        sent = self._sent(question)

        async def answer() -> Verification:
            keys = await self._current_keys() if self.adapter.signs else KeySet({})
            body = await self._wire.fetch_twice("POST", sent, _MOST_ANSWER, _JSON)
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

        return await self._guarded(self._answers, answer)

    def _sent(self, question: Question) -> Sent:
        try:
            return self.adapter.ask(question)
        except Unsound as error:
            raise Unavailable(str(error)) from error

    async def _call(self, method: str, path: str, body: bytes, model: type[M]) -> M:
        headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}

        async def answer() -> M:
            sent = Sent(path, headers, body)
            raw = await self._wire.fetch(method, sent, _MOST_ANSWER, _JSON)
            try:
                strict_json.loads(raw)
                return model.model_validate_json(raw)
            except (ValueError, ValidationError) as error:
                raise Unavailable("not in the contract's form") from error

        return await self._guarded(self._answers, answer)

    async def _guarded(self, breaker: Breaker, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run `work` under a breaker; every failure, a deadline too, counts."""
        if not breaker.allows():
            raise Unavailable("the registry has been failing")
        wait_s: float | None = None
        done = False
        try:
            result = await work()
            done = True
            return result
        except Unavailable as error:
            wait_s = error.wait_s if isinstance(error, Passing) else None
            log.warning("registry_answer_refused", why=error.why)
            raise
        finally:
            if done:
                breaker.succeeded()
            else:
                breaker.failed(wait_s)

    async def _current_keys(self, refresh: bool = False) -> KeySet:
        if self._pinned is not None:
            return self._pinned
        if self._keys is not None and self._keys_hold(refresh):
            return self._keys
        now = self._clock.monotonic()
        if refresh:
            self._keys_forced_at = now
        try:
            raw = await self._wire.fetch("GET", _JWKS, _MOST_ANSWER, _JSON)
            self._keys, self._keys_read_at = KeySet.read(raw), now
        except (Unavailable, ValueError) as error:
            if self._keys is None or not self._keys_hold(refresh):
                raise Passing("no keys") from error
        return self._keys

    def _keys_hold(self, refresh: bool) -> bool:
        """Whether the keys held will do: read lately, and no newer ones wanted or to be had."""
        now = self._clock.monotonic()
        fresh = now - self._keys_read_at < _KEYS_LIVE_S
        return fresh and (not refresh or now - self._keys_forced_at < _KEYS_REFRESH_S)

    async def _status_list(self) -> StatusList:
        keys = await self._current_keys()
        raw = await self._wire.fetch("GET", _LIST, _MOST_LIST, "application/statuslist+jwt")
        try:
            token = raw.decode("ascii")
            self._list = lists.read(token, keys, self._list_uri, self._clock.now())
        except (BadToken, UnicodeDecodeError) as error:
            raise Unavailable("no status list") from error
        return self._list
