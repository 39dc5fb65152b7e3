"""Hand-over to staff, the outbox, drafts, ratings, and what changed lately."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OPEN = "state IN ('waiting', 'staff', 'contact')"


def upgrade() -> None:
    op.add_column(
        "conversation", sa.Column("version", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "turn", sa.Column("speaker", sa.String(10), nullable=False, server_default="user")
    )
    op.add_column("turn", sa.Column("staff", sa.String(60)))
    op.create_table(
        "handover",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column(
            "conversation_pk", sa.Integer(), sa.ForeignKey("conversation.pk"), nullable=False
        ),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("staff", sa.String(60)),
        sa.Column("meant_for", sa.String(60)),
        sa.Column("contact", sa.Text()),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True)),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("code", sa.String(20)),
    )
    op.create_index("ix_handover_state", "handover", ["state"])
    op.create_index(
        "uq_handover_open",
        "handover",
        ["conversation_pk"],
        unique=True,
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    )
    op.create_table(
        "outbox",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("recipient", sa.String(200), nullable=False),
        sa.Column("payload", sa.Text()),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("parts_sent", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index("ix_outbox_state_due_at", "outbox", ["state", "due_at"])
    op.create_index("ix_outbox_channel_recipient", "outbox", ["channel", "recipient", "state"])
    op.create_table(
        "draft",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column(
            "conversation_pk", sa.Integer(), sa.ForeignKey("conversation.pk"), nullable=False
        ),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("staff", sa.String(60)),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
    )
    op.create_index("ix_draft_state_due_at", "draft", ["state", "due_at"])
    op.create_index("ix_draft_conversation_pk", "draft", ["conversation_pk"])
    op.create_table(
        "rating",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column("turn_pk", sa.Integer(), sa.ForeignKey("turn.pk"), nullable=False),
        sa.Column("useful", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("turn_pk", name="uq_rating_turn_pk"),
    )
    op.create_table(
        "change",
        sa.Column("pk", sa.Integer(), primary_key=True),
        sa.Column(
            "conversation_pk", sa.Integer(), sa.ForeignKey("conversation.pk"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_change_at", "change", ["at"])


def downgrade() -> None:
    for table in ("change", "rating", "draft", "outbox", "handover"):
        op.drop_table(table)
    with op.batch_alter_table("turn") as turn:
        turn.drop_column("staff")
        turn.drop_column("speaker")
    with op.batch_alter_table("conversation") as conversation:
        conversation.drop_column("version")
