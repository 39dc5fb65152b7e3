"""The world of `anxin bench registry-faults`: made-up permits, and checks of known truth."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from knowledge.database import open_engine
from knowledge.registry.adapters import ContractAdapter
from knowledge.registry.audit import AuditLog
from knowledge.registry.client import Clock, RegistryClient
from knowledge.registry.contract import SHANGHAI
from knowledge.registry.demo import DemoPermit, seed_demo
from knowledge.registry.faults import FaultyTransport
from knowledge.registry.outcome import Outcome
from knowledge.registry.quota import Limits, Quota
from knowledge.registry.server.app import create_app
from knowledge.registry.server.registry import Registry
from knowledge.registry.server.tables import PermitRow
from knowledge.registry.verifier import Check, Verifier
from knowledge.registry.wire import Timing

MANY = Limits(*["1000000/minute"] * 8)
_TOTAL_S = 0.8  # of a question to the registry; the status list has a little more
VALID_KINDS = frozenset(
    {"valid", "health_due", "health_expired", "insurance_missing", "black_listed"}
)


class _Time:
    """The bench's clock: it stands still but for what a run moves it by."""

    def __init__(self) -> None:
        self.at = dt.datetime(2027, 3, 1, 10, 0, tzinfo=SHANGHAI).timestamp()
        self.ticks = 1000.0
        self.skew = 0.0

    def move(self, seconds: float) -> None:
        self.at += seconds
        self.ticks += seconds


@dataclass
class Trial:
    """One check and its truth: whether a "valid" would be right."""

    check: Check
    may_be_valid: bool
    faults: list[str] = field(default_factory=list)
    stale: bool = False  # a "valid" here would be a stale one
    must_be: frozenset[Outcome] | None = None
    at: float | None = None  # the moment of the check, where it is not the world's


class World:
    """A registry with made-up permits, and a verifier that reaches it through the faults."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.rng = rng
        self.time = _Time()
        self.registry = Registry(
            open_engine(f"sqlite:///{folder}/registry.db"),
            b"bench-secret-bench-secret-bench-secret",
            now=lambda: self.time.at + self.time.skew,
            floor_s=0.0,
            asker_limits="1000000/minute",
            client_limits="1000000/minute",
        )
        self.permits = seed_demo(self.registry, 120, seed=rng.randrange(10**6))
        self.state = {permit.number: permit.kind for permit in self.permits}
        token = self.registry.add_client("bench", "测量", ["permit.status"])
        inner = httpx.ASGITransport(create_app(self.registry), raise_app_exceptions=False)
        self.transport = FaultyTransport(inner, self.registry)
        self.clock = Clock(lambda: self.time.at, lambda: self.time.ticks)
        self.client = RegistryClient(
            "http://bench",
            ContractAdapter("bench", token),
            transport=self.transport,
            list_uri=f"{self.registry.core.base_url}/status-lists/1",
            token=token,
            clock=self.clock,
            timing=Timing(total=_TOTAL_S, first=0.35, pause=0.002),
        )
        self.audit = AuditLog(
            open_engine(f"sqlite:///{folder}/audit.db"), b"k" * 32, folder / "anchor"
        )
        self.key = b"bench-key-bench-key-bench-key-bench"
        self.verifier = self.with_quota(Quota(MANY))

    def with_quota(self, quota: Quota) -> Verifier:
        """A verifier with a quota of its own, on the same registry and record."""
        return Verifier(
            self.client, quota, self.audit, self.key, clock=self.clock, total_s=_TOTAL_S + 0.2
        )

    def permit(self, *kinds: str) -> DemoPermit:
        """Any permit, or one that is of one of `kinds` now."""
        fitting = [p for p in self.permits if not kinds or self.state[p.number] in kinds]
        return self.rng.choice(fitting)

    def valid(self, permit: DemoPermit) -> bool:
        """Whether a "valid" is right for the permit now."""
        return self.state[permit.number] in VALID_KINDS

    def check(self, permit: DemoPermit, **changes: Any) -> Check:
        """The right question for a permit, by number and name, number and last four, or QR."""
        base = Check(uuid.uuid4(), f"asker-{uuid.uuid4()}", "chat")
        way = self.rng.choice(("name", "last4", "qr", "both"))
        number = permit.number.written if self.rng.random() < 0.5 else permit.number.value
        given: dict[str, Any] = {
            "name": {"number": number, "full_name": permit.full_name},
            "last4": {"number": number, "id_last4": permit.id_last4},
            "both": {
                "number": number,
                "full_name": permit.full_name,
                "id_last4": permit.id_last4,
            },
            "qr": {"qr_text": permit.qr_token},
        }[way]
        return replace(base, **given, **changes)

    def version(self, permit: DemoPermit) -> int:
        """The permit's version at the registry."""
        with self.registry.core.session() as session:
            statement = select(PermitRow.version).where(PermitRow.number == permit.number.value)
            return session.scalars(statement).one()

    def retire(self, permit: DemoPermit) -> None:
        """Ask no more for a permit whose state is now of no kind; a new one takes its place."""
        self.permits.remove(permit)
        self.renew()

    def renew(self) -> None:
        """One more valid permit, for one that a run has used up."""
        fresh = seed_demo(self.registry, 1, self.rng.randrange(10**6), only="valid")[0]
        self.permits.append(fresh)
        self.state[fresh.number] = fresh.kind
