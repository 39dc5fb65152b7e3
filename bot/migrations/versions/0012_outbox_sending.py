"""Which parcel is being handed to its platform, and by whom."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("leased_by", sa.String(32)))
    op.add_column(
        "outbox", sa.Column("sending", sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    op.drop_column("outbox", "sending")
    op.drop_column("outbox", "leased_by")
