"""The record of checks: an edit, a deletion, a reorder and a cut tail are all found."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, select, update

from knowledge.database import open_engine
from knowledge.registry.audit import AuditFailed, AuditLog, Entry, entries, heads


def entry(outcome: int = 1) -> Entry:
    request = str(uuid.uuid4())
    return Entry(
        1_790_000_000, request, "a" * 64, "p" * 64, "791K", "pre_hire", outcome, request[:8]
    )


@pytest.fixture
def full(audit: AuditLog) -> AuditLog:
    for outcome in range(1, 11):
        audit.append(entry(outcome))
    assert audit.verify() == []
    return audit


def _edit(connection: Connection) -> None:
    connection.execute(update(entries).where(entries.c.seq == 4).values(outcome=1))


def _delete(connection: Connection) -> None:
    connection.execute(delete(entries).where(entries.c.seq == 4))


def _swap(connection: Connection) -> None:
    for old, new in ((4, 40), (5, 4), (40, 5)):
        connection.execute(update(entries).where(entries.c.seq == old).values(seq=new))


def _cut_tail(connection: Connection) -> None:
    connection.execute(delete(entries).where(entries.c.seq == 10))


def _cut_tail_and_head(connection: Connection) -> None:
    connection.execute(delete(entries).where(entries.c.seq > 8))
    link = connection.execute(select(entries.c.link).where(entries.c.seq == 8)).scalar_one()
    connection.execute(update(heads).values(seq=8, link=link))


def _empty(connection: Connection) -> None:
    connection.execute(delete(entries))
    connection.execute(update(heads).values(seq=0, link="0" * 64))


@pytest.mark.parametrize("harm", [_edit, _delete, _swap, _cut_tail, _cut_tail_and_head, _empty])
def test_harm_is_found(full: AuditLog, tmp_path: Path, harm: Callable[[Connection], None]) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/audit.db")
    with engine.begin() as connection:
        harm(connection)
    engine.dispose()
    assert full.verify()


@pytest.mark.parametrize(
    "column", [c.name for c in entries.c if c.name not in ("seq", "at", "outcome")]
)
def test_every_field_is_covered(full: AuditLog, tmp_path: Path, column: str) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/audit.db")
    with engine.begin() as connection:
        connection.execute(update(entries).where(entries.c.seq == 7).values({column: "x"}))
    engine.dispose()
    assert full.verify()


def test_a_changed_or_missing_anchor_is_found(full: AuditLog, tmp_path: Path) -> None:
    anchor = tmp_path / "anchor"
    whole = anchor.read_bytes()
    for spoiled in (b"", b"{}", b"[]", whole.replace(b'"seq":10', b'"seq":9')):
        anchor.write_bytes(spoiled)
        assert full.verify() == ["the anchor was changed"]
    anchor.unlink()
    assert full.verify() == ["the anchor is missing"]


def test_another_key_makes_another_chain(full: AuditLog, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/audit.db")
    assert AuditLog(engine, b"x" * 32, tmp_path / "anchor").verify()
    engine.dispose()


def test_a_request_is_recorded_once(full: AuditLog) -> None:
    again = entry()
    assert full.append(again) == again
    assert full.append(replace(again, code="later", at=again.at + 9)) == again
    with pytest.raises(AuditFailed):
        full.append(replace(again, outcome=8))
    assert len(full.checks_of("p" * 64)) == 11
    assert full.verify() == []


def test_without_an_anchor_nothing_counts_as_recorded(audit: AuditLog, tmp_path: Path) -> None:
    (tmp_path / "anchor.lock").mkdir()  # as good as a full disk
    with pytest.raises(AuditFailed):
        audit.append(entry())


def test_many_threads_write_one_chain(audit: AuditLog) -> None:
    threads = [
        threading.Thread(target=lambda: [audit.append(entry()) for _ in range(10)])
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.verify() == []
    assert len(audit.checks_of("p" * 64, most=100)) == 60


def test_checks_of_a_permit_and_by_code(full: AuditLog) -> None:
    newest = full.checks_of("p" * 64, most=3)
    assert [found.outcome for found in newest] == [10, 9, 8]
    assert full.find(newest[0].code) == newest[0]
    assert full.find("ZZZZZZZZ") is None
    assert full.checks_of("q" * 64) == []


def test_versions_only_rise(audit: AuditLog) -> None:
    assert audit.accept_version("a", 3)
    assert audit.accept_version("a", 3)
    assert audit.accept_version("a", 5)
    assert not audit.accept_version("a", 4)
    assert audit.accept_version("b", 1)
