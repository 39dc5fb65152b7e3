"""Pictures that people send: fetched from WeChat's own hosts only, and of a bearable size."""

from __future__ import annotations

from urllib.parse import urlsplit

import anyio
import httpx

from bot.wechat.api import ApiError, Unreachable, WeChatApi, fetch
from bot.wechat.inbound import Received

MOST_BYTES = 5 * 1024 * 1024
# A picture must not use up the time that the answer needs.
TIME_S = 3.0
_PICTURE_HOST = "qpic.cn"  # mmbiz.qpic.cn and its like


class Pictures:
    """Fetches by the address that WeChat gives, else by the media id through the API. `base` is the
    API's address: the host of a test platform counts as WeChat's."""

    def __init__(self, http: httpx.AsyncClient, base: str, api: WeChatApi | None) -> None:
        self._http = http
        self._base = urlsplit(base)
        self._api = api

    async def of(self, message: Received) -> bytes | None:
        """The picture; None where it cannot be had in time."""
        with anyio.move_on_after(TIME_S):
            if self.is_trusted(message.picture_url):
                try:
                    return await fetch(self._http, message.picture_url, MOST_BYTES)
                except Unreachable:
                    pass
            if self._api is not None and message.media_id:
                try:
                    return await self._api.media(message.media_id, MOST_BYTES)
                except (Unreachable, ApiError):
                    pass
        return None

    def is_trusted(self, url: str) -> bool:
        """Whether an address may be fetched: anybody who knows the token could name any other."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return False
        if parts.username or parts.password or not url.isascii():
            return False
        if parts.scheme == self._base.scheme and parts.netloc == self._base.netloc:
            return bool(host)
        known = host == _PICTURE_HOST or host.endswith(f".{_PICTURE_HOST}")
        return known and parts.scheme in ("http", "https") and port in (None, 80, 443)
