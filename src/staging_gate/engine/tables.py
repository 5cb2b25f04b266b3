"""What the engine keeps of its own, beside what DBOS keeps: runs, their steps, and who is alive to do them.

The store creates these tables with its own (one database, one migration) and reads them for people.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.types import TypeEngine

from staging_gate.domain.timeline import RunRecord, RunState, Step, StepState


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC. SQLite keeps it as ISO 8601 text of one width, so that text order is time order."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(32))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; the record keeps aware times only")
        at = value.astimezone(UTC)
        return at.isoformat(timespec="microseconds") if dialect.name == "sqlite" else at

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
        return found.astimezone(UTC)


metadata = MetaData()

run = Table(
    "run",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("procedure", String(200), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("error", Text, nullable=False, default="", server_default=""),
    Column("cancel_requested_by", String(200)),
    Column("worker", String(200)),
    Index("run_state", "state", "created_at"),
    Index("run_subject", "subject"),
)

run_step = Table(
    "run_step",
    metadata,
    Column("run", ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("outcome", Text, nullable=False, default="", server_default=""),
    Column("answer", Text),
)

worker = Table(
    "worker",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("beat_at", UtcDateTime, nullable=False),
)

UNFINISHED = (RunState.WAITING, RunState.RUNNING, RunState.SLEEPING)


def run_record(row: Row[Any]) -> RunRecord:
    """The noun of a whole row of `run`."""
    return RunRecord(
        id=row.id,
        procedure=row.procedure,
        subject=row.subject,
        state=RunState(row.state),
        created_at=row.created_at,
        ended_at=row.ended_at,
        error=row.error,
    )


def step(row: Row[Any]) -> Step:
    """The noun of a whole row of `run_step`."""
    return Step(
        run=row.run,
        number=row.number,
        name=row.name,
        state=StepState(row.state),
        started_at=row.started_at,
        ended_at=row.ended_at,
        attempt=row.attempt,
        outcome=row.outcome,
    )
