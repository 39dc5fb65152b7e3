"""The policy library: releases, documents, clauses, provisions and the search index."""

import sqlalchemy as sa
from alembic import op

from knowledge.search import CREATE_INDEX

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "release",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("digest", name="uq_release_digest"),
    )
    op.create_index("ix_release_current", "release", ["current"])
    op.create_table(
        "document",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("id", sa.String(120), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.UniqueConstraint("digest", name="uq_document_digest"),
    )
    op.create_index("ix_document_id", "document", ["id"])
    op.create_index("ix_document_region", "document", ["region"])
    op.create_table(
        "release_document",
        sa.Column("release_id", sa.String(40), sa.ForeignKey("release.id"), primary_key=True),
        sa.Column("document_pk", sa.Integer(), sa.ForeignKey("document.pk"), primary_key=True),
    )
    op.create_table(
        "clause",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("document_pk", sa.Integer(), sa.ForeignKey("document.pk"), nullable=False),
        sa.Column("id", sa.String(120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("heading", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.create_index("ix_clause_document_pk", "clause", ["document_pk"])
    op.create_index("ix_clause_id", "clause", ["id"])
    op.create_table(
        "provision",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("document_pk", sa.Integer(), sa.ForeignKey("document.pk"), nullable=False),
        sa.Column("clause_pk", sa.Integer(), sa.ForeignKey("clause.pk"), nullable=False),
        sa.Column("id", sa.String(160), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_provision_document_pk", "provision", ["document_pk"])
    op.create_index("ix_provision_id", "provision", ["id"])
    op.create_table(
        "provision_topic",
        sa.Column("provision_pk", sa.Integer(), sa.ForeignKey("provision.pk"), primary_key=True),
        sa.Column("topic", sa.String(40), primary_key=True),
        sa.Column("region", sa.String(6), nullable=False),
        sa.Column("document_pk", sa.Integer(), sa.ForeignKey("document.pk"), nullable=False),
    )
    op.create_index("ix_provision_topic_topic_region", "provision_topic", ["topic", "region"])
    for statement in CREATE_INDEX[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE IF EXISTS clause_word_count")  # PostgreSQL only
    for table in (
        "clause_words",
        "provision_topic",
        "provision",
        "clause",
        "release_document",
        "document",
        "release",
    ):
        op.drop_table(table)
