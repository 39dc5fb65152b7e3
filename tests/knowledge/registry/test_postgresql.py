"""The registry and the record of checks on PostgreSQL."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text

from knowledge.database import open_engine
from knowledge.registry.audit import AuditLog
from knowledge.registry.contract import Factor, Purpose, Status, VerifyRequest
from knowledge.registry.demo import seed_demo
from knowledge.registry.server.answering import Client
from knowledge.registry.server.registry import Registry
from tests.knowledge.registry.conftest import KEY, SECRET
from tests.knowledge.registry.test_audit import entry

pytestmark = pytest.mark.postgresql


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine whose tables are in a schema of their own."""
    url = os.environ.get("ANXIN_TEST_POSTGRESQL_URL")
    if not url:
        pytest.skip("ANXIN_TEST_POSTGRESQL_URL is not set")
    schema = f"t{uuid.uuid4().hex}"
    outer = open_engine(url)
    with outer.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    inner = make_url(url).update_query_dict({"options": f"-csearch_path={schema}"})
    engine = open_engine(inner.render_as_string(hide_password=False))
    yield engine
    engine.dispose()
    with outer.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    outer.dispose()


def test_a_permits_life_and_its_answers(engine: Engine) -> None:
    registry = Registry(engine, SECRET, floor_s=0.0)
    registry.add_client("test", "测试", ["permit.status"])
    permits = seed_demo(registry, 20, seed=2)
    client = Client("test", "测试", ["permit.status"])
    for permit in permits:
        request = VerifyRequest(
            permit_no=permit.number.value,
            factor=Factor(full_name=permit.full_name, id_last4=permit.id_last4),
            purpose=Purpose.PRE_HIRE,
            asker_ref="a" * 64,
        )
        request_id = uuid.uuid4()
        got = registry.answering.verify(request, client, "n" * 32, request_id)
        assert got.status is not Status.UNVERIFIED
        assert registry.answering.verify(request, client, "n" * 32, request_id) == got
    token, _etag = registry.status_list(60)
    assert token


def test_one_request_at_one_moment_is_answered_once(engine: Engine) -> None:
    registry = Registry(engine, SECRET, floor_s=0.0)
    permit = seed_demo(registry, 1, only="valid")[0]
    client, request_id = Client("test", "测试", ["permit.status"]), uuid.uuid4()
    request = VerifyRequest(
        permit_no=permit.number.value,
        factor=Factor(full_name=permit.full_name),
        purpose=Purpose.PRE_HIRE,
        asker_ref="a" * 64,
    )
    seen: list[str] = []
    threads = [
        threading.Thread(
            target=lambda: seen.append(
                registry.answering.verify(request, client, "n" * 32, request_id).sig
            )
        )
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 5
    assert len(set(seen)) == 1


def test_the_record_from_two_processes_is_one_chain(engine: Engine, tmp_path: Path) -> None:
    logs = [AuditLog(engine, KEY, tmp_path / "anchor") for _ in range(2)]
    threads = [
        threading.Thread(target=lambda log=log: [log.append(entry()) for _ in range(15)])
        for log in logs
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logs[0].verify() == []
    assert len(logs[0].checks_of("p" * 64, most=100)) == 60
    assert logs[1].accept_version("a", 4)
    assert not logs[0].accept_version("a", 3)
