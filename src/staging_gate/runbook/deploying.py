"""The steps that every deployment is made of, whatever its environment: plan, build, migrate, start, prove, switch.

A step returns a note for the timeline and raises the family of `ports.errors` where it does not go well: Refused means
that the release is at fault, Stopped that somebody cancelled. Steps look before they act, so doing one again after a
kill is safe.
"""

from contextlib import suppress
from dataclasses import replace

from staging_gate.domain.check import Verdict
from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.messages import deployments as words
from staging_gate.ports import Ports
from staging_gate.ports.checks import Outcome
from staging_gate.ports.deploy_target import Cancelled, DeployTarget, Order
from staging_gate.ports.errors import OutsideError, Refused, Stopped, Unclear
from staging_gate.runbook.asking import surely
from staging_gate.runbook.failed_migrations import explained
from staging_gate.runbook.migrations import migrations_among
from staging_gate.runbook.policy import NoPolicy, needed_policy, services_of
from staging_gate.runbook.queue import locked, needed, rollback_of

# --- steps -------------------------------------------------------------------------------------------------------


Plan = dict[str, list[str]]


def plan(ports: Ports, id: str) -> Plan:
    """Names of services in the order of the policy: `services` move, `with_schema` have a database schema too,
    `with_backup` have it copied before it is migrated, and `with_smoke` have smoke tests."""
    current = deployment(ports, id)
    services = [order.service for order in orders(ports, current)]
    backed_up = needed_policy(ports).lane(current.environment).backup is not None
    return {
        "services": [s.name for s in services],
        "with_schema": [s.name for s in services if s.schema],
        "with_backup": [s.name for s in services if s.schema and backed_up],
        "with_smoke": [s.name for s in services if s.smoke],
    }


def build(ports: Ports, id: str, service: str) -> str:
    order = order_of(ports, unless_cancelled(ports, id), service)
    return surely(target_of(ports, order).build, order, f"{id}/build-{service}", cancelled(ports, id))


def upgrade_schema(ports: Ports, id: str, service: str) -> str:
    """A hotfix is tried on the schema that staging has: the next release may have migrated it further already."""
    current = unless_cancelled(ports, id)
    if current.is_proof and not _brings_migrations(ports, current):
        return "staging's database has these migrations already, and perhaps later ones"
    order = order_of(ports, current, service)
    with ports.store.transaction() as tx:
        tx.deployments.set_migrated(current.environment, id)  # before it begins: a half has its migrations too
    target = target_of(ports, order)
    try:
        return surely(target.upgrade_schema, order, f"{id}/schema-{service}")
    except OutsideError as error:
        raise explained(target, order, error) from error


def start(ports: Ports, id: str) -> None:
    """Start all candidates, so that they come up side by side."""
    for order in orders(ports, unless_cancelled(ports, id)):
        surely(target_of(ports, order).start, order)


def wait_until_ready(ports: Ports, id: str) -> str:
    notes = []
    for order in orders(ports, unless_cancelled(ports, id)):
        ready = surely(target_of(ports, order).wait_until_ready, order, cancelled(ports, id))
        said = [word for word, so in (("warm", ready.warm), ("revision inferred", ready.inferred)) if so]
        notes.append(f"{order.service.name} healthy" + (f" ({', '.join(said)})" if said else ""))
    return ", ".join(notes)


def smoke_test_candidates(ports: Ports, id: str) -> str:
    """Run the smoke tests against the candidates' own addresses; no traffic has moved yet."""
    candidates = orders(ports, unless_cancelled(ports, id))
    ready = {o.service.name: target_of(ports, o).wait_until_ready(o, cancelled(ports, id)) for o in candidates}
    addresses = {name: found.address for name, found in ready.items() if found.address is not None}
    return _smoke(ports, id, candidates, addresses, "candidate") if addresses else "no private addresses to test"


def switch(ports: Ports, id: str) -> str:
    """Move the traffic, service by service in the policy's order. From here on a failure means putting back."""
    _begin_to_switch(ports, id)
    moved = orders(ports, deployment(ports, id))
    for order in moved:
        surely(target_of(ports, order).switch, order)
    _mark_switched(ports, id)
    return words.services([order.service.name for order in moved])


def have_it_put_back(ports: Ports, id: str) -> str:
    """For a rollback through the provider: each target brings its own earlier deployment back, as it knows how."""
    _begin_to_switch(ports, id)
    moved = orders(ports, deployment(ports, id))
    for order in moved:
        surely(target_of(ports, order).put_back, order)
    _mark_switched(ports, id)
    return words.services([order.service.name for order in moved])


def smoke_test(ports: Ports, id: str) -> str:
    """Prove the deployment through the public addresses: what answers is this revision, and the smoke tests pass."""
    current = deployment(ports, id)
    moved = orders(ports, current)
    _confirm_live(ports, current, moved)
    return _smoke(ports, id, moved, public_addresses(ports, moved), "public")


def put_back(ports: Ports, failed: str, service: str) -> str:
    """Send one service's traffic back to what was live before `failed`, or close its route if there was nothing.

    It is done in the name of the rollback, to which the process belongs from then on: whoever comes later keeps it
    warm.
    """
    with ports.store.reading() as tx:
        rollback = rollback_of(tx, needed(tx, failed))
    if rollback is not None:
        for order in orders(ports, rollback):
            if order.service.name == service:
                surely(target_of(ports, order).put_back, order)
                return f"{service} is back at {words.name(rollback)}"
    order = order_of(ports, deployment(ports, failed), service)
    surely(target_of(ports, order).close_route, order)
    return f"{service} answers 503: nothing was live there before"


def smoke_test_back(ports: Ports, failed: str) -> str:
    """The same for what was put back after `failed`."""
    with ports.store.reading() as tx:
        rollback = rollback_of(tx, needed(tx, failed))
    return smoke_test(ports, rollback.id) if rollback is not None else "nothing is back"


def discard(ports: Ports, id: str) -> None:
    """Stop the candidates of a deployment that does not go live."""
    for order in orders(ports, deployment(ports, id)):
        target_of(ports, order).discard(order)


def retire(ports: Ports, id: str) -> None:
    """Let older processes drain and stop; the one before stays warm, for the way back.

    Done while the environment is still ours: the next deployment's candidates would count as older ones. A service
    that was there before and is no more has its route closed, and is let go with the deployment after that.
    """
    current = deployment(ports, id)
    keep = tuple(kept for kept in (current.id, current.previous) if kept)
    running = orders(ports, current)
    names = {order.service.name for order in running}
    before = orders(ports, deployment(ports, current.previous)) if current.previous else []
    for order in before:
        if order.service.name not in names:
            surely(target_of(ports, order).close_route, replace(order, deployment=current.id))
    for order in running:
        target_of(ports, order).retire(current.environment, order.service, keep)
    for provider, target in ports.targets.items():
        here = tuple(order.service.name for order in running if order.target.provider == provider)
        target.retire_others(current.environment, here, keep)


def get_ready(ports: Ports, coming: Deployment, start: bool) -> None:
    """Let targets begin with what this deployment will need if it comes. Returns at once; what goes wrong here goes
    wrong again, and is told, when it is done for good.

    Its services are started beside each other or not at all: none while another one's schema is upgraded elsewhere.
    """
    with suppress(OutsideError, NoPolicy):
        needed = orders(ports, coming)
        providers = {order.target.provider for order in needed}
        for provider in providers & ports.targets.keys():
            here = [order for order in needed if order.target.provider == provider]
            ports.targets[provider].get_ready(here, start and len(providers) == 1)


# --- what steps are made of --------------------------------------------------------------------------------------


def deployment(ports: Ports, id: str) -> Deployment:
    with ports.store.reading() as tx:
        return needed(tx, id)


def cancelled(ports: Ports, id: str) -> Cancelled:
    return lambda: deployment(ports, id).cancel_requested_by is not None


def unless_cancelled(ports: Ports, id: str) -> Deployment:
    """For steps before the traffic moves: from then on it is too late to cancel. Raises Stopped."""
    current = deployment(ports, id)
    if current.cancel_requested_by is not None:
        raise Stopped(words.cancelled(current.cancel_requested_by))
    return current


def orders(ports: Ports, of: Deployment) -> list[Order]:
    """A rollback takes what is warm; its second try does not."""
    policy = needed_policy(ports)
    warm = of.is_rollback and of.retries is None
    return [
        Order(of.id, of.environment, service, service.target(of.environment), of.revision, of.release, warm)
        for service in services_of(ports, policy, of.revision.commit, of.environment)
    ]


def order_of(ports: Ports, of: Deployment, service: str) -> Order:
    return next(order for order in orders(ports, of) if order.service.name == service)


def target_of(ports: Ports, order: Order) -> DeployTarget:
    return ports.targets[order.target.provider]


def public_addresses(ports: Ports, moved: list[Order]) -> dict[str, str]:
    found = {o.service.name: target_of(ports, o).address(o.environment, o.service, o.target) for o in moved}
    return {name: address for name, address in found.items() if address is not None}


def _brings_migrations(ports: Ports, proof: Deployment) -> bool:
    """Whether a hotfix has migrations that what staging ran before it has not."""
    if proof.previous is None:
        return True
    before = deployment(ports, proof.previous).revision
    return bool(migrations_among(ports, ports.code_host.changed_files(before.commit, proof.revision.commit)))


def _smoke(ports: Ports, id: str, moved: list[Order], addresses: dict[str, str], where: str) -> str:
    """Those tests that the environment's policy picks by name; all, where it picks none."""
    names = needed_policy(ports).lane(moved[0].environment).smoke
    notes = []
    for order in moved:
        address = addresses.get(order.service.name)
        if not order.service.smoke:
            continue
        if address is None:
            notes += [f"{order.service.name} has no address to be tested through"] if where == "public" else []
            continue
        log = f"{id}/smoke-{where}-{order.service.name}"
        outcome = ports.smoke.run(order, address, addresses, names, log)
        _judge(ports, order, outcome, log, where)
        notes.append(outcome.summary)
    return "; ".join(notes) or "no smoke tests"


def _judge(ports: Ports, order: Order, outcome: Outcome, log: str, where: str) -> None:
    if outcome.verdict is Verdict.PASSED:
        return
    place = "on their own address" if where == "candidate" else "through the public address"
    evidence = ports.logs.tail(log) + "\n--- the service's last words ---\n" + target_of(ports, order).last_words(order)
    if outcome.verdict is Verdict.FAILED:
        raise Refused(words.smoke_failed(order.service.name, outcome.summary, place), evidence)
    raise Unclear(f"The smoke tests of {order.service.name} could not be run: {outcome.summary}", evidence)


def _confirm_live(ports: Ports, current: Deployment, moved: list[Order]) -> None:
    for order in moved:
        live = target_of(ports, order).live(order.environment, order.service, order.target)
        if live.commit != current.revision.commit:
            found = live.commit[:10] if live.commit else "nothing"
            raise Refused(
                f"{order.service.name} was switched to {current.revision.short}, but {found} receives the traffic.",
                live.detail,
            )


def _begin_to_switch(ports: Ports, id: str) -> None:
    """Whoever cancels comes before this commit and is heard, or after it and is told that it is too late."""
    with ports.store.transaction() as tx:
        found = locked(tx, id)
        if found.state is not DeploymentState.RUNNING:
            return  # we were killed after this commit
        if found.cancel_requested_by is not None:
            raise Stopped(words.cancelled(found.cancel_requested_by))
        tx.deployments.update(replace(found, state=DeploymentState.VERIFYING), found.state)


def _mark_switched(ports: Ports, id: str) -> None:
    with ports.store.transaction() as tx:
        found = locked(tx, id)
        if found.switched_at is not None:
            return  # we were killed after this commit
        tx.deployments.update(replace(found, switched_at=tx.at), found.state)
        tx.deployments.set_live(found.environment, id)
