"""How databases are migrated: the projects' own tools, and the proof of their migrations on clones."""

from staging_gate.adapters.schema.keeper import Keeper
from staging_gate.adapters.schema.prover import Prover

__all__ = ["Keeper", "Prover"]
