"""The connection to the database, SQLite or Postgres."""

from sqlalchemy import Engine, create_engine, text


def connect(url: str) -> Engine:
    """An engine for `url`; nothing is opened before the first query."""
    return create_engine(driver_url(url), pool_pre_ping=True)


def driver_url(url: str) -> str:
    """The same address, naming the driver that we install."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def schema_revision(engine: Engine) -> str | None:
    """The migration that the database is at; None before the first one. Raises what SQLAlchemy raises."""
    with engine.connect() as connection:
        return connection.execute(text("select version_num from alembic_version")).scalar()
