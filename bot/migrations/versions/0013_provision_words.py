"""An index of provisions by their words and by how people ask for them."""

import json

import sqlalchemy as sa
from alembic import op

from knowledge.search import CREATE_PROVISION_INDEX, index_provisions

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_STORED = sa.text(
    "SELECT provision.pk, provision.body, clause.heading, document.region FROM provision"
    " JOIN clause ON clause.pk = provision.clause_pk"
    " JOIN document ON document.pk = provision.document_pk"
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in CREATE_PROVISION_INDEX[connection.dialect.name]:
        op.execute(statement)
    for row in connection.execute(_STORED).all():
        body = json.loads(row.body)
        said = (body["says"], body["quote"], row.heading, *body.get("asked", ()))
        index_provisions(connection, row.region, [(row.pk, " ".join(said))])


def downgrade() -> None:
    op.drop_table("provision_words")
