"""What measurements in the browser share: the whole application in a process of its own, and people
who chat with it from another.

The processes: `python -m tests.browser.load serve FOLDER PORT [WECHAT-API]`, and `… chat URL PEOPLE
EVERY`, each until it is stopped.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import uvicorn
from pydantic import SecretStr

from bot.app import assemble, utc_now
from bot.bench.process import free_port, median, percentile
from bot.console import accounts
from bot.http import create_app
from tests.browser.console_office import PASSWORD, STAFF, whole_settings
from tests.simulators.wechat_platform import Account

CHATTED = ("你好", "培训免费吗", "广州", "多少钱", "那长治呢", "社保补贴怎么领", "谢谢")
_START_S = 300  # a machine may be very busy


@contextmanager
def loaded(people: int, every_s: float, wechat_api: str = "") -> Iterator[str]:
    """The address of a served application (real library, real model) that `people` chat with, each
    a message every `every_s` seconds. With `wechat_api` it is on WeChat too, as `Account()`."""
    url_port = free_port()
    url = f"http://127.0.0.1:{url_port}"
    with ExitStack() as open_:
        folder = open_.enter_context(tempfile.TemporaryDirectory())
        server = open_.enter_context(_process("serve", folder, str(url_port), wechat_api))
        _wait_for(url, server)
        open_.enter_context(_process("chat", url, str(people), str(every_s)))
        yield url


def quantiles(took: Sequence[float]) -> str:
    """Median, 95th percentile and the most, in milliseconds."""
    p95 = percentile(took, 95)
    return f"median {median(took):.0f} ms, p95 {p95:.0f} ms, most {max(took):.0f} ms"


@contextmanager
def _process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    running = subprocess.Popen((sys.executable, "-m", "tests.browser.load", *arguments))
    try:
        yield running
    finally:
        running.terminate()
        running.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            httpx.get(f"{url}/healthz")
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


def _serve(folder: str, port: int, wechat_api: str) -> None:
    account = Account()
    wechat = {
        "wechat_token": SecretStr(account.token),
        "wechat_app_id": account.app_id,
        "wechat_app_secret": SecretStr(account.secret),
        "wechat_aes_key": SecretStr(account.aes_key),
        "wechat_verified": account.verified,
        "wechat_api_base": wechat_api,
    }
    more = wechat if wechat_api else {}
    app = assemble(whole_settings(Path(folder)).model_copy(update=more))
    with app.engine.begin() as connection:
        for name, label, role in STAFF:
            accounts.add(connection, name, label, role, PASSWORD, utc_now())
    uvicorn.run(create_app(app), port=port, log_level="error", access_log=False)


async def _chat_one(client: httpx.AsyncClient, who: int, every_s: float) -> None:
    """Somebody who writes a message every so often, with the chat's page open."""
    rng, person = random.Random(who), f"measure-{who:04d}-{'x' * 16}"
    await asyncio.sleep(rng.uniform(0, every_s))
    await _say(client, person, rng.choice(CHATTED))
    async with asyncio.TaskGroup() as page:
        page.create_task(_follow(client, person))
        while True:
            await asyncio.sleep(rng.uniform(0.5, 1.5) * every_s)
            await _say(client, person, rng.choice(CHATTED))


async def _say(client: httpx.AsyncClient, person: str, text: str) -> None:
    body = {"conversation": person, "text": text}
    answer = await client.post("/api/v1/messages", json=body)
    if answer.status_code != 200:
        raise SystemExit(f"a message was answered with {answer.status_code}: {answer.text}")


async def _follow(client: httpx.AsyncClient, person: str) -> None:
    """Listen to what happens in a conversation, as the chat's page does."""
    while True:
        async with client.stream("GET", f"/api/v1/conversations/{person}/events") as events:
            async for _ in events.aiter_raw():
                pass


async def _chat(url: str, people: int, every_s: float) -> None:
    limits = httpx.Limits(max_connections=2 * people)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        await asyncio.gather(*(_chat_one(client, who, every_s) for who in range(people)))


if __name__ == "__main__":
    does, first, second, third = sys.argv[1:]
    if does == "serve":
        _serve(first, int(second), third)
    else:
        asyncio.run(_chat(first, int(second), float(third)))
