"""The World with its code at GitHub and its services at Render or Vercel: real HTTP to the stand-ins of all."""

from staging_gate.testing.connected.policies import connected_yaml
from staging_gate.testing.connected.world import ConnectedWorld, VercelWorld

__all__ = ["ConnectedWorld", "VercelWorld", "connected_yaml"]
