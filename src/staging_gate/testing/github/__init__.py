"""A GitHub of one repository, with real commits: for tests of what talks to GitHub."""

from staging_gate.testing.github.stand_in import GitHubStandIn, Trouble

__all__ = ["GitHubStandIn", "Trouble"]
