"""What providers tell us: verified, stored, answered; worked on later."""

from staging_gate.server.hooks.group_commit import QUICK_COMMIT_SECONDS, GroupCommit
from staging_gate.server.hooks.intake import Intake

__all__ = ["QUICK_COMMIT_SECONDS", "GroupCommit", "Intake"]
