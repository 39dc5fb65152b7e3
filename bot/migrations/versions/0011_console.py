"""The console's audit is chained; who waits when working hours end is told once."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit", sa.Column("seq", sa.Integer()))
    op.add_column("audit", sa.Column("link", sa.String(64)))
    op.create_index("uq_audit_seq", "audit", ["seq"], unique=True)
    head = op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("link", sa.String(64), nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0, "link": "0" * 64}])
    op.add_column("handover", sa.Column("told_closed_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("handover", "told_closed_at")
    op.drop_table("audit_head")
    op.drop_index("uq_audit_seq", "audit")
    op.drop_column("audit", "link")
    op.drop_column("audit", "seq")
