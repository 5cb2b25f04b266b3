"""Which way back has to be proved: from what staging has proved to what production runs.

Everything here is called inside a transaction: what changed and the proof that follows are one commit.
"""

from dataclasses import dataclass

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.timeline import RunRecord
from staging_gate.domain.way_back import WayBackVerdict
from staging_gate.ports.store import Transaction

PROVE_WAY_BACK = "prove the way back"
SUBJECT = "way back"


@dataclass(frozen=True)
class Pair:
    """`new` is the deployment that staging proved, `old` the one that production runs."""

    new: Deployment
    old: Deployment

    @property
    def subject(self) -> str:
        return f"{SUBJECT} {self.new.id} {self.old.id}"

    @property
    def trees(self) -> tuple[str, str]:
        return self.new.revision.tree, self.old.revision.tree


def current(tx: Transaction) -> Pair | None:
    """None while production runs nothing, staging is not proved, or both have the same code."""
    new, old = tx.deployments.live(Environment.STAGING), tx.deployments.live(Environment.PRODUCTION)
    if new is None or old is None or new.revision.tree == old.revision.tree:
        return None
    proved = tx.deployments.verification(Environment.STAGING, new.revision.tree)
    return Pair(new, old) if proved is not None else None


def pair_of(tx: Transaction, subject: str) -> Pair:
    """The pair that a run is about."""
    new, old = (tx.deployments.get(id) for id in subject.removeprefix(SUBJECT).split())
    if new is None or old is None:
        raise LookupError(f"There are no such deployments: {subject}.")
    return Pair(new, old)


def want(tx: Transaction) -> None:
    """An environment has changed: have the pair of now proved, unless it is known. Proofs of older pairs are of no use,
    but for those that somebody asked for before a rollback."""
    pair = current(tx)
    running = under_way(tx)
    for run in running:
        other = pair_of(tx, run.subject)
        if other.new.environment is Environment.STAGING and (pair is None or other.trees != pair.trees):
            tx.cancel(run.id, SYSTEM)
    if pair is None or any(pair_of(tx, run.subject).trees == pair.trees for run in running):
        return
    known = tx.ways_back.get(*pair.trees)
    if known is None or known.verdict is WayBackVerdict.UNKNOWN:
        start(tx, pair)


def start(tx: Transaction, pair: Pair) -> str:
    return tx.start(PROVE_WAY_BACK, pair.subject, f"{pair.new.id}-{pair.old.id}-{len(tx.runs.about(pair.subject)) + 1}")


def under_way(tx: Transaction) -> list[RunRecord]:
    """The proofs that are running or about to."""
    return [run for run in tx.runs.unfinished() if run.procedure == PROVE_WAY_BACK]
