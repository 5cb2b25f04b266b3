"""The World with its code at GitHub and its services at Render: real HTTP to the stand-ins of both."""

from staging_gate.testing.connected.policies import connected_yaml
from staging_gate.testing.connected.world import ConnectedWorld

__all__ = ["ConnectedWorld", "connected_yaml"]
