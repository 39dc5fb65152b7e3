"""The operator's answer time: from the last key to the full answer, while others are chatting.

`python -m tests.browser.measure_assistant` serves the whole application (real library, real model)
in a process of its own, lets a hundred conversations go on in another, and types questions into the
assistant in Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import uvicorn
from playwright.sync_api import Page, sync_playwright

from bot.app import assemble, utc_now
from bot.console import accounts
from bot.http import create_app
from tests.browser.console_office import PASSWORD, at_desk, free_port, whole_settings

QUESTIONS = (
    "广州月嫂培训免费吗",
    "长治社保补贴什么条件",
    "肇庆星级评定怎么弄",
    "我是农村的能领什么补贴",
    "昆区家政保险谁来买",
    "沈阳回炉培训多久一次",
    "退伍军人学家政有钱拿吗",
    "上门服务证在哪里办",
)
CHATTED = ("你好", "培训免费吗", "广州", "多少钱", "那长治呢", "社保补贴怎么领", "谢谢")
# Notes when each full answer stands on the page, after the input it belongs to.
WATCH = """
() => {
  const field = document.getElementById("q"), answer = document.getElementById("answer");
  window.took = [];
  let typed = 0;
  field.addEventListener("input", () => { typed = performance.now(); });
  new MutationObserver(() => {
    if (answer.dataset.question === field.value.trim() && typed) {
      const since = typed;
      typed = 0;
      requestAnimationFrame(() => window.took.push(performance.now() - since));
    }
  }).observe(answer, { attributes: true, childList: true });
}
"""


@contextmanager
def process(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = (sys.executable, "-m", "tests.browser.measure_assistant", *arguments)
    running = subprocess.Popen(command)
    try:
        yield running
    finally:
        running.terminate()
        running.wait()


def serve(folder: str, port: int) -> None:
    """The whole application over a database in `folder`."""
    app = assemble(whole_settings(Path(folder)))
    with app.engine.begin() as connection:
        accounts.add(connection, "li", "李红", "operator", PASSWORD, utc_now())
    uvicorn.run(create_app(app), port=port, log_level="error", access_log=False)


async def _chat(client: httpx.AsyncClient, who: int, every_s: float) -> None:
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


async def chat(url: str, people: int, every_s: float) -> None:
    """So many conversations at once, for ever."""
    limits = httpx.Limits(max_connections=2 * people)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:
        await asyncio.gather(*(_chat(client, who, every_s) for who in range(people)))


def type_questions(page: Page, rounds: int, key_ms: float) -> list[float]:
    """The time of each answer that was waited for, in milliseconds."""
    page.evaluate(WATCH)
    for _ in range(rounds):
        for text in QUESTIONS:
            page.locator("#q").fill("")
            page.locator("#q").press_sequentially(text, delay=key_ms)
            page.locator(f'#answer[data-question="{text}"]').wait_for()
        page.wait_for_timeout(50)
    took: list[float] = page.evaluate("window.took")
    return took


def report(took: list[float], people: int, every_s: float) -> str:
    ordered = sorted(took)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    load = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    return (
        f"{len(took)} answers, {people} conversations (a message each {every_s:g} s): "
        f"median {statistics.median(took):.0f} ms, p95 {p95:.0f} ms, most {ordered[-1]:.0f} ms;"
        f" {load}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--every", type=float, default=20.0, help="seconds between messages")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--key-ms", type=float, default=120.0, help="between two keys")
    parser.add_argument("--serve", nargs=2, metavar=("FOLDER", "PORT"), help=argparse.SUPPRESS)
    parser.add_argument("--chat", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve(given.serve[0], int(given.serve[1]))
        return
    if given.chat:
        asyncio.run(chat(given.chat, given.people, given.every))
        return
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as open_, tempfile.TemporaryDirectory() as folder:
        open_.enter_context(process("--serve", folder, str(port)))
        _wait_for(url)
        people = ("--people", str(given.people), "--every", str(given.every))
        open_.enter_context(process("--chat", url, *people))
        playwright = open_.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        open_.callback(browser.close)
        page = at_desk(browser, url, "li")
        page.goto("/console/assistant")
        type_questions(page, 1, given.key_ms)  # what is read once is read
        page.reload()
        took = type_questions(page, given.rounds, given.key_ms)
        sys.stdout.write(report(took, given.people, given.every) + "\n")


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/healthz")
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
