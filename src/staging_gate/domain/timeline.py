"""Runs and their steps as people see them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    SLEEPING = "sleeping"
    FINISHED = "finished"
    STUCK = "stuck"
    CANCELLED = "cancelled"


class StepState(StrEnum):
    """failed: an outside said no. errored: something broke."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    ERRORED = "errored"


@dataclass(frozen=True)
class Step:
    """`attempt` counts from 1; more than one means that we were killed in it and it was done again, looking first."""

    run: str
    number: int
    name: str
    state: StepState
    started_at: datetime
    ended_at: datetime | None = None
    attempt: int = 1
    outcome: str = ""


@dataclass(frozen=True)
class RunRecord:
    id: str
    procedure: str
    subject: str
    state: RunState
    created_at: datetime
    ended_at: datetime | None = None
    error: str = ""
