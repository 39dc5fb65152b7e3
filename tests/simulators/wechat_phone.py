"""The WeChat platform for code that is not asynchronous: people with telephones, and the platform's
API on a port, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from tests.bot.serving import serving
from tests.simulators.wechat_platform import Account, Outcome, Platform

_T = TypeVar("_T")


class Phones:
    """What people do on their telephones, and what they see. `bot` is the bot's /wechat."""

    def __init__(self, account: Account, loop: asyncio.AbstractEventLoop) -> None:
        self.account = account
        self._loop = loop
        self._platform = Platform(account, httpx.AsyncClient(timeout=30, trust_env=False))
        self.api = self._platform.api

    def reach(self, bot: str) -> None:
        """The bot is there from now on."""
        self._platform.url = bot

    def say(self, openid: str, text: str) -> Outcome:
        """Somebody sends a text; what came back in the request."""
        return self._wait(self._platform.say(openid, text))

    def tap(self, openid: str, shown: str) -> Outcome:
        """Somebody taps an entry of the last list that was sent to them, by what it says."""
        for delivered in reversed(self.api.delivered):
            if delivered.openid == openid and delivered.kind == "msgmenu":
                for entry in delivered.content["list"]:
                    if entry["content"] == shown:
                        more = {"bizmsgmenuid": str(entry["id"])}
                        return self._wait(self._platform.say(openid, shown, **more))
        raise AssertionError(f"no list with {shown!r} was sent to {openid}")

    def received(self, openid: str) -> list[str]:
        """The customer-service messages that reached somebody, oldest first."""
        return [one.text for one in self.api.delivered if one.openid == openid]

    def close(self) -> None:
        """Nobody writes any more."""
        self._wait(self._platform.client.aclose())

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


@contextmanager
def phones(account: Account | None = None) -> Iterator[tuple[Phones, str]]:
    """The telephones, and the address of the platform's API."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    made = Phones(account or Account(), loop)
    try:
        with serving(made.api.app()) as address:
            yield made, address
    finally:
        made.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
