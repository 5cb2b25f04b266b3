"""What providers tell us: verified, stored, answered; worked on later."""

from staging_gate.server.hooks.group_commit import GroupCommit
from staging_gate.server.hooks.intake import Intake

__all__ = ["GroupCommit", "Intake"]
