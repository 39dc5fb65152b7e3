"""The search index of SQLite knows each clause's area; PostgreSQL finds it by the document."""

import sqlalchemy as sa
from alembic import op

from knowledge import search

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    op.execute("DROP TABLE clause_words")
    for statement in search.CREATE_INDEX["sqlite"]:
        op.execute(statement)
    clauses = connection.execute(
        sa.text(
            "SELECT clause.pk, document.region, heading || ' ' || text FROM clause"
            " JOIN document ON document.pk = clause.document_pk ORDER BY clause.pk"
        )
    ).all()
    by_area: dict[str, list[tuple[int, str]]] = {}
    for pk, region, said in clauses:
        by_area.setdefault(region, []).append((pk, said))
    for region, said_there in by_area.items():
        search.index_clauses(connection, region, said_there)


def downgrade() -> None:
    pass  # an older version finds everything in the newer index, only slower
