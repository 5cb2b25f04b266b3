"""`gate`: the verbs of the runbook, in its order. A client of the API; only a few verbs work on local state."""

from staging_gate.cli.main import main

__all__ = ["main"]
