"""WeChat as a bot meets it: it posts like Tencent's servers, and serves the part of its API that
the project calls.

Written from the published rules (docs/wechat.md names them) with its own XML and encryption, so
that a mistake of the bot's is not made here too.

By hand: `anxin wechat simulate`, or `python -m tests.simulators.wechat_platform --help`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import random
import struct
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Mode = Literal["plain", "compatible", "safe"]
ACCOUNT = "gh_anxinwen0001"
MOST_BYTES = 2048


@dataclass(frozen=True)
class Account:
    """What both sides know of the account."""

    token: str = "test-token"
    app_id: str = "wx0123456789abcdef"
    secret: str = "0123456789abcdef0123456789abcdef"
    aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    mode: Mode = "safe"
    verified: bool = True


@dataclass
class Tried:
    """One request: when it began, what came of it."""

    status: int | None  # None: no answer within the time limit, or none at all
    body: str = ""


@dataclass
class Outcome:
    """What became of one message of a person's: `shown` is the text on the telephone (None for
    nothing), `failed` is WeChat's own 该公众号暂时无法提供服务."""

    shown: str | None
    failed: bool
    tries: list[Tried]


@dataclass
class Delivered:
    """A customer-service message that reached a person."""

    openid: str
    kind: str
    content: dict[str, Any]

    @property
    def text(self) -> str:
        if self.kind == "text":
            return str(self.content["content"])
        items = "\n".join(f"· {item['content']}" for item in self.content["list"])
        return f"{self.content['head_content']}\n{items}"


class Broken(AssertionError):
    """The bot broke one of the platform's rules."""


class Platform:
    """The platform for one account. `cut` is its five seconds, which tests may shorten; `client`
    reaches the bot."""

    def __init__(
        self,
        account: Account,
        client: httpx.AsyncClient,
        url: str = "/wechat",
        cut: float = 5.0,
        tries: int = 3,
    ) -> None:
        self.account = account
        self.client = client
        self.url = url
        self.cut = cut
        self.tries = tries
        self.api = Api(account)
        self._ids = random.Random(7).randrange(2**63, 2**64 - 10**9)

    # --- what people do ----------------------------------------------------------------------

    async def say(self, openid: str, text: str, **more: str) -> Outcome:
        """Somebody sends a text."""
        return await self.post(self.message(openid, "text", Content=text, **more))

    async def event(self, openid: str, event: str, **more: str) -> Outcome:
        """Somebody follows, taps the menu, scans …"""
        return await self.post(self.message(openid, "event", Event=event, **more))

    def message(self, openid: str, kind: str, **more: str) -> dict[str, str]:
        """The fields of a push, with a MsgId of its own."""
        fields = {
            "ToUserName": ACCOUNT,
            "FromUserName": openid,
            "CreateTime": str(int(time.time())),
            "MsgType": kind,
            **more,
        }
        if kind != "event":
            self._ids += 1
            fields.setdefault("MsgId", str(self._ids))
        return fields

    async def post(self, fields: dict[str, str]) -> Outcome:
        """Push as Tencent does: five seconds, three requests, the same MsgId. A `success` or an
        empty answer ends it without a text."""
        self.api.opened(fields)
        tried: list[Tried] = []
        for _ in range(self.tries):
            one = await self.once(fields)
            tried.append(one)
            if one.status == 200:
                return Outcome(self.read(one.body, fields), False, tried)
        return Outcome(None, True, tried)

    async def once(self, fields: dict[str, str]) -> Tried:
        """One request, given up after the time limit."""
        query, body = self.request(fields)
        began = time.monotonic()
        try:
            async with asyncio.timeout(self.cut):
                response = await self.client.post(
                    f"{self.url}?{urlencode(query)}",
                    content=body,
                    headers={"content-type": "text/xml"},
                )
        except (TimeoutError, httpx.HTTPError):
            # A connection that is refused or breaks is not tried again before its time either.
            await asyncio.sleep(max(0.0, began + self.cut - time.monotonic()))
            return Tried(None)
        return Tried(response.status_code, response.text)

    # --- the protocol ------------------------------------------------------------------------

    def request(self, fields: dict[str, str]) -> tuple[dict[str, str], bytes]:
        """The query and the body of a push."""
        account = self.account
        timestamp, nonce = str(int(time.time())), str(random.randrange(10**9))
        query = {
            "signature": sha1(account.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": fields.get("FromUserName", ""),
        }
        plain = as_xml(fields)
        if account.mode == "plain":
            return query, plain.encode()
        encrypted = encrypt(account, plain)
        query |= {
            "encrypt_type": "aes",
            "msg_signature": sha1(account.token, timestamp, nonce, encrypted),
        }
        outer = fields if account.mode == "compatible" else {"ToUserName": fields["ToUserName"]}
        return query, as_xml({**outer, "Encrypt": encrypted}).encode()

    def read(self, body: str, fields: dict[str, str]) -> str | None:
        """The text of an answer; None for `success`. Raises `Broken` for what WeChat would not
        take."""
        if body in ("", "success"):
            return None
        answer = flat(body)
        if self.account.mode != "plain":
            missing = {"Encrypt", "MsgSignature", "TimeStamp", "Nonce"} - answer.keys()
            if missing:
                raise Broken(f"not encrypted: no {missing}")
            signed = sha1(
                self.account.token, answer["TimeStamp"], answer["Nonce"], answer["Encrypt"]
            )
            if signed != answer["MsgSignature"]:
                raise Broken("wrongly signed")
            answer = flat(decrypt(self.account, answer["Encrypt"]))
        if answer.get("ToUserName") != fields["FromUserName"]:
            raise Broken("to somebody else")
        if answer.get("FromUserName") != fields["ToUserName"]:
            raise Broken("from somebody else")
        if answer.get("MsgType") != "text" or not answer.get("CreateTime", "").isdecimal():
            raise Broken("not a text")
        text = answer.get("Content", "")
        if not text or len(text.encode()) > MOST_BYTES:
            raise Broken(f"a text of {len(text.encode())} bytes")
        return text


class Api:
    """The API: tokens, customer-service messages with their quota, menu, QR codes, media.

    `fails` holds errcodes to answer with next, by path (0: as always); `delay`, in seconds, comes
    before each answer.
    """

    def __init__(self, account: Account, now: Callable[[], float] = time.time) -> None:
        self.account = account
        self.now = now
        self.fails: dict[str, deque[int]] = defaultdict(deque)
        self.delay = 0.0
        self.delivered: list[Delivered] = []
        self.calls: list[str] = []
        self.menu: dict[str, Any] | None = None
        self.media: dict[str, bytes] = {}
        self.holds_s = 7200
        self.menus_allowed = True
        self.token: str | None = None
        # openid → what opened the window → until when, and how many messages are left
        self._windows: dict[str, dict[str, tuple[float, int]]] = defaultdict(dict)
        self.on_delivered: Callable[[Delivered], Awaitable[None]] | None = None

    def opened(self, fields: dict[str, str]) -> None:
        """A push that opens a window for customer-service messages."""
        event = fields.get("Event", "").lower()
        windows = self._windows[fields["FromUserName"]]
        if event in ("subscribe", "scan", "click") or fields.get("bizmsgmenuid"):
            windows["acted"] = (self.now() + 60, 3)
        elif fields["MsgType"] != "event":
            windows["wrote"] = (self.now() + 48 * 3600, 5)

    def app(self) -> Starlette:
        """The API as an ASGI application."""
        return Starlette(
            routes=[
                Route("/cgi-bin/stable_token", self._stable_token, methods=["POST"]),
                Route("/cgi-bin/message/custom/send", self._send, methods=["POST"]),
                Route("/cgi-bin/menu/create", self._menu_create, methods=["POST"]),
                Route("/cgi-bin/menu/get", self._menu_get, methods=["GET"]),
                Route("/cgi-bin/qrcode/create", self._qrcode, methods=["POST"]),
                Route("/cgi-bin/media/get", self._media, methods=["GET"]),
                Route("/picture/{name}", self._picture, methods=["GET"]),
            ]
        )

    async def _stable_token(self, request: Request) -> Response:
        asked = await request.json()
        refused = await self._before(request, token=False)
        if refused is not None:
            return refused
        if (asked.get("appid"), asked.get("secret")) != (self.account.app_id, self.account.secret):
            return _error(40013, "invalid appid")
        if self.token is None or asked.get("force_refresh"):
            self.token = f"{random.randrange(10**12):012d}_{os.urandom(12).hex()}"
        return JSONResponse({"access_token": self.token, "expires_in": self.holds_s})

    async def _send(self, request: Request) -> Response:
        refused = await self._before(request)
        if refused is not None:
            return refused
        sent = await request.json()
        openid, kind = sent["touser"], sent["msgtype"]
        content = sent[kind]
        if kind == "msgmenu" and not self.menus_allowed:
            return _error(40200, "invalid account type")
        if kind == "text" and len(content["content"].encode()) > MOST_BYTES:
            return _error(45002, "content size out of limit")
        windows = self._windows[openid]
        open_now = {name: w for name, w in windows.items() if w[0] > self.now()}
        if not open_now:
            return _error(45015, "response out of time limit or subscription is canceled")
        usable = [name for name, (_, left) in open_now.items() if left > 0]
        if not usable:
            return _error(45047, "out of response count limit")
        used = min(usable, key=lambda name: open_now[name][0])
        windows[used] = (windows[used][0], windows[used][1] - 1)
        delivered = Delivered(openid, kind, content)
        self.delivered.append(delivered)
        if self.on_delivered is not None:
            await self.on_delivered(delivered)
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _menu_create(self, request: Request) -> Response:
        refused = await self._before(request)
        if refused is not None:
            return refused
        self.menu = await request.json()
        buttons = self.menu["button"]
        names = [(b["name"], 16) for b in buttons]
        names += [(s["name"], 60) for b in buttons for s in b.get("sub_button", [])]
        if len(buttons) > 3 or any(len(b.get("sub_button", [])) > 5 for b in buttons):
            return _error(40016, "invalid button size")
        if any(len(name.encode()) > most for name, most in names):
            return _error(40018, "invalid button name size")
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _menu_get(self, request: Request) -> Response:
        refused = await self._before(request)
        if refused is not None:
            return refused
        if self.menu is None:
            return _error(46003, "menu no exist")
        return JSONResponse({"menu": self.menu})

    async def _qrcode(self, request: Request) -> Response:
        refused = await self._before(request)
        if refused is not None:
            return refused
        asked = await request.json()
        scene = asked["action_info"]["scene"]["scene_str"]
        return JSONResponse(
            {"ticket": f"ticket+{scene}/=", "url": f"http://weixin.qq.com/q/{scene}"}
        )

    async def _media(self, request: Request) -> Response:
        refused = await self._before(request)
        if refused is not None:
            return refused
        content = self.media.get(request.query_params.get("media_id", ""))
        return _error(40007, "invalid media_id") if content is None else Response(content)

    async def _picture(self, request: Request) -> Response:
        """What PicUrl points to (in the real world on another host)."""
        content = self.media.get(request.path_params["name"])
        return Response(status_code=404) if content is None else Response(content)

    async def _before(self, request: Request, token: bool = True) -> Response | None:
        path = request.url.path
        self.calls.append(path)
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.fails[path] and (code := self.fails[path].popleft()) != 0:
            return _error(code, "on demand")
        if token and request.query_params.get("access_token") != self.token:
            return _error(40001, "invalid credential, access_token is invalid or not latest")
        return None


def _error(code: int, message: str) -> Response:
    return JSONResponse({"errcode": code, "errmsg": message})


def as_xml(fields: dict[str, str]) -> str:
    """Fields as Tencent writes them: numbers bare, texts in CDATA."""
    inside = "".join(
        f"<{name}>{value}</{name}>"
        if value.isdecimal() and name in ("CreateTime", "MsgId")
        else f"<{name}><![CDATA[{value.replace(']]>', ']]]]><![CDATA[>')}]]></{name}>"
        for name, value in fields.items()
    )
    return f"<xml>{inside}</xml>"


def flat(body: str) -> dict[str, str]:
    """The fields of an answer. Raises `Broken` unless it is one `<xml>` with each field once."""
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise Broken(f"not well-formed: {error}") from error
    fields = {element.tag: element.text or "" for element in root}
    if root.tag != "xml" or len(fields) != len(root):
        raise Broken("not one message")
    return fields


def sha1(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()


def encrypt(account: Account, plain: str) -> str:
    data = os.urandom(16) + struct.pack(">I", len(plain.encode())) + plain.encode()
    data += account.app_id.encode()
    pad = 32 - len(data) % 32
    cipher = _aes(account).encryptor()
    return base64.b64encode(cipher.update(data + bytes([pad]) * pad) + cipher.finalize()).decode()


def decrypt(account: Account, encrypted: str) -> str:
    cipher = _aes(account).decryptor()
    data = cipher.update(base64.b64decode(encrypted)) + cipher.finalize()
    data = data[: -data[-1]]
    length = struct.unpack(">I", data[16:20])[0]
    if data[20 + length :].decode() != account.app_id:
        raise Broken("encrypted for another account")
    return data[20 : 20 + length].decode()


def _aes(account: Account) -> Cipher[modes.CBC]:
    key = base64.b64decode(account.aes_key + "=")
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))
