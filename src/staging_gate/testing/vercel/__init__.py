"""A stand-in for Vercel: a real HTTP server with the state, the words and the oddities of the real one."""

from staging_gate.testing.vercel.projects import TOKEN, Hosted, Made
from staging_gate.testing.vercel.vercel import VercelStandIn

__all__ = ["TOKEN", "Hosted", "Made", "VercelStandIn"]
