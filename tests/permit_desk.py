"""A registry of a test's own with the permit conversation on it, and clocks that a test moves."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from bot.sealing import Seal
from dialogs.converse import Conversation
from dialogs.memory import Memory
from dialogs.permits.checks import Permits
from dialogs.reply import Message, Reply, Status
from dialogs.wording import say
from knowledge.database import open_engine
from knowledge.library import Library
from knowledge.registry import qr
from knowledge.registry.audit import AuditLog
from knowledge.registry.quota import Limits, Quota
from knowledge.registry.server.app import create_app
from knowledge.registry.server.issuing import Issued, NewPermit
from knowledge.registry.server.registry import Registry
from knowledge.registry.verifier import Verifier
from knowledge.registry.wire import Timing
from knowledge.vocabulary import Vocabulary
from nlu.understand import Understander
from nlu.understanding import Score
from tests.knowledge.registry.conftest import (
    GENEROUS,
    KEY,
    PATIENT_S,
    FakeTime,
    client_of,
    registry_in,
)

NAME, LAST4 = "测试李梅", "123X"
_INTENTS = {
    "查一下": "permit_verification",
    "怎么办": "permit_verification",
    "我的证": "my_permit",
    "免费": "training_subsidy",
}


class _Keywords:
    name = "keywords"

    def classify(self, text: str) -> tuple[Score, ...]:
        intent = next((intent for word, intent in _INTENTS.items() if word in text), None)
        return (Score(intent, 0.9) if intent else Score("out_of_scope", 0.5),)


class Switch(httpx.AsyncBaseTransport):
    """The way to the registry, which a test can cut; checks take `takes_s` seconds."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self.down = False
        self.asked = 0
        self.takes_s = 0.0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("down")
        if request.url.path == "/permits:verify":
            self.asked += 1
            await asyncio.sleep(self.takes_s)
        return await self._inner.handle_async_request(request)


@dataclass
class Desk:
    """Everything of one test. `say` keeps the memory from turn to turn."""

    registry: Registry
    way: Switch
    time: FakeTime
    conversation: Conversation
    memory: Memory = field(default_factory=Memory)
    turns: int = 0

    @property
    def permits(self) -> Permits:
        assert self.conversation.permits is not None
        return self.conversation.permits

    def say(self, text: str, *images: bytes, id: str = "") -> Reply:
        self.turns += 1
        message = Message(text, "c", id or f"m{self.turns}", "web", images=images)
        reply, self.memory = self.conversation.converse(message, self.memory)
        return reply

    def anew(self) -> Desk:
        """The same desk with nothing said yet."""
        return replace(self, memory=Memory(), turns=self.turns + 100)

    def issue(self, active: bool = True, **changes: Any) -> Issued:
        new = NewPermit(
            city="GZ",
            full_name=NAME,
            id_last4=LAST4,
            agency="示范家政（虚构）",
            services=("家务服务",),
            issued_on=self.time.today,
            expires_on=self.time.today + dt.timedelta(days=365),
        )
        return self.registry.issuing.issue(replace(new, **changes), active=active)

    def photo(self, permit: Issued) -> bytes:
        return qr.draw(permit.qr_token)


@contextmanager
def open_desk(
    folder: Path,
    library: Library,
    words: Vocabulary,
    limits: Limits = GENEROUS,
    total_s: float = PATIENT_S,
) -> Iterator[Desk]:
    """`total_s` is how long a check may take that somebody waits for."""
    time = FakeTime()
    registry = registry_in(folder, time)
    token = registry.add_client("test", "测试用户端", ["permit.status"])
    way = Switch(httpx.ASGITransport(create_app(registry), raise_app_exceptions=False))
    timing = Timing(total=total_s, first=total_s / 2, pause=0.001)
    client = client_of(registry, token, way, time, timing)
    record = open_engine(f"sqlite:///{folder}/audit.db")
    audit = AuditLog(record, KEY, folder / "anchor")
    verifier = Verifier(client, Quota(limits), audit, KEY, clock=time.clock, total_s=total_s)
    conversation = Conversation(
        library,
        words,
        Understander(_Keywords()).understand,
        lambda: dt.datetime.fromtimestamp(time.at, dt.UTC),
        permits=Permits(verifier, Seal.at(folder / "seal.key")),
    )
    yield Desk(registry, way, time, conversation)
    client.close()
    record.dispose()
    registry.core.engine.dispose()


def heading(reply: Reply) -> str:
    """The verdict's heading; every verdict has one."""
    block = next(block for block in reply.blocks if block.kind == "verdict")
    assert block.heading is not None
    return block.heading


def is_(reply: Reply, outcome: str, status: Status = Status.VERDICT) -> None:
    """Check that the reply is the verdict of `outcome`."""
    assert (heading(reply), reply.status) == (say(f"permit_heading.{outcome}"), status)


def labels(reply: Reply) -> list[str]:
    """What the reply offers to tap."""
    return [option.label for option in reply.options]
