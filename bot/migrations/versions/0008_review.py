"""Review: labels and retraining; where a question was asked from; library reports."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_RUNNING = "state = 'running'"
_FIGURES = ["asked_at", "speaker", "status", "intent", "region", "conversation_pk", "answered_at"]


def upgrade() -> None:
    op.add_column("turn", sa.Column("region", sa.String(20)))
    op.create_index("ix_turn_figures", "turn", _FIGURES)
    op.create_table(
        "review_label",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("intent", sa.String(60)),
        sa.Column("word", sa.String(40)),
        sa.Column("meaning", sa.String(80)),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("region", sa.String(20)),
        sa.Column("staff", sa.String(60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True)),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("done_by", sa.String(60)),
        sa.UniqueConstraint("key", name="uq_review_label_key"),
    )
    op.create_table(
        "review_note",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("region", sa.String(20)),
        sa.Column("staff", sa.String(60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_review_note_at", "review_note", ["at"])
    op.create_table(
        "retraining",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("staff", sa.String(60), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("labels", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("figures", sa.Text()),
        sa.Column("file", sa.Text()),
    )
    op.create_index(
        "uq_retraining_running",
        "retraining",
        ["state"],
        unique=True,
        sqlite_where=sa.text(_RUNNING),
        postgresql_where=sa.text(_RUNNING),
    )


def downgrade() -> None:
    op.drop_table("retraining")
    op.drop_table("review_note")
    op.drop_table("review_label")
    op.drop_index("ix_turn_figures", "turn")
    with op.batch_alter_table("turn") as turn:
        turn.drop_column("region")
