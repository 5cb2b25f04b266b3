"""Our tables about the providers that we are connected to."""

from sqlalchemy import JSON, Boolean, Column, Integer, Table, Text

from staging_gate.domain.pull_request import PullState
from staging_gate.engine.tables import UtcDateTime
from staging_gate.store.columns import OneOf, Words
from staging_gate.store.tables import metadata

pull_request = Table(
    "pull_request",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state", OneOf(PullState), nullable=False, index=True),
    Column("head", Text, nullable=False),
    Column("said", JSON, nullable=False),
)
"""What the code host said last of each. `number` is that of the change, where there is one."""

told = Table(
    "told",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("due_at", UtcDateTime, nullable=False, index=True),
    Column("said", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("times", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("problem", Words, nullable=False),
    Column("failing_since", UtcDateTime),
    Column("unclear", Boolean, nullable=False),
    Column("told_at", UtcDateTime),
)
"""What the code host was told last of each thing."""
