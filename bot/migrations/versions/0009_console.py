"""What staff keep: notes on conversations, canned answers; which turn a draft became."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column(
            "conversation_pk", sa.Integer(), sa.ForeignKey("conversation.pk"), nullable=False
        ),
        sa.Column("staff", sa.String(60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_note_conversation_pk", "note", ["conversation_pk"])
    op.create_table(
        "canned_answer",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("title", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("title", name="uq_canned_answer_title"),
    )
    with op.batch_alter_table("draft") as draft:
        draft.add_column(
            sa.Column("turn_pk", sa.Integer(), sa.ForeignKey("turn.pk", name="fk_draft_turn_pk"))
        )


def downgrade() -> None:
    with op.batch_alter_table("draft") as draft:
        draft.drop_column("turn_pk")
    op.drop_table("canned_answer")
    op.drop_table("note")
