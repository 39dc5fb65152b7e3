"""`anxin bench webhook`: messages a second of `/wechat` in safe mode, beside a bare handler.

The bare handler is a FastAPI route that opens and closes the same messages with the same gate (XML,
signature, AES) and answers each with one fixed text: what no bot of this kind can go without. Bot,
bare handler and sender are a process each, on this machine, over loopback; bot and bare handler
take turns, so that other work on the machine falls on both.

People write three messages each, one after the other. First they wait for nothing but the answer:
that is the maximal rate. Then messages come at half that rate whatever the bot does, and the time
of each runs from when it was due.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response

from bot.app import utc_now
from bot.bench.answers import read_questions
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
from bot.settings import Settings
from bot.wechat.crypto import Cipher, signature
from bot.wechat.inbound import fields_of
from bot.wechat.service import gate_of
from bot.wechat.xml import element, text_reply

Progress = Callable[[str], None]
ACCOUNT = {
    "ANXIN_WECHAT_TOKEN": "benchtoken",
    "ANXIN_WECHAT_APP_ID": "wx0123456789abcdef",
    "ANXIN_WECHAT_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
}
_MESSAGES_EACH = 3
_WARM = 50  # messages before the first that count: caches fill, word lists are read
_FIXED = "按《长治市行动方案》，组织家政服务人员参加培训，给予培训补贴。" * 8


@dataclass(frozen=True)
class Plan:
    """What the sender does: how many messages over how many connections; `rate` a second, or as
    fast as they are answered."""

    port: int
    messages: int
    connections: int
    questions: str
    rate: float | None = None


@dataclass(frozen=True)
class Sent:
    """What came of it: the time of each message in ms, how many were answered with a text, and the
    processor time that one took of the server."""

    seconds: float
    milliseconds: list[float]
    answered: int
    processor: float = 0.0

    @property
    def rate(self) -> float:
        """Messages a second."""
        return len(self.milliseconds) / self.seconds


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


# --- the bare handler --------------------------------------------------------------------------


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


# --- the sender --------------------------------------------------------------------------------


def send(plan: Plan) -> Sent:
    """Send the messages from a process of its own, which ends with the last of them."""
    code = "import sys; from bot.bench.webhook import send_alone; send_alone(sys.argv[1])"
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code, json.dumps(asdict(plan))],
        stdout=subprocess.PIPE,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    return Sent(**json.loads(done.stdout))


def send_alone(plan: str) -> None:
    """The sender's process."""
    sys.stdout.write(json.dumps(asdict(asyncio.run(_send(Plan(**json.loads(plan)))))))


async def _send(plan: Plan) -> Sent:
    texts = [one.text for one in read_questions(Path(plan.questions))]
    # Made before the clock runs: the sender has the same processors as what it measures.
    people = list(_people(texts, plan.messages))
    shares = [people[first :: plan.connections] for first in range(plan.connections)]
    milliseconds: list[float] = []
    bodies: list[bytes] = []
    began = time.perf_counter()

    async def over(number: int, requests: Sequence[bytes]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", plan.port)
        for place, request in enumerate(requests):
            due = time.perf_counter()
            if plan.rate is not None:
                due = began + (number + place * plan.connections) / plan.rate
                await asyncio.sleep(due - time.perf_counter())
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            bodies.append(await reader.readexactly(length))
            milliseconds.append((time.perf_counter() - due) * 1e3)
            # 503: the answer was not ready in time. It counts as not answered.
            if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503")):
                raise RuntimeError(f"{head[:40]!r} {bodies[-1][:200]!r}")
        writer.close()

    await asyncio.gather(*(over(n, [r for one in s for r in one]) for n, s in enumerate(shares)))
    seconds = time.perf_counter() - began
    return Sent(seconds, milliseconds, sum(map(_holds_text, bodies)))


def _people(texts: Sequence[str], messages: int) -> Iterator[list[bytes]]:
    """The requests of one person after another."""
    chance = secrets.SystemRandom()
    for first in range(0, messages, _MESSAGES_EACH):
        person = f"o{secrets.token_hex(13)}"
        several = range(min(_MESSAGES_EACH, messages - first))
        yield [_request(person, chance.choice(texts)) for _ in several]


def _request(person: str, text: str) -> bytes:
    """A push of WeChat in safe mode, as it goes over the wire."""
    token, app_id, key = ACCOUNT.values()
    now = str(int(time.time()))
    plain = (
        "<xml>"
        + element("ToUserName", "gh_bench")
        + element("FromUserName", person)
        + f"<CreateTime>{now}</CreateTime>"
        + element("MsgType", "text")
        + element("Content", text)
        + f"<MsgId>{secrets.randbelow(2**63)}</MsgId></xml>"
    )
    encrypted = Cipher.of(key, app_id).encrypt(plain)
    nonce = secrets.token_hex(5)
    sign = signature(token, now, nonce, encrypted)
    body = f"<xml>{element('ToUserName', 'gh_bench')}{element('Encrypt', encrypted)}</xml>".encode()
    query = (
        f"signature={signature(token, now, nonce)}&timestamp={now}&nonce={nonce}"
        f"&openid={person}&encrypt_type=aes&msg_signature={sign}"
    )
    head = (
        f"POST /wechat?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _holds_text(body: bytes) -> bool:
    """Whether a body is an encrypted text of some length, opened with the account's key."""
    if not body.startswith(b"<xml>"):
        return False
    _token, app_id, key = ACCOUNT.values()
    plain = Cipher.of(key, app_id).decrypt(fields_of(body)["Encrypt"])
    return bool(fields_of(plain.encode()).get("Content"))
