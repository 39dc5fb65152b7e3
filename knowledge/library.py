"""The policy library as it is asked: provisions by topic and area, documents, clauses, search.

Everything is read from the current release. Rows never change once written, so what was read is
kept by row number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, Engine, Select, false, insert, select, text, update

from knowledge import search
from knowledge.lint import lint_documents
from knowledge.loader import LoadedDocument, library_digest
from knowledge.schema import Clause, Document, Provision
from knowledge.standing import china_day
from knowledge.strict_yaml import DataError
from knowledge.tables import (
    ClauseRow,
    DocumentRow,
    ProvisionRow,
    ProvisionTopicRow,
    ReleaseDocumentRow,
    ReleaseRow,
)
from knowledge.vocabulary import Vocabulary

_CACHE = 20_000


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


@dataclass(frozen=True)
class Hit:
    """A clause found by search, with the engine's score."""

    clause: Clause
    document: Document
    score: float


class Library:
    """Reads the current release from a migrated database. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._document = lru_cache(_CACHE)(self._read_document)
        self._clause = lru_cache(_CACHE)(self._read_clause)
        self._provision = lru_cache(_CACHE)(self._read_provision)

    def release(self) -> Release | None:
        """The release being served; None before the first load."""
        with self._engine.connect() as connection:
            row = connection.execute(
                select(ReleaseRow.id, ReleaseRow.loaded_at).where(ReleaseRow.current)
            ).first()
        return None if row is None else Release(row.id, _aware(row.loaded_at))

    def provisions(self, topic: str, regions: Sequence[str]) -> list[Entry]:
        """The provisions that speak of `topic` in any of `regions`, in document order."""
        query = (
            select(ProvisionTopicRow.provision_pk)
            .join(
                ReleaseDocumentRow, ReleaseDocumentRow.document_pk == ProvisionTopicRow.document_pk
            )
            .join(ReleaseRow, ReleaseRow.id == ReleaseDocumentRow.release_id)
            .where(ReleaseRow.current)
            .where(ProvisionTopicRow.topic == topic)
            .where(ProvisionTopicRow.region.in_(regions))
            .order_by(ProvisionTopicRow.provision_pk)
        )
        # Row numbers tell when a document was loaded; the order must not depend on that.
        entries = (self._provision(pk) for pk in self._keys(query))
        return sorted(entries, key=lambda entry: entry.document.id)

    def topic_regions(self, topic: str) -> list[str]:
        """The areas whose documents speak of `topic`."""
        query = (
            select(ProvisionTopicRow.region)
            .distinct()
            .join(
                ReleaseDocumentRow, ReleaseDocumentRow.document_pk == ProvisionTopicRow.document_pk
            )
            .join(ReleaseRow, ReleaseRow.id == ReleaseDocumentRow.release_id)
            .where(ReleaseRow.current, ProvisionTopicRow.topic == topic)
            .order_by(ProvisionTopicRow.region)
        )
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def documents(self, regions: Sequence[str] | None = None) -> list[Document]:
        """The documents of the release, of `regions` if given, without their provisions."""
        query = _current(select(DocumentRow.pk))
        if regions is not None:
            query = query.where(DocumentRow.region.in_(regions))
        found = (self._document(pk) for pk in self._keys(query))
        return sorted(found, key=lambda document: (document.region, document.id))

    def document(self, document_id: str) -> tuple[Document, list[Entry], list[Clause]] | None:
        """A document with its provisions and clauses, in order; None if the release lacks it."""
        query = _current(select(DocumentRow.pk)).where(DocumentRow.id == document_id)
        keys = self._keys(query)
        if not keys:
            return None
        pk = keys[0]
        provisions = self._keys(
            select(ProvisionRow.pk).where(ProvisionRow.document_pk == pk).order_by(ProvisionRow.pk)
        )
        clauses = self._keys(
            select(ClauseRow.pk).where(ClauseRow.document_pk == pk).order_by(ClauseRow.position)
        )
        entries = [self._provision(row) for row in provisions]
        return self._document(pk), entries, [self._clause(row)[0] for row in clauses]

    def clause(self, clause_id: str) -> tuple[Clause, Document] | None:
        """A clause of the release by its permanent id."""
        query = (
            select(ClauseRow.pk)
            .join(ReleaseDocumentRow, ReleaseDocumentRow.document_pk == ClauseRow.document_pk)
            .join(ReleaseRow, ReleaseRow.id == ReleaseDocumentRow.release_id)
            .where(ReleaseRow.current, ClauseRow.id == clause_id)
        )
        keys = self._keys(query)
        if not keys:
            return None
        clause, document_pk = self._clause(keys[0])
        return clause, self._document(document_pk)

    def search(self, question: str, *, regions: Sequence[str] = (), limit: int = 5) -> list[Hit]:
        """The clauses nearest to `question`, best first."""
        with self._engine.connect() as connection:
            scores = search.find(connection, question, regions=tuple(regions), limit=limit)
        hits = []
        for score in scores:
            clause, document_pk = self._clause(score.clause_pk)
            hits.append(Hit(clause, self._document(document_pk), score.score))
        return hits

    def provisions_near(
        self, question: str, *, regions: Sequence[str] = (), limit: int = 5
    ) -> list[Entry]:
        """The provisions of the clauses nearest to `question`."""
        with self._engine.connect() as connection:
            scores = search.find(connection, question, regions=tuple(regions), limit=limit)
            clauses = [score.clause_pk for score in scores]
            pks = connection.execute(
                select(ProvisionRow.pk).where(ProvisionRow.clause_pk.in_(clauses))
            ).scalars()
            return [self._provision(pk) for pk in pks]

    # --- rows, read once ---------------------------------------------------------------------

    def _keys(self, query: Select[int]) -> list[int]:
        """The row numbers, all read before any row is: a thread holds one connection at a time."""
        with self._engine.connect() as connection:
            return list(connection.execute(query).scalars())

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

    def _read_provision(self, pk: int) -> Entry:
        with self._engine.connect() as connection:
            row = connection.execute(
                select(ProvisionRow.body, ProvisionRow.clause_pk, ProvisionRow.document_pk).where(
                    ProvisionRow.pk == pk
                )
            ).one()
        clause, _ = self._clause(row.clause_pk)
        provision = Provision.model_validate_json(row.body)
        return Entry(provision, clause, self._document(row.document_pk))


def _current(query: Select[int]) -> Select[int]:
    return (
        query.join(ReleaseDocumentRow, ReleaseDocumentRow.document_pk == DocumentRow.pk)
        .join(ReleaseRow, ReleaseRow.id == ReleaseDocumentRow.release_id)
        .where(ReleaseRow.current)
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
    digest = library_digest(loaded.digest for loaded in documents)
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
        for loaded in documents:
            pk = _store(connection, loaded)
            connection.execute(
                insert(ReleaseDocumentRow).values(release_id=release.id, document_pk=pk)
            )
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


def _store(connection: Connection, loaded: LoadedDocument) -> int:
    """Write a document's rows, unless this very document is there already; return its row."""
    document = loaded.document
    known = connection.execute(
        select(DocumentRow.pk).where(DocumentRow.digest == loaded.digest)
    ).scalar()
    if known is not None:
        return known
    head = document.model_copy(update={"provisions": []})
    document_pk = connection.execute(
        insert(DocumentRow)
        .values(
            id=document.id,
            digest=loaded.digest,
            region=document.region,
            body=head.model_dump_json(),
        )
        .returning(DocumentRow.pk)
    ).scalar_one()
    clause_pks = _insert(
        connection,
        ClauseRow,
        [
            {
                "document_pk": document_pk,
                "id": clause.id,
                "position": position,
                "heading": clause.heading,
                "text": clause.text,
            }
            for position, clause in enumerate(loaded.clauses.values())
        ],
    )
    for clause, pk in zip(loaded.clauses.values(), clause_pks, strict=True):
        search.index_clause(connection, pk, clause.heading, clause.text)
    pk_of = dict(zip(loaded.clauses, clause_pks, strict=True))
    provision_pks = _insert(
        connection,
        ProvisionRow,
        [
            {
                "document_pk": document_pk,
                "clause_pk": pk_of[provision.clause],
                "id": provision.id,
                "body": provision.model_dump_json(by_alias=True, exclude_none=True),
            }
            for provision in document.provisions
        ],
    )
    topics = [
        {"provision_pk": pk, "topic": topic, "region": document.region, "document_pk": document_pk}
        for provision, pk in zip(document.provisions, provision_pks, strict=True)
        for topic in provision.topics
    ]
    if topics:
        connection.execute(insert(ProvisionTopicRow), topics)
    return document_pk


def _insert(
    connection: Connection, table: type[ClauseRow | ProvisionRow], rows: list[dict[str, object]]
) -> list[int]:
    """Insert `rows`; their row numbers, in the same order."""
    if not rows:
        return []
    statement = insert(table).returning(table.pk, sort_by_parameter_order=True)
    return list(connection.execute(statement, rows).scalars())
