"""Backups of databases before migrations, and how to go back to them."""

from typing import Any

from fastapi import APIRouter

from staging_gate.messages.backups import plan_lines
from staging_gate.queries import backups as views
from staging_gate.queries.plain import plain
from staging_gate.runbook import restoring
from staging_gate.server.api.asked import Asked, Limit, Reason
from staging_gate.server.api.house import By, InHouse

router = APIRouter(tags=["backups"])


class Restored(Asked):
    reason: Reason


@router.get("/backups")
def listed(house: InHouse, by: By, every: bool = False, limit: Limit = 50) -> Any:
    """Those that are kept, newest first; with `every` also removed ones."""
    return plain(views.listed(house.ports, every, limit))


@router.get("/restore-plan")
def restore_plan(house: InHouse, by: By, deployment: str | None = None) -> Any:
    """The exact commands that bring the databases back to before a deployment, for the server's machine; nothing is
    done. Without a deployment, for the last one in production that has a backup."""
    plan = restoring.plan(house.ports, deployment, by)
    return {**plain(plan), "script": "\n".join(plan_lines(plan)) + "\n"}


@router.post("/backups/{deployment}/restored")
def restored(house: InHouse, by: By, deployment: str, said: Restored) -> Any:
    """Say that a person has restored them, so that the record agrees with the databases."""
    restoring.mark_restored(house.ports, deployment, said.reason, by)
    return {"restored": deployment}
