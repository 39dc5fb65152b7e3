"""A provision's words stand with it; the index of them is made in memory."""

import json

import sqlalchemy as sa
from alembic import op

from knowledge.word_index import found_by

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_STORED = sa.text(
    "SELECT provision.pk, provision.body, clause.heading FROM provision"
    " JOIN clause ON clause.pk = provision.clause_pk"
)


def upgrade() -> None:
    connection = op.get_bind()
    op.execute("DROP TABLE IF EXISTS provision_words")
    op.add_column(
        "provision", sa.Column("words", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
    for row in connection.execute(_STORED).all():
        body = json.loads(row.body)
        words = found_by(body["says"], body["quote"], row.heading, *body.get("asked", ()))
        connection.execute(
            sa.text("UPDATE provision SET words = :words WHERE pk = :pk"),
            {"words": words, "pk": row.pk},
        )


def downgrade() -> None:
    op.drop_column("provision", "words")
