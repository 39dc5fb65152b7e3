"""WeChat: access token, quota of customer-service messages, late turns, answers given, requests."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "wechat_token",
        sa.Column("app_id", sa.String(100), primary_key=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("leased_until", moment, nullable=False),
        sa.Column("forced_at", moment, nullable=False),
    )
    op.create_table(
        "wechat_quota",
        sa.Column("openid", sa.String(100), primary_key=True),
        sa.Column("wrote_until", moment),
        sa.Column("wrote_left", sa.Integer(), nullable=False),
        sa.Column("acted_until", moment),
        sa.Column("acted_left", sa.Integer(), nullable=False),
    )
    op.create_table(
        "wechat_late",
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("openid", sa.String(100), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("came_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
    )
    op.create_index("ix_wechat_late_openid", "wechat_late", ["openid"])
    op.create_index("ix_wechat_late_due_at", "wechat_late", ["due_at"])
    op.create_table(
        "wechat_answer",
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("at", moment, nullable=False),
    )
    op.create_index("ix_wechat_answer_at", "wechat_answer", ["at"])
    op.create_table(
        "wechat_request",
        sa.Column("signature", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("at", moment, nullable=False),
    )
    op.create_index("ix_wechat_request_at", "wechat_request", ["at"])


def downgrade() -> None:
    for table in (
        "wechat_request",
        "wechat_answer",
        "wechat_late",
        "wechat_quota",
        "wechat_token",
    ):
        op.drop_table(table)
