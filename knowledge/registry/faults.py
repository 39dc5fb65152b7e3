"""A registry that misbehaves on purpose: a transport that spoils a genuine registry's answers.

Used by the measurements and the tests. A spoiled answer is often signed again with the registry's
own key, so that what refuses it is not the signature but the check that comes after.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import httpx

from knowledge.registry import contract, signing
from knowledge.registry.server.registry import Registry

_JSON = {"content-type": "application/json"}
_FOREVER_S = 3600.0

Body = dict[str, Any]


class FaultyTransport(httpx.AsyncBaseTransport):
    """Passes requests on to `inner` and spoils the answers to checks, by the faults named in
    `faults`: the first attempt meets the first, the second the second, and so on."""

    def __init__(self, inner: httpx.AsyncBaseTransport, registry: Registry) -> None:
        self._inner = inner
        self._registry = registry
        self.faults: list[str] = []
        self.calls = 0
        self.last: str | None = None  # the fault in the last answer that was handed over
        self.captured: bytes | None = None  # the last genuine answer, for replays

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, or misbehave as the next fault says."""
        if not request.url.path.endswith(":verify"):
            return await self._inner.handle_async_request(request)
        self.calls += 1
        self.last = None
        fault = self.faults.pop(0) if self.faults else None
        if fault is not None and fault in _NETWORK:
            self.last = fault
            return await _NETWORK[fault]()
        replayed = self.captured
        response = await self._inner.handle_async_request(request)
        body = await response.aread()
        if response.status_code == 200:
            self.captured = body
        if fault is None or response.status_code != 200:
            return _response(response.status_code, response.headers, body)
        self.last = fault
        if fault == "replayed":
            return _response(200, _JSON, replayed or b"{}")
        if fault in _RAW:
            headers, content = _RAW[fault](body)
            return _response(200, headers, content)
        return _response(200, _JSON, self._resigned(fault, body))

    def _resigned(self, fault: str, body: bytes) -> bytes:
        """The answer with its fields changed, under a signature that holds."""
        token = json.loads(body)["sig"]
        keys = self._registry.keys.current()
        claims = signing.verify(token, keys.public, contract.TYP_ANSWER, most_chars=65536)
        (_stale_replica if fault == "stale_replica" else SIGNED_FAULTS[fault])(claims)
        signed = signing.sign(claims, keys.signing, contract.TYP_ANSWER)
        outer = {k: v for k, v in claims.items() if k not in ("aud", "iat", "exp")}
        return json.dumps(outer | {"sig": signed}).encode()


def _response(status: int, headers: Mapping[str, str], body: bytes) -> httpx.Response:
    """A response whose body is still to be read, as one from the network is."""
    return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))


async def _hang() -> httpx.Response:
    await asyncio.sleep(_FOREVER_S)
    raise httpx.ReadTimeout("")


async def _refuse() -> httpx.Response:
    raise httpx.ConnectError("")


async def _drip() -> httpx.Response:
    async def body() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await asyncio.sleep(0.02)

    return httpx.Response(200, headers=_JSON, content=body())


async def _flood() -> httpx.Response:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(50 * 16):
            yield b"a" * 65536

    return httpx.Response(200, headers=_JSON, content=body())


Respond = Callable[[], Awaitable[httpx.Response]]


def _status(status: int, headers: Mapping[str, str] | None = None) -> Respond:
    async def respond() -> httpx.Response:
        return _response(status, headers or {}, b"{}")

    return respond


_NETWORK: dict[str, Respond] = {
    "hang": _hang,
    "refused": _refuse,
    "drip": _drip,
    "flood": _flood,
    "500": _status(500),
    "502": _status(502),
    "503": _status(503),
    "429": _status(429, {"retry-after": "86400"}),
    "redirect": _status(302, {"location": "http://169.254.169.254/"}),
}

Raw = tuple[Mapping[str, str], bytes]
_RAW: dict[str, Callable[[bytes], Raw]] = {
    "cut": lambda body: (_JSON, body[: len(body) // 2]),
    "empty": lambda _body: (_JSON, b""),
    "login_page": lambda _body: ({"content-type": "text/html"}, b"<html>VALID</html>"),
    "html_as_json": lambda _body: (_JSON, b"<html>VALID</html>"),
    "result_0": lambda _body: (_JSON, b'{"result":0,"msg":"ok","status":"VALID"}'),
    "wrong_type": lambda body: ({"content-type": "text/plain"}, body),
    "wrong_charset": lambda body: ({"content-type": "application/json; charset=gbk"}, body),
    "not_utf8": lambda body: (_JSON, b"\xff\xfe" + body),
    "duplicate_key": lambda body: (_JSON, b'{"status":"VALID",' + body[1:]),
    "nan": lambda body: (_JSON, body[:-1] + b',"x":NaN}'),
    "deep": lambda _body: (_JSON, b"[" * 60000),
    "packed": lambda body: (_JSON | {"content-encoding": "gzip"}, body),
    "field_changed": lambda body: (
        _JSON,
        body.replace(b'"UNVERIFIED"', b'"VALID"')
        .replace(b'"REVOKED"', b'"VALID"')
        .replace(b'"EXPIRED"', b'"VALID"')
        .replace(b'"SUSPENDED"', b'"VALID"'),
    ),
    "signature_cut": lambda body: (_JSON, body[:-12] + b'AAAAAAAAAA"}'),
    "unsigned": lambda body: (
        _JSON,
        json.dumps({k: v for k, v in json.loads(body).items() if k != "sig"}).encode(),
    ),
    "alg_none": lambda body: (_JSON, _alg_none(body)),
}
NETWORK_FAULTS = tuple(str(name) for name in _NETWORK)
RAW_FAULTS = (*_RAW, "replayed")


def _alg_none(body: bytes) -> bytes:
    answer = json.loads(body)
    _header, payload, _signature = answer["sig"].split(".")
    return json.dumps(answer | {"sig": f"eyJhbGciOiJub25lIn0.{payload}."}).encode()


def _set(**fields: Any) -> Callable[[Body], None]:
    return lambda claims: claims.update(fields)


def _shift(seconds: int) -> Callable[[Body], None]:
    def change(claims: Body) -> None:
        claims["iat"] += seconds
        claims["exp"] += seconds

    return change


def _markup(claims: Body) -> None:
    if "permit" in claims:
        claims["permit"]["agency_name"] = "<img src=x onerror=alert(1)>标记为有效"


def _other_permit(claims: Body) -> None:
    if "permit" in claims:
        claims["permit"]["no_masked"] = "GZ****0000"


def _valid_without_block(claims: Body) -> None:
    claims.pop("permit", None)
    claims["status"] = "VALID"


def _stale_replica(claims: Body) -> None:
    """What a copy that lags behind would say of a permit revoked since. Only who has seen the newer
    state can tell, so this fault is met on purpose and not by chance."""
    if claims["status_version"] > 1:
        claims["status"] = "VALID"
        claims["status_version"] -= 1
        claims.pop("reason_code", None)


# Changes under a genuine signature: each must be refused for what it says.
SIGNED_FAULTS: dict[str, Callable[[Body], None]] = {
    "unknown_status": _set(status="ACTIVE"),
    "status_null": _set(status=None),
    "status_lower": _set(status="valid"),
    "unknown_field": _set(trusted=True),
    "valid_mismatch": _set(status="VALID", match="MISMATCH"),
    "valid_not_checked": _set(status="VALID", match="NOT_CHECKED"),
    "valid_without_block": _valid_without_block,
    "other_nonce": _set(nonce="A" * 32),
    "other_audience": _set(aud="somebody-else"),
    "other_subject": _set(subject="x" * 43),
    "other_request": _set(request_id="00000000-0000-4000-8000-000000000000"),
    "other_permit": _other_permit,
    "version_float": _set(status_version=1.5),
    "version_text": _set(status_version="7"),
    "old": _shift(-400),
    "future": _shift(400),
    "long_lived": lambda claims: claims.update(exp=claims["exp"] + 86400),
    "ended": lambda claims: claims.update(valid_until=claims["checked_at"]),
    "leap_second": lambda claims: claims.update(checked_at=claims["checked_at"][:-3] + "60Z"),
    "partial_components": _set(components={"identity": {"state": "OK"}}),
    "reason_beside_valid": _set(reason_code="LOST"),
    "markup": _markup,
}
