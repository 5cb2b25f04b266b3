"""A stand-in for Render: a real HTTP server with the state, the words and the oddities of the real one."""

from staging_gate.testing.render.render import RenderStandIn

__all__ = ["RenderStandIn"]
