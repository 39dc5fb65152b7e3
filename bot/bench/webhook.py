"""`anxin bench webhook`: messages a second of `/wechat` in safe mode, beside a bare handler.

The bare handler is a FastAPI route that opens and closes the same messages with the same gate (XML,
signature, AES) and answers each with one fixed text: what no bot of this kind can go without. Bot,
bare handler and sender are a process each, on this machine, over loopback; bot and bare handler
take turns, so that other work on the machine falls on both.

First people wait for nothing but the answer: that is the maximal rate. Then messages come at half
that rate whatever the bot does, and the time of each runs from when it was due.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

from bot.app import utc_now
from bot.bench.process import (
    Served,
    free_port,
    line,
    load,
    median,
    memory,
    percentile,
    processor_ms,
    serving,
)
from bot.bench.pushes import ACCOUNT, Plan, Sent, send
from bot.settings import Settings
from bot.wechat.service import gate_of
from bot.wechat.xml import text_reply

Progress = Callable[[str], None]
_WARM = 50  # messages before the first that count: caches fill, word lists are read
_FIXED = "按《长治市行动方案》，组织家政服务人员参加培训，给予培训补贴。" * 8


@dataclass(frozen=True)
class Figures:
    """The rounds of one run: each with the bare handler, the bot, and the bot at half its rate."""

    bare: list[Sent]
    ours: list[Sent]
    half: list[Sent]
    memory: float
    database: str


def webhook_bench(
    database_url: str,
    questions: Path,
    messages: int,
    rounds: int,
    connections: int,
    progress: Progress = lambda _line: None,
) -> Figures:
    """The figures. `database_url`: an empty database; none: a new SQLite file. Raises `NoStart`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bare").mkdir()
        env = dict(ACCOUNT)
        if database_url:
            env["ANXIN_DATABASE_URL"] = database_url
        port, bare_port = free_port(), free_port()
        run_bare = ("-c", f"from bot.bench.webhook import serve_bare; serve_bare({bare_port})")
        progress("starting the bot and the bare handler")
        with (
            serving(
                folder, ("-m", "bot", "serve", "--port", str(port)), port, ("/healthz", None), env
            ) as bot,
            serving(folder / "bare", run_bare, bare_port, ("/", None), {}) as peer,
        ):
            asked = str(questions.resolve())
            send(Plan(bot.port, _WARM, connections, asked))
            send(Plan(peer.port, _WARM, connections, asked))
            found = Figures([], [], [], 0.0, database_url.partition(":")[0] or "sqlite")
            for number in range(rounds):
                progress(f"round {number + 1} of {rounds} ({load()})")
                _round(found, bot, peer, Plan(0, messages, connections, asked))
            return Figures(found.bare, found.ours, found.half, memory(bot.pid), found.database)


def _round(found: Figures, bot: Served, peer: Served, plan: Plan) -> None:
    def sent(server: Served, messages: int, rate: float | None = None) -> Sent:
        before = processor_ms(server.pid)
        came = send(Plan(server.port, messages, plan.connections, plan.questions, rate))
        return replace(came, processor=(processor_ms(server.pid) - before) / messages)

    found.bare.append(sent(peer, plan.messages * 4))
    found.ours.append(sent(bot, plan.messages))
    found.half.append(sent(bot, plan.messages, found.ours[-1].rate / 2))


def table(found: Figures) -> str:
    """The figures in Markdown; the ratio is the median of the rounds' ratios."""
    pairs = zip(found.ours, found.bare, strict=True)
    ratios = [ours.rate / bare.rate for ours, bare in pairs]
    rows = [("bare handler", found.bare), ("bot, as fast as it answers", found.ours)]
    rows.append(("bot, at half that rate", found.half))
    lines = [
        line("", "messages a second", "p50 ms", "p99 ms", "processor ms each", "answered"),
        line(*["---"] * 6),
    ]
    for name, rounds in rows:
        lines.append(
            line(
                name,
                f"{median([one.rate for one in rounds]):.0f}",
                *(
                    f"{median([percentile(one.milliseconds, p) for one in rounds]):.1f}"
                    for p in (50, 99)
                ),
                f"{median([one.processor for one in rounds]):.1f}",
                f"{min(one.answered / len(one.milliseconds) for one in rounds):.1%}",
            )
        )
    lines += [
        "",
        f"bot / bare: {median(ratios):.1%} ({found.database}, {len(ratios)} rounds of "
        f"{len(found.ours[0].milliseconds)} messages, bot {found.memory:.0f} MB, {load()})",
    ]
    return "\n".join(lines)


def serve_bare(port: int) -> None:
    """The measured process of the bare handler."""
    uvicorn.run(
        bare(),
        host="127.0.0.1",
        port=port,
        log_level="error",
        access_log=False,
        server_header=False,
    )


def bare() -> FastAPI:
    """The handler that opens a message and answers it with the fixed text."""
    names = {name.removeprefix("ANXIN_").lower(): value for name, value in ACCOUNT.items()}
    gate = gate_of(Settings(_env_file=None, **names), utc_now)  # type: ignore[arg-type]
    web = FastAPI(openapi_url=None)

    @web.get("/")
    async def there() -> str:
        return "ok"

    @web.post("/wechat")
    async def receive(request: Request) -> Response:
        opened = gate.open(request.query_params, await request.body())
        message = opened.received
        xml = text_reply(message.sender, message.account, _FIXED, int(time.time()))
        return Response(gate.close(xml, opened.cipher), media_type="text/xml")

    return web
