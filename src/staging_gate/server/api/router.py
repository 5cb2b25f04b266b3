"""All of `/api/v1`."""

from fastapi import APIRouter

from staging_gate.server.api import (
    administration,
    approvals,
    backups,
    bypasses,
    calendar,
    changes,
    deployments,
    diagnoses,
    following,
    followups,
    github,
    hooks,
    hotfixes,
    incidents,
    maintenance,
    migrations,
    notifications,
    reading,
    releases,
    ways_back,
)

router = APIRouter(prefix="/api/v1")
for part in (
    following,
    reading,
    changes,
    releases,
    hotfixes,
    deployments,
    incidents,
    notifications,
    followups,
    backups,
    diagnoses,
    bypasses,
    calendar,
    maintenance,
    approvals,
    migrations,
    hooks,
    github,
    ways_back,
    administration,
):
    router.include_router(part.router)
