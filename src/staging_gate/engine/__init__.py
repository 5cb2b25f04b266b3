"""Durable runs with named steps, on SQLite or Postgres. Knows nothing of deployments; nobody else knows DBOS."""

from staging_gate.engine.answers import Json, StepErrored
from staging_gate.engine.database import DatabaseProblem, connect, is_sqlite, reading, writing
from staging_gate.engine.engine import Engine
from staging_gate.engine.lock import AlreadyRunning
from staging_gate.engine.procedures import procedure
from staging_gate.engine.requests import enqueue, request_cancel
from staging_gate.engine.run import Run

__all__ = [
    "AlreadyRunning",
    "DatabaseProblem",
    "Engine",
    "Json",
    "Run",
    "StepErrored",
    "connect",
    "enqueue",
    "is_sqlite",
    "procedure",
    "reading",
    "request_cancel",
    "writing",
]
