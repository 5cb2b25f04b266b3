"""A database that need not outlive its machine."""

from sqlalchemy import Engine, event

from staging_gate.engine import is_sqlite


def in_a_hurry(database: Engine) -> Engine:
    """Nothing of a story has to survive a loss of power, so nobody waits for the disk."""
    if is_sqlite(database):
        event.listen(database, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return database
