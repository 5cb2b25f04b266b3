"""What we remember, in SQL: one module per noun, its queries beside it. Implements `ports.store` and `ports.inbox`."""

from staging_gate.store.inbox import SqliteInbox
from staging_gate.store.migrations import NewerDatabase, upgrade
from staging_gate.store.sql_store import SqlStore

__all__ = ["NewerDatabase", "SqlStore", "SqliteInbox", "upgrade"]
