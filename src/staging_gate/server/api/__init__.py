"""`/api/v1`: thin; every verb is in runbook/, every reading in queries/."""

from staging_gate.server.api.router import router

__all__ = ["router"]
