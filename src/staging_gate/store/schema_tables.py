"""Our tables about the databases of services."""

from sqlalchemy import JSON, BigInteger, Column, Float, Integer, Table, Text

from staging_gate.domain.backup import BackupProof
from staging_gate.domain.way_back import WayBackVerdict
from staging_gate.engine.tables import UtcDateTime
from staging_gate.store.columns import Losses, OneOf, Texts, Words
from staging_gate.store.tables import metadata

way_back = Table(
    "way_back",
    metadata,
    Column("from_tree", Text, primary_key=True),
    Column("to_tree", Text, primary_key=True),
    Column("verdict", OneOf(WayBackVerdict), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("deployment", Text, nullable=False),
    Column("evidence", Texts, nullable=False),
    Column("losses", Losses, nullable=False),
    Column("seconds", Float),
    Column("log", Text),
)

backup = Table(
    "backup",
    metadata,
    Column("deployment", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("revisions", Texts, nullable=False),
    Column("tables", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("proof", OneOf(BackupProof), nullable=False),
    Column("note", Words, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("remove_at", UtcDateTime),
    Column("removed_at", UtcDateTime),
)

migration_report = Table(
    "migration_report",
    metadata,
    Column("tree", Text, primary_key=True),
    Column("service", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("report", JSON, nullable=False),
)
