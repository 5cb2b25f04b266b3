"""Bringing the database to the tables of this version, ours and the engine's."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from staging_gate.engine import writing

HEAD = "0004"
"""The last revision in `versions/`, kept here so that a start with nothing to do need not import Alembic (0.3 s)."""


class NewerDatabase(Exception):
    """The database was brought further than this version of Staging Gate knows."""


def upgrade(engine: Engine) -> None:
    """Create or migrate all tables, in one transaction; does nothing where nothing is new. Raises NewerDatabase."""
    with engine.connect() as connection:
        if version(connection) == HEAD:
            return
    with writing(engine) as connection:
        _one_at_a_time(connection)
        # Another process may have been here while we waited.
        found = version(connection)
        if found != HEAD:
            _migrate(connection, found)


def version(connection: Connection) -> str | None:
    """The revision that the database is at; None where it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()


def _one_at_a_time(connection: Connection) -> None:
    """On SQLite a writing transaction is alone already. The number is ours alone: nobody else locks it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(20531)")


def script_location() -> str:
    """Where Alembic finds the revisions: this folder, wherever the package is installed."""
    return str(Path(__file__).parent)


def _migrate(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", script_location().replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise NewerDatabase(
            f"The database is at revision {found}, and this version of Staging Gate knows those up to {HEAD}: "
            "a newer version has used it. Install that version again, or restore a backup from before."
        )
    command.upgrade(config, "head")
