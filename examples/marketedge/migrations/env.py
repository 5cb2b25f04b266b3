"""Run the migrations on the database that DATABASE_URL names; with --sql only print what would be run."""

import os

from alembic import context

from marketedge.database import connect, driver_url
from marketedge.tables import metadata

URL = os.environ.get("DATABASE_URL", "sqlite:///marketedge.db")

if context.is_offline_mode():
    context.configure(
        url=driver_url(URL), target_metadata=metadata, literal_binds=True, dialect_opts={"paramstyle": "named"}
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    with connect(URL).connect() as connection:
        # SQLite can alter a table only by copying it, which is what a batch does.
        context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()
