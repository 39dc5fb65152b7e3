"""Once an index of provisions by their words; 0015 keeps the words with the provision instead."""

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
