"""The faces that are served: api, pages, git and hooks, composed here."""

from staging_gate.server.compose import compose

__all__ = ["compose"]
