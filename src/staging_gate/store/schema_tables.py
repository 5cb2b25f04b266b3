"""Our tables about the databases of services."""

from sqlalchemy import Column, Float, Table, Text

from staging_gate.domain.way_back import WayBackVerdict
from staging_gate.engine.tables import UtcDateTime
from staging_gate.store.columns import Losses, OneOf, Texts
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
