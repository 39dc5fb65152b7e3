"""A registry on a database of its own, a clock that a test sets, and a verifier that asks it."""

from __future__ import annotations

import datetime as dt
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from knowledge.database import open_engine
from knowledge.registry.adapters import ContractAdapter
from knowledge.registry.audit import AuditLog
from knowledge.registry.client import Clock, RegistryClient
from knowledge.registry.contract import SHANGHAI
from knowledge.registry.faults import FaultyTransport
from knowledge.registry.quota import Limits, Quota
from knowledge.registry.server.app import create_app
from knowledge.registry.server.issuing import Issued, NewPermit
from knowledge.registry.server.registry import Registry
from knowledge.registry.verifier import Check, Verifier
from knowledge.registry.wire import Timing

SECRET = b"test-secret-test-secret-test-secret!"
KEY = b"test-key-test-key-test-key-test-key!"
PATIENT_S = 30.0
GENEROUS = Limits(*["100000/minute"] * 8)


class FakeTime:
    """Wall and monotonic clock, both moved by hand."""

    def __init__(self) -> None:
        self.at = dt.datetime(2026, 11, 21, 12, 0, tzinfo=SHANGHAI).timestamp()
        self.ticks = 500.0

    def move(self, seconds: float) -> None:
        self.at += seconds
        self.ticks += seconds

    @property
    def today(self) -> dt.date:
        return dt.datetime.fromtimestamp(self.at, SHANGHAI).date()

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.at, lambda: self.ticks)


@pytest.fixture
def time_() -> FakeTime:
    return FakeTime()


def registry_in(folder: Path, time_: FakeTime) -> Registry:
    """A registry on a database in `folder`, without limits."""
    return Registry(
        open_engine(f"sqlite:///{folder}/registry.db"),
        SECRET,
        now=lambda: time_.at,
        floor_s=0.0,
        asker_limits="100000/minute",
        client_limits="100000/minute",
    )


def client_of(
    registry: Registry,
    token: str,
    transport: httpx.AsyncBaseTransport,
    time_: FakeTime,
    timing: Timing,
) -> RegistryClient:
    """A client named `test` that asks `registry` over `transport`."""
    return RegistryClient(
        "http://registry.test",
        ContractAdapter("test", token),
        transport=transport,
        list_uri=f"{registry.core.base_url}/status-lists/1",
        token=token,
        clock=time_.clock,
        timing=timing,
    )


@pytest.fixture
def registry(tmp_path: Path, time_: FakeTime) -> Iterator[Registry]:
    registry = registry_in(tmp_path, time_)
    yield registry
    registry.core.engine.dispose()


Issue = Callable[..., Issued]


@pytest.fixture
def issue(registry: Registry, time_: FakeTime) -> Issue:
    """Issues a permit for 测试李梅, last four 123X; what is given replaces what is usual."""

    def do(active: bool = True, **changes: Any) -> Issued:
        new = NewPermit(
            city="GZ",
            full_name="测试李梅",
            id_last4="123X",
            agency="示范家政（虚构）",
            services=("家务服务",),
            issued_on=time_.today,
            expires_on=time_.today + dt.timedelta(days=365),
        )
        return registry.issuing.issue(replace(new, **changes), active=active)

    return do


@pytest.fixture
def token(registry: Registry) -> str:
    """The token of the client `test`, which may see a status and nothing more."""
    return registry.add_client("test", "测试用户端", ["permit.status"])


@pytest.fixture
def transport(registry: Registry) -> FaultyTransport:
    app = create_app(registry)
    return FaultyTransport(httpx.ASGITransport(app, raise_app_exceptions=False), registry)


@pytest.fixture
def timing() -> Timing:
    """Long, so that a busy machine fails no test that is not about time."""
    return Timing(total=PATIENT_S, first=PATIENT_S / 2, pause=0.001)


@pytest.fixture
def client(
    registry: Registry, token: str, transport: FaultyTransport, time_: FakeTime, timing: Timing
) -> Iterator[RegistryClient]:
    client = client_of(registry, token, transport, time_, timing)
    yield client
    client.close()


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[AuditLog]:
    engine = open_engine(f"sqlite:///{tmp_path}/audit.db")
    yield AuditLog(engine, KEY, tmp_path / "anchor")
    engine.dispose()


@pytest.fixture
def verifier(client: RegistryClient, audit: AuditLog, time_: FakeTime) -> Verifier:
    return Verifier(client, Quota(GENEROUS), audit, KEY, clock=time_.clock, total_s=PATIENT_S)


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve `app` on this machine for real; gives its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def check(**given: Any) -> Check:
    """A check by a new asker, in a conversation of hers, with a new request id."""
    asker = given.setdefault("asker", f"asker-{uuid.uuid4()}")
    request_id = given.pop("request_id", uuid.uuid4())
    return Check(request_id, conversation=f"chat of {asker}", **given)
