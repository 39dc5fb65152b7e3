"""Run by Alembic; the connection is handed over by bot/database.py."""

from alembic import context

from knowledge.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
