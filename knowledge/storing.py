"""A document's rows, written once under its digest."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from knowledge import search
from knowledge.loader import LoadedDocument
from knowledge.tables import ClauseRow, DocumentRow, ProvisionRow, ProvisionTopicRow
from knowledge.word_index import found_by


def store_document(connection: Connection, loaded: LoadedDocument) -> int:
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
    search.index_clauses(
        connection,
        document.region,
        [
            (pk, f"{clause.heading} {clause.text}")
            for clause, pk in zip(loaded.clauses.values(), clause_pks, strict=True)
        ],
    )
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
                "words": found_by(
                    provision.says,
                    provision.quote,
                    loaded.clauses[provision.clause].heading,
                    *provision.asked,
                ),
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
