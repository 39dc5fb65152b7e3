"""The rows of the library, each read once.

Rows never change once written, and neither does a release: what was read of one is kept under its
id. Which release is asked is for library.py to say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeVar

from sqlalchemy import JSON, ColumnElement, Engine, Select, cast, func, select
from sqlalchemy.orm import InstrumentedAttribute

from knowledge import search
from knowledge.schema import Clause, Document, Provision
from knowledge.search import ClauseScore
from knowledge.tables import (
    ClauseRow,
    DocumentRow,
    ProvisionRow,
    ProvisionTopicRow,
    ReleaseDocumentRow,
)
from knowledge.terms import Terms
from knowledge.word_index import WordIndex

_CACHE = 20_000
# Areas whose words are kept: half a megabyte each here, four where an area has 5,000 provisions,
# whose index is made in a twentieth of a second.
_INDEXES = 200
_AT_ONCE = 500  # rows of one query
_T = TypeVar("_T")


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
class Head:
    """What is known of a release as a whole."""

    regions: Mapping[str, None]  # in order of their codes
    first_day: dt.date | None


class Reader:
    """Reads of a release, named by its id, what is asked. Safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._entries: dict[int, Entry] = {}
        self._document = lru_cache(_CACHE)(self._read_document)
        self._clause = lru_cache(_CACHE)(self._read_clause)
        self.on_topic = lru_cache(_CACHE)(self._read_on_topic)
        self.topic_regions = lru_cache(_CACHE)(self._read_topic_regions)
        self.documents = lru_cache(_CACHE)(self._read_documents)
        self.head = lru_cache(_CACHE)(self._read_head)
        self.clause_named = lru_cache(_CACHE)(self._read_clause_named)
        self.whole = lru_cache(_CACHE)(self._read_whole)
        self.index = lru_cache(_INDEXES)(self._read_index)

    def scores(
        self, release: str, question: str, regions: Sequence[str], limit: int
    ) -> list[ClauseScore]:
        """The clauses nearest to a question, best first; of all areas where none is named."""
        there = self.head(release).regions if regions else {}
        if regions and not (regions := [code for code in regions if code in there]):
            return []
        with self._engine.connect() as connection:
            return search.find(connection, release, question, tuple(regions), limit)

    def clause(self, pk: int) -> tuple[Clause, Document]:
        """The clause of this row number, with its document."""
        clause, document_pk = self._clause(pk)
        return clause, self._document(document_pk)

    def entries(self, keys: Sequence[int]) -> list[Entry]:
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
        entries = self.entries(self._keys(query))
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
        entries = tuple(self.entries(provisions))
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

    def _read_head(self, release: str) -> Head:
        areas = _in(release, DocumentRow.region).distinct().order_by(DocumentRow.region)
        with self._engine.connect() as connection:
            issued = _json_field(connection.dialect.name, "issued_on")
            first = connection.execute(_in(release, func.min(issued))).scalar()
            regions = dict.fromkeys(connection.execute(areas).scalars())
        return Head(regions, dt.date.fromisoformat(first) if first else None)

    def _read_clause_named(self, release: str, clause_id: str) -> tuple[Clause, Document] | None:
        query = _in(release, ClauseRow.pk, ClauseRow.document_pk).where(ClauseRow.id == clause_id)
        keys = self._keys(query)
        return self.clause(keys[0]) if keys else None

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
