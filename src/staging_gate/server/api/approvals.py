"""Approvals of what staging runs, before there is a release of it. Those of changes are with the changes."""

from typing import Any

from fastapi import APIRouter

from staging_gate.queries.plain import plain
from staging_gate.runbook import approving
from staging_gate.server.api.changes import Yes
from staging_gate.server.api.house import By, InHouse

router = APIRouter(prefix="/staging", tags=["approvals"])


@router.post("/approve")
def approve(house: InHouse, by: By, yes: Yes) -> Any:
    """It counts for the release of exactly this code. With `commit`, only if staging still runs that."""
    return plain(approving.approve_staging(house.ports, yes.role, by, yes.comment, yes.commit))


@router.post("/unapprove")
def unapprove(house: InHouse, by: By) -> Any:
    return {"withdrawn": approving.withdraw_from_staging(house.ports, by)}
