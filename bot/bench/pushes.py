"""The sender of `anxin bench webhook`: WeChat's pushes in safe mode, from a process of its own.

People write three messages each, one after the other.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bot.bench.answers import read_questions
from bot.wechat.crypto import Cipher, signature
from bot.wechat.inbound import fields_of
from bot.wechat.xml import element

ACCOUNT = {
    "ANXIN_WECHAT_TOKEN": "benchtoken",
    "ANXIN_WECHAT_APP_ID": "wx0123456789abcdef",
    "ANXIN_WECHAT_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
}
_MESSAGES_EACH = 3


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


def send(plan: Plan) -> Sent:
    """Send the messages from a process of its own, which ends with the last of them."""
    code = "import sys; from bot.bench.pushes import send_alone; send_alone(sys.argv[1])"
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
