"""The record of checks, chained and anchored (chain.py), so that no change goes unseen. Nothing
personal is stored: a permit is an HMAC and its last four, an asker an HMAC.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

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

from knowledge.registry.chain import FIRST, Chain

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
        self._chain = Chain(key, anchor)
        metadata.create_all(engine)
        try:
            with engine.begin() as connection:
                connection.execute(insert(heads).values(id=1, seq=0, link=FIRST))
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
                link = self._chain.link(seq, asdict(entry), before)
                connection.execute(insert(entries).values(seq=seq, link=link, **asdict(entry)))
                connection.execute(update(heads).where(heads.c.id == 1).values(link=link))
            self._chain.anchor(seq, link)
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
        written = []
        for row in rows:
            content = row._asdict()
            written.append((content.pop("seq"), content, content.pop("link")))
        return self._chain.problems(written, (head.seq, head.link))

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
