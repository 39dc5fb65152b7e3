"""Calls to the WeChat API: with time limits, and with one fresh token at most for a refused one."""

from __future__ import annotations

import json
import logging
from typing import Any, Literal

import httpx

from bot.wechat.tokens import Tokens

TIMEOUT = httpx.Timeout(5.0, connect=3.0)
# The token is invalid (40001, 40014) or has expired (42001).
TOKEN_REFUSED = frozenset((40001, 40014, 42001))
# No connection came about: nothing was asked.
_NOT_ASKED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class ApiError(Exception):
    """The platform said no; `code` is its errcode, and `message` what it says of it."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(f"errcode {code}")
        self.code = code
        self.message = message


class Unreachable(Exception):
    """No usable answer: no connection, too slow, or not WeChat's JSON. `asked`: the platform may
    have done what it was asked for."""

    def __init__(self, why: str, *, asked: bool = True) -> None:
        super().__init__(why)
        self.asked = asked


class WeChatApi:
    """The calls the project needs. `http` belongs to whoever made it.

    Not wechatpy's client: it calls synchronously, repeats a refused call without end, fetches the
    token without a time limit and knows no stable_token.
    """

    def __init__(self, http: httpx.AsyncClient, base: str, tokens: Tokens) -> None:
        self._http = http
        self._base = base.rstrip("/")
        self._tokens = tokens
        # It logs whole addresses, and the token is in them.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    async def send_text(self, openid: str, text: str) -> None:
        """A customer-service message."""
        await self._send(openid, "text", {"content": text})

    async def send_menu(self, openid: str, head: str, labels: list[str], tail: str) -> None:
        """A customer-service message with choices to tap; verified service accounts only."""
        items = [{"id": str(n), "content": label} for n, label in enumerate(labels, 1)]
        menu = {"head_content": head, "list": items, "tail_content": tail}
        await self._send(openid, "msgmenu", menu)

    async def push_menu(self, menu: dict[str, Any]) -> None:
        """Replace the account's menu."""
        await self.call("POST", "/cgi-bin/menu/create", menu)

    async def show_menu(self) -> dict[str, Any]:
        """The account's menu as the platform has it."""
        return await self.call("GET", "/cgi-bin/menu/get")

    async def create_qr(self, scene: str) -> str:
        """The address of the picture of a lasting QR code that opens `scene` (verified service
        accounts only)."""
        action = {
            "action_name": "QR_LIMIT_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        }
        made = await self.call("POST", "/cgi-bin/qrcode/create", action)
        ticket = httpx.QueryParams({"ticket": str(made.get("ticket", ""))})
        return f"https://mp.weixin.qq.com/cgi-bin/showqrcode?{ticket}"

    async def media(self, media_id: str, most: int) -> bytes:
        """A picture that a person sent; of `most` bytes at most. Raises `Unreachable` beyond."""
        token = await self._token()
        query = {"access_token": token, "media_id": media_id}
        content = await fetch(self._http, f"{self._base}/cgi-bin/media/get", most, query)
        if content.startswith(b"{"):
            raise ApiError(_code(content))
        return content

    async def call(
        self, method: Literal["GET", "POST"], path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Call `path`. A refused token is replaced once, and the call made once more. Raises
        `ApiError` and `Unreachable`."""
        token = await self._token()
        try:
            return await self._call(method, path, body, token)
        except ApiError as error:
            if error.code not in TOKEN_REFUSED:
                raise
        return await self._call(method, path, body, await self._token(stale=token))

    async def _token(self, stale: str | None = None) -> str:
        try:
            return await self._tokens.get(stale)
        except Unreachable as error:
            raise Unreachable(str(error), asked=False) from None

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None, token: str
    ) -> dict[str, Any]:
        return await request(
            self._http, method, f"{self._base}{path}", body, {"access_token": token}
        )

    async def _send(self, openid: str, kind: str, content: dict[str, Any]) -> None:
        await self.call(
            "POST",
            "/cgi-bin/message/custom/send",
            {"touser": openid, "msgtype": kind, kind: content},
        )


async def stable_token(
    http: httpx.AsyncClient, base: str, app_id: str, secret: str, force: bool
) -> tuple[str, int]:
    """A token and for how many seconds it holds. Raises `ApiError` and `Unreachable`."""
    asked = {
        "grant_type": "client_credential",
        "appid": app_id,
        "secret": secret,
        "force_refresh": force,
    }
    given = await request(http, "POST", f"{base.rstrip('/')}/cgi-bin/stable_token", asked, {})
    token, holds_s = given.get("access_token"), given.get("expires_in")
    if not isinstance(token, str) or not token or not isinstance(holds_s, int):
        raise Unreachable("no token in the answer")
    return token, holds_s


async def request(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    body: dict[str, Any] | None,
    query: dict[str, str],
) -> dict[str, Any]:
    """One call; the JSON object of its answer. Raises `ApiError` for an errcode, `Unreachable` for
    anything else that is no answer."""
    # The platform wants Chinese as it is, not as \\u escapes, which it would show.
    content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    try:
        response = await http.request(
            method,
            url,
            content=content,
            params=query,
            headers={"content-type": "application/json; charset=utf-8"},
            timeout=TIMEOUT,
        )
        given = response.json() if response.is_success else None
    except (httpx.HTTPError, ValueError) as error:
        asked = not isinstance(error, _NOT_ASKED)
        raise Unreachable(type(error).__name__, asked=asked) from None
    if not isinstance(given, dict):
        raise Unreachable(f"status {response.status_code}")
    code = given.get("errcode", 0)
    if code != 0:
        raise ApiError(code if isinstance(code, int) else -1, str(given.get("errmsg", "")))
    return given


async def fetch(
    http: httpx.AsyncClient, url: str, most: int, query: dict[str, str] | None = None
) -> bytes:
    """What is at `url`, of `most` bytes at most, redirects not followed. Raises `Unreachable`."""
    content = bytearray()
    try:
        async with http.stream("GET", url, params=query, timeout=TIMEOUT) as response:
            if response.status_code != 200:
                raise Unreachable(f"status {response.status_code}")
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > most:
                    raise Unreachable("too large")
    except httpx.HTTPError as error:
        raise Unreachable(type(error).__name__) from None
    return bytes(content)


def _code(content: bytes) -> int:
    try:
        return int(json.loads(content).get("errcode", -1))
    except (ValueError, AttributeError, TypeError):
        return -1
