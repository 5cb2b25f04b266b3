"""A Postgres for as long as a test needs it."""

from staging_gate.adapters.schema.server import PostgresMissing, TemporaryPostgres, temporary_postgres

__all__ = ["PostgresMissing", "TemporaryPostgres", "temporary_postgres"]
