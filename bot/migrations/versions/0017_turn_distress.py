"""What trouble a message speaks of stands with its turn, for staff to see who is in need."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turn", sa.Column("distress", sa.String(20)))
    # Of earlier turns only this is known: that nothing but a number answered.
    op.execute("UPDATE turn SET distress = 'emergency' WHERE intent = 'emergency'")


def downgrade() -> None:
    op.drop_column("turn", "distress")
