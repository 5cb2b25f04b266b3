"""The steps that every deployment is made of, whatever its environment: plan, build, migrate, start, prove, switch.

A step answers with `ok`, a `note` for the timeline, and where it is not ok with `why` and `evidence`. `errored` tells
that our side or the provider broke; without it the release itself was at fault. Steps look before they act, so doing
one again after a kill is safe.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NotRequired, TypedDict

from staging_gate.domain.check import Verdict
from staging_gate.domain.deployment import Deployment, DeploymentState
from staging_gate.messages import deployments as words
from staging_gate.ports import Ports
from staging_gate.ports.checks import Outcome
from staging_gate.ports.deploy_target import DeployTarget, Order
from staging_gate.ports.errors import Refused, Unavailable, Unclear
from staging_gate.runbook.policy import needed_policy, services_of
from staging_gate.runbook.queue import needed

TRIES = 4
FIRST_PAUSE = 0.25
EVIDENCE_LIMIT = 16_000


class Answer(TypedDict):
    ok: bool
    note: str
    why: NotRequired[str]
    evidence: NotRequired[str]
    errored: NotRequired[bool]
    cancelled: NotRequired[bool]


def fine(note: str = "") -> Answer:
    return {"ok": True, "note": note}


def attempt(ports: Ports, act: Callable[[], str]) -> Answer:
    """Do something outside. A refusal is an answer; what is unavailable is asked again a few times, what is unclear
    never."""
    pause = FIRST_PAUSE
    for left in reversed(range(TRIES)):
        try:
            return fine(act())
        except Refused as no:
            return {"ok": False, "note": no.message, "why": no.message, "evidence": no.evidence[-EVIDENCE_LIMIT:]}
        except Unclear as unclear:
            return _errored(unclear.message, unclear.evidence)
        except Unavailable as away:
            if not left:
                return _errored(away.message, away.evidence)
            ports.clock.pause(away.retry_after or pause)
            pause *= 3
    raise AssertionError("unreachable")


def attempt_unless_cancelled(ports: Ports, id: str, act: Callable[[], str]) -> Answer:
    """As `attempt`, for steps before the traffic moves: from then on it is too late to cancel."""
    by = cancelled_by(ports, id)
    if by is not None:
        why = words.cancelled(by)
        return {"ok": False, "note": why, "why": why, "cancelled": True}
    return attempt(ports, act)


def cancelled_by(ports: Ports, id: str) -> str | None:
    with ports.store.reading() as tx:
        return needed(tx, id).cancel_requested_by


# --- steps -------------------------------------------------------------------------------------------------------


class Plan(TypedDict):
    """Names of services, in the order of the policy: those that move, and those whose database has a schema."""

    services: list[str]
    with_schema: list[str]


def plan(ports: Ports, id: str) -> Plan:
    services = [order.service for order in orders(ports, deployment(ports, id))]
    return {"services": [s.name for s in services], "with_schema": [s.name for s in services if s.schema]}


def build(ports: Ports, id: str, service: str) -> Answer:
    order = order_of(ports, id, service)
    log = f"{id}/build-{service}"
    cancelled = lambda: cancelled_by(ports, id) is not None  # noqa: E731
    return attempt_unless_cancelled(ports, id, lambda: target_of(ports, order).build(order, log, cancelled))


def upgrade_schema(ports: Ports, id: str, service: str) -> Answer:
    order = order_of(ports, id, service)
    log = f"{id}/schema-{service}"
    return attempt_unless_cancelled(ports, id, lambda: target_of(ports, order).upgrade_schema(order, log))


def start(ports: Ports, id: str) -> Answer:
    """Start all candidates, so that they come up side by side."""

    def act() -> str:
        for order in orders(ports, deployment(ports, id)):
            target_of(ports, order).start(order)
        return ""

    return attempt_unless_cancelled(ports, id, act)


def wait_until_ready(ports: Ports, id: str) -> Answer:
    def act() -> str:
        cancelled = lambda: cancelled_by(ports, id) is not None  # noqa: E731
        notes = []
        for order in orders(ports, deployment(ports, id)):
            ready = target_of(ports, order).wait_until_ready(order, cancelled)
            said = [word for word, so in (("warm", ready.warm), ("revision inferred", ready.inferred)) if so]
            notes.append(f"{order.service.name} healthy" + (f" ({', '.join(said)})" if said else ""))
        return ", ".join(notes)

    return attempt_unless_cancelled(ports, id, act)


def smoke_test_candidates(ports: Ports, id: str) -> Answer:
    """Run the smoke tests against the candidates' own addresses; no traffic has moved yet."""

    def act() -> str:
        candidates = orders(ports, deployment(ports, id))
        ready = {o.service.name: target_of(ports, o).wait_until_ready(o, lambda: False).address for o in candidates}
        addresses = {name: address for name, address in ready.items() if address is not None}
        if not addresses:
            return "the provider has no private addresses"
        return _smoke(ports, id, candidates, addresses, "candidate")

    return attempt_unless_cancelled(ports, id, act)


def switch(ports: Ports, id: str) -> Answer:
    """Move the traffic, service by service in the policy's order. From here on a failure means putting back."""

    def act() -> str:
        moved = orders(ports, deployment(ports, id))
        for order in moved:
            target_of(ports, order).switch(order)
        return words.services([order.service.name for order in moved])

    answer = attempt(ports, act)
    if answer["ok"]:
        _mark_switched(ports, id)
    return answer


def smoke_test(ports: Ports, id: str) -> Answer:
    """Prove the deployment through the public addresses: what answers is this revision, and the smoke tests pass."""

    def act() -> str:
        current = deployment(ports, id)
        moved = orders(ports, current)
        _confirm_live(ports, current, moved)
        return _smoke(ports, id, moved, public_addresses(ports, moved), "public")

    return attempt(ports, act)


def put_back(ports: Ports, failed: str, service: str) -> Answer:
    """Send one service's traffic back to what was live before `failed`, or close its route if there was nothing."""
    broken = deployment(ports, failed)
    previous = deployment(ports, broken.previous) if broken.previous else None

    def act() -> str:
        if previous is not None:
            for order in orders(ports, previous):
                if order.service.name == service:
                    target_of(ports, order).put_back(order)
                    return f"{service} is back at {words.name(previous)}"
        order = order_of(ports, failed, service)
        target_of(ports, order).close_route(order)
        return f"{service} answers 503: it has no earlier release"

    return attempt(ports, act)


def discard(ports: Ports, id: str) -> Answer:
    """Stop the candidates of a deployment that does not go live."""

    def act() -> str:
        for order in orders(ports, deployment(ports, id)):
            target_of(ports, order).discard(order)
        return ""

    return attempt(ports, act)


def retire(ports: Ports, id: str) -> Answer:
    """Let older processes drain and stop; the one before stays warm, for the way back."""

    def act() -> str:
        current = deployment(ports, id)
        keep = tuple(kept for kept in (current.id, current.previous) if kept)
        for order in orders(ports, current):
            target_of(ports, order).retire(current.environment, order.service, keep)
        return ""

    return attempt(ports, act)


# --- what steps are made of --------------------------------------------------------------------------------------


def deployment(ports: Ports, id: str) -> Deployment:
    with ports.store.reading() as tx:
        return needed(tx, id)


def orders(ports: Ports, of: Deployment) -> list[Order]:
    policy = needed_policy(ports)
    return [
        Order(of.id, of.environment, service, service.target(of.environment), of.revision, of.release, of.is_rollback)
        for service in services_of(ports, policy, of.revision.commit, of.environment)
    ]


def order_of(ports: Ports, id: str, service: str) -> Order:
    return next(order for order in orders(ports, deployment(ports, id)) if order.service.name == service)


def target_of(ports: Ports, order: Order) -> DeployTarget:
    return ports.targets[order.target.provider]


def public_addresses(ports: Ports, moved: list[Order]) -> dict[str, str]:
    return {o.service.name: target_of(ports, o).address(o.environment, o.service, o.target) for o in moved}


def _smoke(ports: Ports, id: str, moved: list[Order], addresses: dict[str, str], where: str) -> str:
    """Those tests that the environment's policy picks by name; all, where it picks none."""
    names = needed_policy(ports).lane(moved[0].environment).smoke
    notes = []
    for order in moved:
        address = addresses.get(order.service.name)
        if not order.service.smoke or address is None:
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


def _mark_switched(ports: Ports, id: str) -> None:
    with ports.store.transaction() as tx:
        found = needed(tx, id)
        if found.state is not DeploymentState.RUNNING:
            return  # we were killed after this commit
        tx.deployments.lock(found.environment)
        tx.deployments.update(
            replace(found, state=DeploymentState.VERIFYING, switched_at=tx.at), DeploymentState.RUNNING
        )
        tx.deployments.set_live(found.environment, id)


def _errored(message: str, evidence: str) -> Answer:
    return {"ok": False, "note": message, "why": message, "evidence": evidence[-EVIDENCE_LIMIT:], "errored": True}
