"""Mistakes found in clauses."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clause_report",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("clause", sa.String(200), nullable=False),
        sa.Column("release", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reported_by", sa.String(40), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(40)),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("why", sa.Text(), nullable=False),
    )
    op.create_index("ix_clause_report_state", "clause_report", ["state"])


def downgrade() -> None:
    op.drop_table("clause_report")
