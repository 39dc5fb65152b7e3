"""A label that the engine firmly contradicts is taught when somebody else has confirmed it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("review_label", sa.Column("doubt", sa.String(60)))
    op.add_column("review_label", sa.Column("confirmed_by", sa.String(60)))


def downgrade() -> None:
    op.drop_column("review_label", "confirmed_by")
    op.drop_column("review_label", "doubt")
