"""Whether production can go back: as it is known of now, or of a release."""

from dataclasses import dataclass

from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.revision import Revision
from staging_gate.domain.timeline import RunRecord, Step
from staging_gate.domain.way_back import WayBack
from staging_gate.messages import deployments
from staging_gate.messages import way_back_proofs as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import pairing, proving_way_back, releasing
from staging_gate.runbook.policy import policy_in_force
from staging_gate.runbook.ways_back import between


@dataclass(frozen=True)
class ShownWayBack:
    """From what to what, by the names that people use; `way` is None where nothing is known. `steps` are those of the
    last time that it was tried, while `trying` of now by this `run`. `said` is all of it in a sentence."""

    new: str
    old: str
    way: WayBack | None
    run: str | None
    steps: tuple[Step, ...]
    said: str

    @property
    def trying(self) -> bool:
        return self.run is not None

    @property
    def was_tried(self) -> bool:
        """Not where both have the same migrations, which goes without saying."""
        return self.trying or self.way is None or bool(self.way.deployment)


def of_now(ports: Ports) -> ShownWayBack | None:
    """From what staging has proved to what production runs; None where there is no such pair."""
    with ports.store.reading() as tx:
        pair = pairing.current(tx)
        return _shown(ports, tx, deployments.name(pair.new), pair.new.revision, pair.old) if pair else None


def of_release(ports: Ports, tag: str) -> ShownWayBack | None:
    """From a release to what production runs; of the one that it runs, to the one before. None where there is nothing
    to go back to, or its code is not known. Raises Unknown."""
    release = releasing.get(ports, tag)
    with ports.store.reading() as tx:
        change = tx.changes.get(release.change) if release.change else None
        revision = release.revision or (change.to_be_proved() if change else None)
        live = tx.deployments.live(Environment.PRODUCTION)
        if revision is None or live is None:
            return None
        old = tx.deployments.last_verified_release(before=tag) if live.revision.tree == revision.tree else live
        return _shown(ports, tx, tag, revision, old) if old else None


def of_rollback(ports: Ports, to: str) -> ShownWayBack | None:
    """From the migrations that production's database has to a release that it has verified before; None where there is
    no such way."""
    with ports.store.reading() as tx:
        pair = proving_way_back.of_rollback(tx, to)
        return _shown(ports, tx, deployments.name(pair.new), pair.new.revision, pair.old) if pair else None


def _shown(ports: Ports, tx: Transaction, name: str, new: Revision, old: Deployment) -> ShownWayBack:
    way = between(ports, tx, policy_in_force(ports), new, old.revision)
    runs = _about(tx, (new.tree, old.revision.tree))
    trying = next((run.id for run in reversed(runs) if run.ended_at is None), None)
    steps = tuple(tx.runs.steps(runs[-1].id)) if runs else ()
    to = deployments.name(old)
    return ShownWayBack(name, to, way, trying, steps, words.said(name, to, way, trying is not None))


def _about(tx: Transaction, trees: tuple[str, str]) -> list[RunRecord]:
    """The runs that tried this pair, oldest first, as far as it is among what was deployed of late."""
    recent = [one for environment in Environment for one in tx.deployments.recent(environment)]
    new, old = ([one for one in recent if one.revision.tree == tree] for tree in trees)
    runs = [run for a in new for b in old for run in tx.runs.about(pairing.Pair(a, b).subject)]
    return sorted(runs, key=lambda run: run.created_at)
