"""Conversations to be looked at again without a message."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recheck",
        sa.Column(
            "conversation_pk", sa.Integer(), sa.ForeignKey("conversation.pk"), primary_key=True
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_recheck_due_at", "recheck", ["due_at"])


def downgrade() -> None:
    op.drop_table("recheck")
