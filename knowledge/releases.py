"""The releases of the library: each made whole or not at all, and one of them served."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, false, insert, select, text, update

from knowledge import search
from knowledge.lint import lint_documents
from knowledge.loader import LoadedDocument, library_digest
from knowledge.standing import china_day
from knowledge.storing import store_document
from knowledge.strict_yaml import DataError
from knowledge.tables import ReleaseDocumentRow, ReleaseRow
from knowledge.vocabulary import Vocabulary


@dataclass(frozen=True)
class Release:
    """One state of the library, named by the day it was loaded and its digest."""

    id: str
    loaded_at: dt.datetime


def served(engine: Engine) -> Release | None:
    """The release being served; None before the first load."""
    with engine.connect() as connection:
        row = connection.execute(_SERVED).first()
    return row and Release(row.id, _aware(row.loaded_at))


def releases(engine: Engine) -> list[tuple[str, bool]]:
    """Every release id, oldest first, and whether it is the current one."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(ReleaseRow.id, ReleaseRow.current).order_by(ReleaseRow.loaded_at)
        )
        return [(row.id, row.current) for row in rows]


_SERVED = select(ReleaseRow.id, ReleaseRow.loaded_at).where(ReleaseRow.current)


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
