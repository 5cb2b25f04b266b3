"""The gate: `evaluate` is the only judge. Every face and every procedure asks it."""

from staging_gate.domain.gate.decision import Action, Caution, Decision, Passed, Reason
from staging_gate.domain.gate.evaluate import evaluate
from staging_gate.domain.gate.facts import Facts, ReleaseFacts, UnderWay

__all__ = ["Action", "Caution", "Decision", "Facts", "Passed", "Reason", "ReleaseFacts", "UnderWay", "evaluate"]
