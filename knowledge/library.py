"""The policy library as it is asked: provisions by topic and area, documents, clauses, search.

Everything is read from one release. Rows never change once written, and neither does a release, so
what was read is kept.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Engine,
    Select,
    cast,
    false,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from knowledge import search
from knowledge.lint import lint_documents
from knowledge.loader import LoadedDocument, library_digest
from knowledge.schema import Clause, Document, Provision
from knowledge.search import ClauseScore
from knowledge.standing import china_day
from knowledge.storing import store_document
from knowledge.strict_yaml import DataError
from knowledge.tables import (
    ClauseRow,
    DocumentRow,
    ProvisionRow,
    ProvisionTopicRow,
    ReleaseDocumentRow,
    ReleaseRow,
)
from knowledge.terms import Terms
from knowledge.vocabulary import Vocabulary
from knowledge.word_index import WordIndex, nearest

_CACHE = 20_000
# Areas whose words are kept: half a megabyte each here, four where an area has 5,000 provisions,
# whose index is made in a twentieth of a second.
_INDEXES = 200
_AT_ONCE = 500  # rows of one query
_T = TypeVar("_T")


@dataclass(frozen=True)
class Release:
    """One state of the library, named by the day it was loaded and its digest."""

    id: str
    loaded_at: dt.datetime


@dataclass(frozen=True)
class Entry:
    """A provision with the clause it stands in and the document that holds the clause."""

    provision: Provision
    clause: Clause
    document: Document

    @cached_property
    def terms(self) -> Terms:
        """What the provision is found by; worked out once, for the entry is kept."""
        provision = self.provision
        above = f"{self.document.title} {self.clause.heading}"
        return Terms.of(provision.says, provision.quote, above, provision.asked)


@dataclass(frozen=True)
class Hit:
    """A clause found by search, with the engine's score."""

    clause: Clause
    document: Document
    score: float


class Library:
    """Reads the current release from a migrated database. Safe to share between threads.

    A release never changes: whatever is read of one is kept under its id. Which one is served is
    looked up again after `recheck_s` seconds: by default each time.
    """

    def __init__(self, engine: Engine, recheck_s: float = 0.0) -> None:
        self._engine = engine
        self._pinned: Release | None = None
        self._recheck_s = recheck_s
        self._seen: tuple[float, Release] | None = None  # when, by the monotonic clock
        self._document = lru_cache(_CACHE)(self._read_document)
        self._clause = lru_cache(_CACHE)(self._read_clause)
        self._entries: dict[int, Entry] = {}
        self._on_topic = lru_cache(_CACHE)(self._read_on_topic)
        self._topic_regions = lru_cache(_CACHE)(self._read_topic_regions)
        self._documents = lru_cache(_CACHE)(self._read_documents)
        self._head = lru_cache(_CACHE)(self._read_head)
        self._clause_named = lru_cache(_CACHE)(self._read_clause_named)
        self._whole = lru_cache(_CACHE)(self._read_whole)
        self._index = lru_cache(_INDEXES)(self._read_index)

    def pinned(self) -> Library:
        """The library as it is now, whatever is loaded meanwhile: what one answer is made from.

        It shares what has been read. Before the first load it is this library itself.
        """
        release = self.release()
        if release is None:
            return self
        one = copy(self)
        one._pinned = release
        return one

    def release(self) -> Release | None:
        """The release being served; None before the first load."""
        if self._pinned is not None:
            return self._pinned
        seen, now = self._seen, time.monotonic()
        if seen is not None and now - seen[0] < self._recheck_s:
            return seen[1]
        with self._engine.connect() as connection:
            row = connection.execute(_SERVED).first()
        if row is None:
            return None
        release = Release(row.id, _aware(row.loaded_at))
        self._seen = (now, release)
        return release

    def provisions(self, topic: str, regions: Sequence[str]) -> list[Entry]:
        """The provisions that speak of `topic` in any of `regions`, in document order."""
        return list(self._on_topic(self._id(), topic, tuple(regions)))

    def topic_regions(self, topic: str) -> list[str]:
        """The areas whose documents speak of `topic`."""
        return list(self._topic_regions(self._id(), topic))

    def documents(self, regions: Sequence[str] | None = None) -> list[Document]:
        """The documents of the release, of `regions` if given, without their provisions."""
        return list(self._documents(self._id(), None if regions is None else tuple(regions)))

    def regions(self) -> tuple[str, ...]:
        """The areas that have documents of their own, in order of their codes."""
        return tuple(self._head(self._id())[0])

    def first_day(self) -> dt.date | None:
        """The day the oldest document was issued; None if no document says when it was."""
        return self._head(self._id())[1]

    def document(self, document_id: str) -> tuple[Document, list[Entry], list[Clause]] | None:
        """A document with its provisions and clauses, in order; None if the release lacks it."""
        found = self._whole(self._id(), document_id)
        return found and (found[0], list(found[1]), list(found[2]))

    def clause(self, clause_id: str) -> tuple[Clause, Document] | None:
        """A clause of the release by its permanent id."""
        return self._clause_named(self._id(), clause_id)

    def search(self, question: str, *, regions: Sequence[str] = (), limit: int = 5) -> list[Hit]:
        """The clauses nearest to `question`, best first."""
        hits = []
        for score in self._scores(question, regions, limit):
            clause, document_pk = self._clause(score.clause_pk)
            hits.append(Hit(clause, self._document(document_pk), score.score))
        return hits

    def provisions_near(
        self, words: Mapping[str, float], regions: Sequence[str], limit: int
    ) -> list[Entry]:
        """The provisions of `regions` nearest to weighed `words`, best first."""
        release = self._id()
        there = self._head(release)[0]
        places = dict.fromkeys(region for region in regions if region in there)
        indexes = [self._index(release, region) for region in places]
        return self._provisions(nearest(indexes, words, limit))

    # --- rows, read once ---------------------------------------------------------------------

    def _id(self) -> str:
        """The id of the release asked; of no release before the first load."""
        release = self.release()
        return release.id if release else ""

    def _scores(self, question: str, regions: Sequence[str], limit: int) -> list[ClauseScore]:
        release = self._id()
        there = self._head(release)[0] if regions else ()
        if regions and not (regions := [code for code in regions if code in there]):
            return []
        with self._engine.connect() as connection:
            return search.find(connection, release, question, tuple(regions), limit)

    def _keys(self, query: Select[int]) -> list[int]:
        """The row numbers, all read before any row is: a thread holds one connection at a time."""
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def _read_on_topic(
        self, release: str, topic: str, regions: tuple[str, ...]
    ) -> tuple[Entry, ...]:
        query = (
            _in(release, ProvisionTopicRow.provision_pk, ProvisionTopicRow.document_pk)
            .where(ProvisionTopicRow.topic == topic)
            .where(ProvisionTopicRow.region.in_(regions))
            .order_by(ProvisionTopicRow.provision_pk)
        )
        # Row numbers tell when a document was loaded; the order must not depend on that.
        entries = self._provisions(self._keys(query))
        return tuple(sorted(entries, key=lambda entry: entry.document.id))

    def _read_topic_regions(self, release: str, topic: str) -> tuple[str, ...]:
        query = (
            _in(release, ProvisionTopicRow.region, ProvisionTopicRow.document_pk)
            .distinct()
            .where(ProvisionTopicRow.topic == topic)
            .order_by(ProvisionTopicRow.region)
        )
        with self._engine.connect() as connection:
            return tuple(connection.execute(query).scalars())

    def _read_whole(
        self, release: str, document_id: str
    ) -> tuple[Document, tuple[Entry, ...], tuple[Clause, ...]] | None:
        keys = self._keys(_in(release, DocumentRow.pk).where(DocumentRow.id == document_id))
        if not keys:
            return None
        pk = keys[0]
        provisions = self._keys(
            select(ProvisionRow.pk).where(ProvisionRow.document_pk == pk).order_by(ProvisionRow.pk)
        )
        clauses = self._keys(
            select(ClauseRow.pk).where(ClauseRow.document_pk == pk).order_by(ClauseRow.position)
        )
        entries = tuple(self._provisions(provisions))
        return self._document(pk), entries, tuple(self._clause(row)[0] for row in clauses)

    def _read_index(self, release: str, region: str) -> WordIndex:
        query = (
            select(ProvisionRow.pk, ProvisionRow.words)
            .join(DocumentRow, DocumentRow.pk == ProvisionRow.document_pk)
            .join(ReleaseDocumentRow, ReleaseDocumentRow.document_pk == DocumentRow.pk)
            .where(ReleaseDocumentRow.release_id == release, DocumentRow.region == region)
            .order_by(ProvisionRow.pk)
        )
        with self._engine.connect() as connection:
            return WordIndex.of((row.pk, row.words) for row in connection.execute(query))

    def _read_documents(
        self, release: str, regions: tuple[str, ...] | None
    ) -> tuple[Document, ...]:
        query = _in(release, DocumentRow.pk)
        if regions is not None:
            query = query.where(DocumentRow.region.in_(regions))
        found = (self._document(pk) for pk in self._keys(query))
        return tuple(sorted(found, key=lambda document: (document.region, document.id)))

    def _read_head(self, release: str) -> tuple[dict[str, None], dt.date | None]:
        areas = _in(release, DocumentRow.region).distinct().order_by(DocumentRow.region)
        with self._engine.connect() as connection:
            issued = _json_field(connection.dialect.name, "issued_on")
            first = connection.execute(_in(release, func.min(issued))).scalar()
            regions = dict.fromkeys(connection.execute(areas).scalars())
        return regions, dt.date.fromisoformat(first) if first else None

    def _read_clause_named(self, release: str, clause_id: str) -> tuple[Clause, Document] | None:
        query = _in(release, ClauseRow.pk, ClauseRow.document_pk).where(ClauseRow.id == clause_id)
        keys = self._keys(query)
        if not keys:
            return None
        clause, document_pk = self._clause(keys[0])
        return clause, self._document(document_pk)

    def _read_document(self, pk: int) -> Document:
        with self._engine.connect() as connection:
            body = connection.execute(
                select(DocumentRow.body).where(DocumentRow.pk == pk)
            ).scalar_one()
        return Document.model_validate_json(body)

    def _read_clause(self, pk: int) -> tuple[Clause, int]:
        with self._engine.connect() as connection:
            row = connection.execute(
                select(
                    ClauseRow.id, ClauseRow.heading, ClauseRow.text, ClauseRow.document_pk
                ).where(ClauseRow.pk == pk)
            ).one()
        return Clause(id=row.id, heading=row.heading, text=row.text), row.document_pk

    def _provisions(self, keys: Sequence[int]) -> list[Entry]:
        """The provisions of these row numbers: those not yet read by one query for some hundreds,
        since a query for each would make the first questions wait."""
        found = {pk: entry for pk in keys if (entry := self._entries.get(pk)) is not None}
        missing = [pk for pk in keys if pk not in found]
        for start in range(0, len(missing), _AT_ONCE):
            found |= self._read_provisions(missing[start : start + _AT_ONCE])
        if missing:
            if len(self._entries) > _CACHE:
                self._entries.clear()
            self._entries |= found
        return [found[pk] for pk in keys]

    def _read_provisions(self, keys: Sequence[int]) -> dict[int, Entry]:
        query = (
            select(
                *(ProvisionRow.pk, ProvisionRow.body, ProvisionRow.document_pk),
                *(ClauseRow.id, ClauseRow.heading, ClauseRow.text),
            )
            .join(ClauseRow, ClauseRow.pk == ProvisionRow.clause_pk)
            .where(ProvisionRow.pk.in_(keys))
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return {
            row.pk: Entry(
                Provision.model_validate_json(row.body),
                Clause(id=row.id, heading=row.heading, text=row.text),
                self._document(row.document_pk),
            )
            for row in rows
        }


def _json_field(dialect: str, name: str) -> ColumnElement[str | None]:
    """A field of a document's body: reading all documents for it would take seconds where the
    library has every city's."""
    if dialect == "postgresql":
        field: ColumnElement[str | None] = cast(DocumentRow.body, JSON)[name].as_string()
        return field
    return func.json_extract(DocumentRow.body, f"$.{name}")


_SERVED = select(ReleaseRow.id, ReleaseRow.loaded_at).where(ReleaseRow.current)


def _in(
    release: str,
    column: InstrumentedAttribute[_T] | ColumnElement[_T],
    document_pk: InstrumentedAttribute[int] = DocumentRow.pk,
) -> Select[_T]:
    """`column` of the rows whose document is part of `release`."""
    return (
        select(column)
        .join(ReleaseDocumentRow, ReleaseDocumentRow.document_pk == document_pk)
        .where(ReleaseDocumentRow.release_id == release)
    )


def build(
    engine: Engine, documents: Sequence[LoadedDocument], words: Vocabulary, now: dt.datetime
) -> Release:
    """Check `documents` and make them the current release, all in one transaction.

    Raises `DataError` when anything is wrong; the release served before goes on being served.
    Loading what is already current changes nothing. `now` is aware; its Beijing day names the
    release.
    """
    if problems := lint_documents(documents, words):
        raise DataError(problems)
    return store(engine, documents, library_digest(loaded.digest for loaded in documents), now)


def store(
    engine: Engine, documents: Iterable[LoadedDocument], digest: str, now: dt.datetime
) -> Release:
    """Make documents that have been checked the current release, known by `digest`."""
    with engine.begin() as connection:
        _one_writer(connection)
        if (known := _switch_to(connection, digest)) is not None:
            return known
        connection.execute(update(ReleaseRow).values(current=False))
        release = Release(f"{china_day(now):%Y%m%d}-{digest[:10]}", now.astimezone(dt.UTC))
        connection.execute(
            insert(ReleaseRow).values(
                id=release.id, digest=digest, loaded_at=release.loaded_at, current=True
            )
        )
        members = [
            {"release_id": release.id, "document_pk": store_document(connection, loaded)}
            for loaded in documents
        ]
        connection.execute(insert(ReleaseDocumentRow), members)
        search.index_complete(connection)
    return release


def serve_known(engine: Engine, digest: str) -> Release | None:
    """Make the release with this library digest the current one; None if there is none yet."""
    with engine.begin() as connection:
        _one_writer(connection)
        return _switch_to(connection, digest)


def _one_writer(connection: Connection) -> None:
    """Hold other loaders off until this transaction ends; readers go on reading.

    Without it two processes that start together would both find their release missing.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE release IN SHARE ROW EXCLUSIVE MODE"))
    else:
        # SQLite takes its write lock at the first write, even one that changes no row.
        connection.execute(update(ReleaseRow).where(false()).values(current=False))


def _aware(loaded_at: dt.datetime) -> dt.datetime:
    """SQLite keeps no offset; what is stored is UTC."""
    return loaded_at if loaded_at.tzinfo else loaded_at.replace(tzinfo=dt.UTC)


def _switch_to(connection: Connection, digest: str) -> Release | None:
    known = connection.execute(
        select(ReleaseRow.id, ReleaseRow.loaded_at, ReleaseRow.current).where(
            ReleaseRow.digest == digest
        )
    ).first()
    if known is None:
        return None
    if not known.current:
        connection.execute(update(ReleaseRow).values(current=ReleaseRow.id == known.id))
    return Release(known.id, _aware(known.loaded_at))
