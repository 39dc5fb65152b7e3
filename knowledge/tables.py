"""The library's tables.

A document's row is named by the digest of its files and never changes; a release is a set of such
rows. Loading an unchanged library therefore writes nothing, old releases stay readable, and the
current release is switched in one statement.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import DateTime, ForeignKey, Index, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from knowledge.database import NAMING


class Base(DeclarativeBase):
    """The one schema; the outside's tables (bot/) join it."""

    metadata = MetaData(naming_convention=NAMING)


class ReleaseRow(Base):
    """A release: the documents that are served together."""

    __tablename__ = "release"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    loaded_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    current: Mapped[bool] = mapped_column(index=True)


class DocumentRow(Base):
    """A document, named by the digest of its files; never changed."""

    __tablename__ = "document"

    pk: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(String(120), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    region: Mapped[str] = mapped_column(String(6), index=True)
    body: Mapped[str] = mapped_column(Text)  # schema.Document as JSON, without its provisions


class ReleaseDocumentRow(Base):
    """That a document is in a release."""

    __tablename__ = "release_document"

    release_id: Mapped[str] = mapped_column(ForeignKey("release.id"), primary_key=True)
    document_pk: Mapped[int] = mapped_column(ForeignKey("document.pk"), primary_key=True)


class ClauseRow(Base):
    """A clause of a document."""

    __tablename__ = "clause"

    pk: Mapped[int] = mapped_column(primary_key=True)
    document_pk: Mapped[int] = mapped_column(ForeignKey("document.pk"), index=True)
    id: Mapped[str] = mapped_column(String(120), index=True)
    position: Mapped[int]
    heading: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)


class ProvisionRow(Base):
    """A provision of a clause."""

    __tablename__ = "provision"

    pk: Mapped[int] = mapped_column(primary_key=True)
    document_pk: Mapped[int] = mapped_column(ForeignKey("document.pk"), index=True)
    clause_pk: Mapped[int] = mapped_column(ForeignKey("clause.pk"))
    id: Mapped[str] = mapped_column(String(160), index=True)
    body: Mapped[str] = mapped_column(Text)  # schema.Provision as JSON
    words: Mapped[str] = mapped_column(Text)  # that it is found by (word_index.py)


class ProvisionTopicRow(Base):
    """Which provisions speak of a topic in a region: the one index the hot path needs."""

    __tablename__ = "provision_topic"
    __table_args__ = (Index("ix_provision_topic_topic_region", "topic", "region"),)

    provision_pk: Mapped[int] = mapped_column(ForeignKey("provision.pk"), primary_key=True)
    topic: Mapped[str] = mapped_column(String(40), primary_key=True)
    region: Mapped[str] = mapped_column(String(6))
    document_pk: Mapped[int] = mapped_column(ForeignKey("document.pk"))
