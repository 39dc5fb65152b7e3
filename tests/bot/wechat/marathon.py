"""Many conversations at once with a bot of two processes, one of which is killed now and then.

    python -m tests.bot.wechat.marathon --conversations 1000 --account verified
    python -m tests.bot.wechat.marathon --conversations 1000 --account unverified

Checked of every message: answered exactly once, in order (two that come together, in either), in
texts of at most 2,048 bytes, in well-formed and rightly signed messages; a repeat gets the same
again; no turn is done twice but one that was under way when its process was killed. What a process
was sending when it was killed may come twice: the second time with a word of it, or it is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from bot.bench.process import free_port
from bot.database import migrate, open_engine
from bot.wechat.content import say
from bot.wechat.service import open_wechat
from bot.wechat.webhook import Timing
from dialogs.memory import Memory
from dialogs.reply import Message, Reply
from tests.bot.wechat.harness import app_for, settings_for, talk, web_of
from tests.simulators.wechat_platform import Account, Outcome, Platform

# An answer, and whether it is said of it that it may have come already.
_ANSWER = re.compile(rf"({re.escape(say('pending.maybe'))}\n)?〔答(\S+)〕")
_FILLER = "这一句只是为了长一点，好看看分成几条以后是不是一句不少。"


@dataclass(frozen=True)
class Plan:
    """A run. `slow` of the messages take longer than WeChat waits, `long` of the answers do not fit
    into one text, `repeated` are asked for again, `together` come two at a time."""

    conversations: int
    verified: bool
    messages: int = 3
    at_once: int = 20
    cut: float = 5.0
    slow: float = 0.02
    long: float = 0.05
    repeated: float = 0.2
    together: float = 0.2
    kill_every: float = 20.0
    seed: int = 1
    tries: int = 3


@dataclass
class Seen:
    """What one person asked and saw, in order."""

    asked: list[list[str]] = field(default_factory=list)  # one at a time, or two together
    answers: list[str] = field(default_factory=list)
    twice: int = 0  # answers seen before, and said to be so

    def see(self, text: str) -> int:
        """Note the answers in a text; how many there are."""
        found = _ANSWER.findall(text)
        for doubtful, name in found:
            if doubtful and name in self.answers:
                self.twice += 1
            else:
                self.answers.append(name)
        return len(found)

    @property
    def in_order(self) -> bool:
        rest = list(self.answers)
        for together in self.asked:
            if sorted(rest[: len(together)]) != sorted(together):
                return False
            del rest[: len(together)]
        return not rest


@dataclass
class Result:
    """What came of a run."""

    messages: int = 0
    failed: int = 0
    statuses: Counter[str] = field(default_factory=Counter)  # of those that failed
    unlike: int = 0  # repeats that got something else
    wrong: list[str] = field(default_factory=list)
    kills: int = 0
    twice: int = 0
    requests: int = 0
    late: int = 0  # answers that came by another way than the request
    redone: int = 0
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return not (self.failed or self.unlike or self.wrong or self.redone)

    def text(self) -> str:
        lines = [
            f"messages {self.messages} in {self.seconds:.0f} s, requests {self.requests}, "
            f"kills {self.kills}",
            f"answered another way than in the request: {self.late}",
            f"not answered in three requests: {self.failed} {dict(self.statuses)}",
            f"repeats that got something else: {self.unlike}",
            f"sent again after a kill, and said to be so: {self.twice}",
            f"turns done twice that were finished before: {self.redone}",
            f"conversations not as they should be: {len(self.wrong)}",
            *self.wrong[:5],
        ]
        return "\n".join(lines)


# --- the bot ------------------------------------------------------------------------------------


def dialogue(plan: Plan, work: Path, message: Message) -> Reply:
    """An answer that depends on the message alone; what is begun and done is written down."""
    _note(work, f"begin {message.text}")
    chance = random.Random(f"{plan.seed}{message.text}")
    slow = chance.random() < plan.slow
    time.sleep(plan.cut * chance.uniform(1.0, 1.3) if slow else chance.uniform(0, 0.03))
    filler = _FILLER * (60 if chance.random() < plan.long else 1)
    return talk(f"〔答{message.text}〕{filler}")


def _note(work: Path, line: str) -> None:
    with work.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def serve(plan: Plan, folder: Path, database: str, port: int, api: str) -> uvicorn.Server:
    """The bot's server over `database`; the key and the log are in `folder`."""
    account = Account(verified=plan.verified)
    settings = settings_for(folder, database, account, wechat_api_base=api)

    def answer(message: Message, _memory: Memory) -> Reply:
        return dialogue(plan, folder / "work.log", message)

    scale = plan.cut / 5.0
    timing = Timing(4.3 * scale, 4.9 * scale, 5.6 * scale, 8.0 * scale, look=1.0 * scale)
    app = app_for(settings, answer)
    app.inbox.on_turn = lambda message, _reply, _s: _note(
        folder / "work.log", f"done {message.text}"
    )
    wechat = open_wechat(app, timing=timing)
    assert wechat is not None
    return uvicorn.Server(
        uvicorn.Config(
            web_of(app, wechat), host="127.0.0.1", port=port, log_level="error", access_log=False
        )
    )


# --- the run ------------------------------------------------------------------------------------


async def run(plan: Plan, folder: Path, platform: Platform, kill: Any) -> Result:
    """Play all conversations while `kill` is called now and then."""
    result, chance = Result(), random.Random(plan.seed)
    seen = {f"o{number:05d}": Seen() for number in range(plan.conversations)}
    turns = asyncio.Semaphore(plan.at_once)
    began = time.monotonic()

    async def delivered(one: Any) -> None:
        result.late += seen[one.openid].see(one.text)

    platform.api.on_delivered = delivered

    async def tell(person: str, text: str) -> None:
        fields = platform.message(person, "text", Content=text)
        outcome = await platform.post(fields)
        result.messages += 1
        result.requests += len(outcome.tries)
        result.failed += outcome.failed
        if outcome.failed:
            result.statuses.update(str(one.status) for one in outcome.tries)
        if outcome.shown:
            seen[person].see(outcome.shown)
        if chance.random() < plan.repeated and not outcome.failed:
            await repeat(fields, outcome)

    async def repeat(fields: dict[str, str], outcome: Outcome) -> None:
        again = await platform.once(fields)
        result.requests += 1
        if again.status == 200 and platform.read(again.body, fields) != outcome.shown:
            result.unlike += 1

    async def talk_with(person: str) -> None:
        async with turns:
            number = 0
            while number < plan.messages:
                await asyncio.sleep(chance.uniform(0, 0.2))
                together = 2 if chance.random() < plan.together else 1
                numbers = range(number, min(number + together, plan.messages))
                names = [f"{person}-{n}" for n in numbers]
                seen[person].asked.append(names)
                await asyncio.gather(*(tell(person, name) for name in names))
                number += together

    killer = asyncio.create_task(_kill_now_and_then(plan, kill, result))
    await asyncio.gather(*(talk_with(person) for person in seen))
    killer.cancel()
    await _collect_the_rest(plan, platform, seen)
    for person, one in seen.items():
        result.twice += one.twice
        if not one.in_order:
            result.wrong.append(f"{person}: asked {one.asked}, answered {one.answers}")
    work = (folder / "work.log").read_text(encoding="utf-8").splitlines()
    result.redone = sum(n - 1 for line, n in Counter(work).items() if line.startswith("done o"))
    result.seconds = time.monotonic() - began
    return result


async def _kill_now_and_then(plan: Plan, kill: Any, result: Result) -> None:
    while True:
        await asyncio.sleep(plan.kill_every)
        result.kills += 1
        await asyncio.to_thread(kill)


async def _collect_the_rest(plan: Plan, platform: Platform, seen: dict[str, Seen]) -> None:
    """Everybody asks on until there is no more to come. To verified accounts it comes by itself,
    but for what the quota holds back."""
    now = time.monotonic()
    deadline, by_itself = now + 18 * max(5, plan.cut), now + 3 * max(5, plan.cut)
    for person, one in seen.items():
        while len(one.answers) < plan.messages and time.monotonic() < deadline:
            if plan.verified and time.monotonic() < by_itself:
                await asyncio.sleep(0.1)
                continue
            outcome = await platform.say(person, "继续")
            if outcome.shown and outcome.shown != say("pending.notice"):
                one.see(outcome.shown)


# --- processes ----------------------------------------------------------------------------------


class Balancer(httpx.AsyncBaseTransport):
    """Sends each request to one of the processes; to the other where nobody listens. What breaks
    off in the middle is broken off for WeChat too."""

    def __init__(self, ports: list[int], seed: int) -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._way = httpx.AsyncHTTPTransport(limits=limits)
        self._ports = ports
        self._chance = random.Random(seed)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for port in self._chance.sample(self._ports, len(self._ports)):
            request.url = request.url.copy_with(port=port)
            try:
                return await self._way.handle_async_request(request)
            except httpx.ConnectError:
                continue
        raise httpx.ConnectError("no process listens")


class Processes:
    """Two processes; one is killed without warning while the other serves."""

    def __init__(self, one: Process, other: Process) -> None:
        self._both = [one, other]

    def kill(self) -> None:
        """Kill the one that has run longer, and start another in its place."""
        self._both.reverse()
        self._both[1].kill()

    def stop(self) -> None:
        for process in self._both:
            process.stop()


class Process:
    """The bot in a process of its own."""

    def __init__(self, plan: Plan, folder: Path, database: str, port: int, api: str) -> None:
        self._command = [
            *(sys.executable, "-m", "tests.bot.wechat.marathon", "--serve", str(folder)),
            *("--database", database),
            *("--port", str(port), "--api", api, "--cut", str(plan.cut), "--seed", str(plan.seed)),
            *("--account", "verified" if plan.verified else "unverified"),
            *("--slow", str(plan.slow), "--long", str(plan.long)),
        ]
        self._port = port
        self._start()

    def _start(self) -> None:
        self._process = subprocess.Popen(self._command)
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            assert self._process.poll() is None, "the bot did not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill it, and start another."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._start()

    def stop(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@contextmanager
def api_on_port(platform: Platform, port: int) -> Iterator[str]:
    server = uvicorn.Server(
        uvicorn.Config(
            platform.api.app(), host="127.0.0.1", port=port, log_level="critical", access_log=False
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def play(plan: Plan, folder: Path, database: str = "") -> Result:
    """A whole run over an empty `database`; without one, over SQLite in `folder`."""
    database = database or f"sqlite:///{folder}/bot.db"
    engine = open_engine(database)
    migrate(engine)
    engine.dispose()
    account = Account(verified=plan.verified)
    ports = [free_port(), free_port()]

    async def go() -> Result:
        way = Balancer(ports, plan.seed)
        async with httpx.AsyncClient(
            base_url="http://127.0.0.1", transport=way, timeout=60
        ) as client:
            platform.client = client
            return await run(plan, folder, platform, bot.kill)

    platform = Platform(account, httpx.AsyncClient(), cut=plan.cut, tries=plan.tries)
    with api_on_port(platform, free_port()) as api:
        bot = Processes(*(Process(plan, folder, database, port, api) for port in ports))
        try:
            return asyncio.run(go())
        finally:
            bot.stop()


def main() -> None:
    """The command line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--conversations", type=int, default=100)
    asked.add_argument("--account", choices=("verified", "unverified"), default="verified")
    asked.add_argument("--cut", type=float, default=5.0)
    asked.add_argument("--slow", type=float, default=0.02)
    asked.add_argument("--long", type=float, default=0.05)
    asked.add_argument("--at-once", type=int, default=20)
    asked.add_argument("--together", type=float, default=0.2)
    asked.add_argument("--kill-every", type=float, default=20.0)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--database", default="", help="an empty one; else SQLite in a new folder")
    asked.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--port", type=int, help=argparse.SUPPRESS)
    asked.add_argument("--api", help=argparse.SUPPRESS)
    given = asked.parse_args()
    plan = Plan(
        given.conversations,
        given.account == "verified",
        at_once=given.at_once,
        cut=given.cut,
        slow=given.slow,
        long=given.long,
        together=given.together,
        kill_every=given.kill_every,
        seed=given.seed,
    )
    if given.serve is not None:
        serve(plan, given.serve, given.database, given.port, given.api).run()
        return
    with tempfile.TemporaryDirectory() as folder:
        result = play(plan, Path(folder), given.database)
    print(result.text())  # noqa: T201 - what it is run for
    sys.exit(0 if result.good else 1)


if __name__ == "__main__":
    main()
