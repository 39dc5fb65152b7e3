"""The record of checks: a keyed chain in the database, its head anchored in a file elsewhere.

Each link is an HMAC over the entry and the link before it, so an edit, a deletion or a reorder
breaks the chain, and nobody without the key can mend it. A tail cut off leaves a shorter, sound
chain; that is seen by the anchor, which is kept outside the database. Nothing personal is stored:
a permit is an HMAC and its last four, an asker an HMAC.
"""

from __future__ import annotations

import fcntl
import hmac
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from knowledge.registry.strict_json import dumps, loads

metadata = MetaData()

entries = Table(
    "registry_audit",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("request_id", String(36), nullable=False, unique=True),
    Column("asker", String(64), nullable=False),
    Column("permit", String(64), nullable=False, index=True),
    Column("last4", String(4), nullable=False),
    Column("purpose", String(12), nullable=False),
    Column("outcome", Integer, nullable=False),
    Column("code", String(8), nullable=False, index=True),
    Column("link", String(64), nullable=False),
)
heads = Table(
    "registry_audit_head",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("link", String(64), nullable=False),
)
# The highest version seen of each permit: an answer with a lower one is a rollback.
versions = Table(
    "registry_version",
    metadata,
    Column("permit", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
)
_FIRST = "0" * 64


class AuditFailed(Exception):
    """A check could not be recorded; without its record it must not be answered."""


@dataclass(frozen=True)
class Entry:
    """One check. `permit` is an HMAC, empty where no number was understood; `at` Unix seconds."""

    at: int
    request_id: str
    asker: str
    permit: str
    last4: str
    purpose: str
    outcome: int
    code: str


class AuditLog:
    """Appends, and verifies the whole. Safe to share by threads and processes."""

    def __init__(self, engine: Engine, key: bytes, anchor: Path) -> None:
        self._engine = engine
        self._key = key
        self._anchor = anchor
        metadata.create_all(engine)
        try:
            with engine.begin() as connection:
                connection.execute(insert(heads).values(id=1, seq=0, link=_FIRST))
        except IntegrityError:
            pass  # there already

    def append(self, entry: Entry) -> Entry:
        """Record a check for good; gives the entry that stands. A request that was recorded before
        (and repeated after a crash) keeps its entry. Raises `AuditFailed`."""
        try:
            if (known := self._recorded(entry.request_id)) is not None:
                if (known.asker, known.permit, known.outcome) != (
                    entry.asker,
                    entry.permit,
                    entry.outcome,
                ):
                    raise AuditFailed("a request id stands for another check")
                return known
            with self._engine.begin() as connection:
                # The update takes the head's lock before anything is read, on either database.
                seq = connection.execute(
                    update(heads)
                    .where(heads.c.id == 1)
                    .values(seq=heads.c.seq + 1)
                    .returning(heads.c.seq)
                ).scalar_one()
                before = connection.execute(select(heads.c.link)).scalar_one()
                link = self._link(seq, entry, before)
                connection.execute(insert(entries).values(seq=seq, link=link, **asdict(entry)))
                connection.execute(update(heads).where(heads.c.id == 1).values(link=link))
            self._write_anchor(seq, link)
            return entry
        except (SQLAlchemyError, OSError) as error:
            raise AuditFailed(type(error).__name__) from error

    def _recorded(self, request_id: str) -> Entry | None:
        return self._first(entries.c.request_id == request_id)

    def verify(self) -> list[str]:
        """What is wrong with the record, in plain English; empty when it is whole."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(entries).order_by(entries.c.seq)).all()
            head = connection.execute(select(heads)).one()
        wrong = []
        before, expected = _FIRST, 1
        links = {0: _FIRST}
        for row in rows:
            fields = row._asdict()
            seq, link = fields.pop("seq"), fields.pop("link")
            if seq != expected:
                wrong.append(f"entries {expected} to {seq - 1} are missing")
            if not hmac.compare_digest(self._link(seq, Entry(**fields), before), link):
                wrong.append(f"entry {seq} was changed, moved, or follows a changed one")
            before, expected = link, seq + 1
            links[seq] = link
        if head.seq != expected - 1 or head.link != before:
            wrong.append(f"the head says {head.seq} entries, the record has {expected - 1}")
        return wrong + self._anchor_problems(links)

    def checks_of(self, permit: str, most: int = 50) -> list[Entry]:
        """The last checks of the permit with this HMAC, newest first."""
        columns = [column for column in entries.c if column.name not in ("seq", "link")]
        statement = (
            select(*columns)
            .where(entries.c.permit == permit)
            .order_by(entries.c.seq.desc())
            .limit(most)
        )
        with self._engine.connect() as connection:
            return [Entry(**row._asdict()) for row in connection.execute(statement)]

    def counted(self, since: int, until: int) -> dict[int, int]:
        """How many checks had each outcome, most first; from `since` on, before `until` (both Unix
        seconds)."""
        number = func.count().label("number")
        statement = (
            select(entries.c.outcome, number)
            .where(entries.c.at >= since, entries.c.at < until)
            .group_by(entries.c.outcome)
            .order_by(number.desc())
        )
        with self._engine.connect() as connection:
            return {row.outcome: row.number for row in connection.execute(statement)}

    def find(self, code: str) -> Entry | None:
        """The check whose reply carried `code`, for staff who are shown that reply."""
        return self._first(entries.c.code == code)

    def _first(self, condition: ColumnElement[bool]) -> Entry | None:
        columns = [column for column in entries.c if column.name not in ("seq", "link")]
        with self._engine.connect() as connection:
            row = connection.execute(select(*columns).where(condition)).first()
        return Entry(**row._asdict()) if row else None

    def accept_version(self, permit: str, version: int) -> bool:
        """Whether `version` is no older than any seen of this permit; remembers it if so."""
        raised = (
            update(versions)
            .where(versions.c.permit == permit, versions.c.version <= version)
            .values(version=version)
        )
        try:
            with self._engine.begin() as connection:
                if connection.execute(raised).rowcount:
                    return True
                known = select(versions.c.version).where(versions.c.permit == permit)
                if connection.execute(known).scalar() is not None:
                    return False
            try:
                with self._engine.begin() as connection:
                    connection.execute(insert(versions).values(permit=permit, version=version))
                return True
            except IntegrityError:  # another process was first
                with self._engine.begin() as connection:
                    return connection.execute(raised).rowcount > 0
        except SQLAlchemyError as error:
            raise AuditFailed(type(error).__name__) from error

    def _link(self, seq: int, entry: Entry, before: str) -> str:
        content = dumps({"seq": seq, "before": before, **asdict(entry)})
        return hmac.digest(self._key, b"audit:" + content, "sha256").hex()

    # ---- the anchor ------------------------------------------------------------------------

    def _write_anchor(self, seq: int, link: str) -> None:
        """Put the head down outside the database; never an older one over a newer."""
        self._anchor.parent.mkdir(parents=True, exist_ok=True)
        with self._anchor_lock():
            known = self._read_anchor()
            if known is not None and known["seq"] >= seq:
                return
            fresh = self._anchor.with_suffix(".new")
            with fresh.open("wb") as file:
                file.write(dumps({"seq": seq, "link": link, "mac": self._anchor_mac(seq, link)}))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._anchor)

    def _anchor_lock(self) -> _FileLock:
        return _FileLock(self._anchor.with_suffix(".lock"))

    def _read_anchor(self) -> dict[str, Any] | None:
        try:
            value = loads(self._anchor.read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            return {"seq": -1, "link": "", "mac": ""}
        return value if isinstance(value, dict) else {"seq": -1, "link": "", "mac": ""}

    def _anchor_mac(self, seq: int, link: str) -> str:
        return hmac.digest(self._key, f"anchor:{seq}:{link}".encode(), "sha256").hex()

    def _anchor_problems(self, links: dict[int, str]) -> list[str]:
        anchor = self._read_anchor()
        if anchor is None:
            return ["the anchor is missing"] if len(links) > 1 else []
        seq, link = anchor.get("seq"), str(anchor.get("link"))
        mac = self._anchor_mac(seq if type(seq) is int else -1, link)
        if not hmac.compare_digest(mac, str(anchor.get("mac"))):
            return ["the anchor was changed"]
        if seq not in links:
            return [
                f"the anchor says {seq} entries, the record ends at {max(links)}: a tail is cut"
            ]
        if links[seq] != link:
            return [f"entry {seq} is not the one that was anchored"]
        return []


class _FileLock:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._file = self._path.open("a")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_error: object) -> None:
        self._file.close()
