"""What Alembic runs: it migrates on the connection, and in the transaction, that `upgrade` gives it."""

from alembic import context

from staging_gate.engine import tables as engine_tables
from staging_gate.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[tables.metadata, engine_tables.metadata],
    # Also on SQLite, where Alembic would rather not: our transactions begin with BEGIN IMMEDIATE and hold DDL too.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
