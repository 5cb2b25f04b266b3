"""What others ask of the engine, in their own transaction: it is as durable as what they write beside it."""

import re
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection, update
from sqlalchemy.dialects import postgresql, sqlite

from staging_gate.domain.timeline import RunState
from staging_gate.engine import tables


def enqueue(connection: Connection, procedure: str, subject: str, at: datetime, key: str | None = None) -> str:
    """Have a procedure run once this transaction is committed (then call `Engine.nudge`); returns the run's id.

    The same procedure and key give the same run, which exists once however often it is asked for.
    """
    id = f"{_slug(procedure)}-{key or uuid4().hex[:12]}"
    values = {"id": id, "procedure": procedure, "subject": subject, "state": RunState.WAITING, "created_at": at}
    connection.execute(_INSERTS[connection.dialect.name], values)
    return id


def request_cancel(connection: Connection, run: str, by: str) -> None:
    """Ask a run to stop at its next chance. The first to ask is remembered; a run that has ended stays as it is."""
    asked = update(tables.run).where(
        tables.run.c.id == run,
        tables.run.c.cancel_requested_by.is_(None),
        tables.run.c.state.in_(tables.UNFINISHED),
    )
    connection.execute(asked.values(cancel_requested_by=by))


def _slug(procedure: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", procedure.lower()).strip("-")


_INSERTS = {
    "sqlite": sqlite.insert(tables.run).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(tables.run).on_conflict_do_nothing(),
}
