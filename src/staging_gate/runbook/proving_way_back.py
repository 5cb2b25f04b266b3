"""The way back, proved in staging: can what production runs now work on the database that the next release leaves?

The release before is started on clones, beside everything: staging is not occupied, and nothing waits for it until the
production gate asks.
"""

from datetime import timedelta
from typing import Any

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import Policy
from staging_gate.domain.way_back import Loss, TriedOn, Try, WayBack, WayBackVerdict, verdict_of
from staging_gate.engine import Run, procedure
from staging_gate.messages import deployments
from staging_gate.messages import way_back_proofs as words
from staging_gate.ports import Ports
from staging_gate.ports.deploy_target import Cancelled
from staging_gate.ports.errors import Stopped
from staging_gate.ports.store import Transaction
from staging_gate.ports.way_back import Side, WayBackOrder
from staging_gate.runbook import deciding, pairing, ways_back
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.facts import rollback_target
from staging_gate.runbook.migrations import migration_set
from staging_gate.runbook.pairing import Pair
from staging_gate.runbook.placing import BROKEN
from staging_gate.runbook.policy import needed_policy, services_of

WITHIN = timedelta(minutes=30)
"""For each try, builds included."""

Answer = dict[str, Any]
"""A `Try` as JSON."""


def prove(ports: Ports, by: Actor, to: str | None = None) -> str:
    """Try the way back of now once more; or one from production's database `to` a release before somebody rolls back to
    it. The id of the run. Raises Closed, Unusable."""
    deciding.through(deciding.on_taking_part(ports, "the way back", by))
    with ports.store.transaction() as tx:
        pair = of_rollback(tx, to) if to else pairing.current(tx)
        if pair is None:
            raise Unusable(words.nowhere_to(to) if to else words.NOTHING_TO_PROVE)
        if any(pairing.pair_of(tx, run.subject).trees == pair.trees for run in pairing.under_way(tx)):
            raise Unusable(f"The way from {pair.new.id} back to {_name(pair)} is being tried already.")
        tx.audit(by, "way back asked for again", pair.new.id, f"to {_name(pair)}")
        return pairing.start(tx, pair)


def of_rollback(tx: Transaction, to: str) -> Pair | None:
    """From the migrations that production's database has to a release that production has verified before."""
    new, old = ways_back.database_of(tx), rollback_target(tx, to, None, None)
    return Pair(new, old) if new and old and new.revision.tree != old.revision.tree else None


def mark_unknown(ports: Ports, subject: str, message: str) -> None:
    """Our own machine broke: nobody may take silence for a proof."""
    with ports.store.transaction() as tx:
        _put(tx, pairing.pair_of(tx, subject), (Try(TriedOn.UPGRADED, None, (words.broke(message),)),), None)


@procedure(pairing.PROVE_WAY_BACK, errored=mark_unknown)
def prove_way_back(run: Run, subject: str) -> None:
    """Compatible, reversible or irreversible: as far as it has to be tried to know."""
    if not run.step("compare the migrations", migrations_differ, subject):
        return
    tries: list[Answer] = []
    for on, name in words.STEPS.items():
        try:
            tries.append(run.step(name, try_on, subject, on, run.id, run.cancel_requested))
        except Stopped:
            run.step("see what is to be proved instead", prove_instead, subject)
            return
        except BROKEN as error:
            tries.append(_answer(Try(on, None, (words.not_found_out(str(error)),))))
        if tries[-1]["works"] is not False:
            break
    run.step("record the way back", record, subject, tries, run.id)


def migrations_differ(ports: Ports, subject: str) -> bool:
    """Where they do not, going back is a switch, and there is nothing to prove."""
    with ports.store.reading() as tx:
        pair = pairing.pair_of(tx, subject)
    policy = needed_policy(ports)
    return migration_set(ports, policy, pair.new.revision.commit) != migration_set(
        ports, policy, pair.old.revision.commit
    )


def try_on(ports: Ports, subject: str, on: TriedOn, run: str, cancelled: Cancelled) -> Answer:
    with ports.store.reading() as tx:
        pair = pairing.pair_of(tx, subject)
    policy = needed_policy(ports)
    order = WayBackOrder(
        key=run,
        new=_side(ports, policy, pair.new),
        old=_side(ports, policy, pair.old),
        on=on,
        smoke=policy.staging.smoke,
        within=WITHIN,
        log=_log(run),
    )
    return _answer(ports.way_back.prove(order, cancelled))


def record(ports: Ports, subject: str, tries: list[Answer], run: str) -> str:
    with ports.store.transaction() as tx:
        return words.in_short(_put(tx, pairing.pair_of(tx, subject), tuple(map(_try, tries)), _log(run)))


def prove_instead(ports: Ports, subject: str) -> str:
    """What was cancelled may be wanted again by now."""
    with ports.store.transaction() as tx:
        pair = pairing.current(tx)
        if pair is None:
            return "nothing"
        if pair.subject == subject or not _is_taken(tx, pair, subject):
            pairing.start(tx, pair)
        return pair.subject


def _is_taken(tx: Transaction, pair: Pair, subject: str) -> bool:
    """Whether it is known, or another run than the one about `subject` finds out."""
    others = [run for run in pairing.under_way(tx) if run.subject != subject]
    known = tx.ways_back.get(*pair.trees)
    return any(pairing.pair_of(tx, run.subject).trees == pair.trees for run in others) or (
        known is not None and known.verdict is not WayBackVerdict.UNKNOWN
    )


def _side(ports: Ports, policy: Policy, deployment: Deployment) -> Side:
    services = services_of(ports, policy, deployment.revision.commit, Environment.STAGING)
    return Side(deployments.name(deployment), deployment.revision, services, deployment.release)


def _put(tx: Transaction, pair: Pair, tries: tuple[Try, ...], log: str | None) -> WayBack:
    from_tree, to_tree = pair.trees
    known = tx.ways_back.get(from_tree, to_tree)
    if known is not None and log is not None and known.log == log:
        return known  # we were killed after this commit
    verdict = verdict_of(tries)
    evidence = [said for one in tries for said in one.evidence]
    if verdict is WayBackVerdict.UNKNOWN and tries[-1].works is False:
        evidence.append(words.NOT_EVEN_ALONE)
    way = WayBack(
        from_tree,
        to_tree,
        verdict,
        tx.at,
        pair.new.id,
        tuple(evidence),
        tuple(loss for one in tries for loss in one.losses),
        sum(one.seconds for one in tries),
        log,
    )
    tx.ways_back.put(way)
    tx.audit(SYSTEM, f"way back {verdict}", pair.new.id, f"to {_name(pair)}: {words.in_short(way)}")
    return way


def _log(run: str) -> str:
    return f"ways-back/{run}"


def _name(pair: Pair) -> str:
    return deployments.name(pair.old)


def _answer(tried: Try) -> Answer:
    return {
        "on": tried.on.value,
        "works": tried.works,
        "evidence": list(tried.evidence),
        "losses": [[one.what, one.rows] for one in tried.losses],
        "seconds": tried.seconds,
    }


def _try(answer: Answer) -> Try:
    """What a step answered."""
    losses = tuple(Loss(what, rows) for what, rows in answer["losses"])
    return Try(TriedOn(answer["on"]), answer["works"], tuple(answer["evidence"]), losses, answer["seconds"])
