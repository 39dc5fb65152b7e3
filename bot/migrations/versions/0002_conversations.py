"""Conversations and their turns."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversation",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("id", sa.String(200), nullable=False),
        sa.Column("memory", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("channel", "id", name="uq_conversation_channel_id"),
    )
    op.create_index("ix_conversation_updated_at", "conversation", ["updated_at"])
    op.create_table(
        "turn",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column(
            "conversation_pk", sa.Integer(), sa.ForeignKey("conversation.pk"), nullable=False
        ),
        sa.Column("message_id", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("intent", sa.String(60), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("release", sa.String(40)),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("conversation_pk", "message_id", name="uq_turn_conversation_message"),
    )
    op.create_index("ix_turn_status", "turn", ["status"])
    op.create_index("ix_turn_asked_at", "turn", ["asked_at"])


def downgrade() -> None:
    op.drop_table("turn")
    op.drop_table("conversation")
