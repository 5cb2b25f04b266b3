"""Why something failed: each known cause is looked for when it is asked."""

from typing import Any

from fastapi import APIRouter

from staging_gate.messages import diagnoses as words
from staging_gate.queries.plain import plain
from staging_gate.runbook import diagnosing
from staging_gate.server.api.house import By, InHouse

router = APIRouter(tags=["diagnoses"])


@router.get("/diagnoses/migration")
def migration(house: InHouse, by: By, deployment: str | None = None, service: str | None = None) -> Any:
    """Of a deployment's migrations, all services or one; without a deployment, of the last one that failed. Databases
    are only read."""
    found = diagnosing.diagnose(house.ports, deployment, service, by)
    return [{**plain(one), "lines": list(words.lines(one))} for one in found]
