"""How databases are migrated: the projects' own tools, and the proof of their migrations on clones."""

from staging_gate.adapters.schema.keeper import Keeper
from staging_gate.adapters.schema.prover import Prover
from staging_gate.adapters.schema.stand_ins import SchemaStandIns

__all__ = ["Keeper", "Prover", "SchemaStandIns"]
