"""Ask the gate. Every verb and every face comes through here; nothing else judges."""

from dataclasses import replace

from staging_gate.domain.actor import Actor
from staging_gate.domain.bypass import Bypass
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action, Decision, Facts, ReleaseFacts, evaluate
from staging_gate.domain.going_back import NO_WISH, Wish
from staging_gate.domain.incident import Incident
from staging_gate.domain.maintenance import Maintenance
from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.release import Release
from staging_gate.ports import Ports
from staging_gate.runbook import facts
from staging_gate.runbook.policy import needed_policy, policy_in_force


class Closed(Exception):
    """The gate said no to somebody who wanted to act. Not an error: a decision, with reasons."""

    def __init__(self, decision: Decision) -> None:
        super().__init__("; ".join(reason.sentence for reason in decision.reasons))
        self.decision = decision


def through(decision: Decision) -> Decision:
    """Raise Closed unless the gate is open."""
    if not decision.open:
        raise Closed(decision)
    return decision


def on_opening(ports: Ports, source: str, target: str, adds_policy: bool, by: Actor) -> Decision:
    policy = policy_in_force(ports)
    known = facts.of_new_change(ports, policy, source, target, adds_policy)
    return evaluate(policy, known, Action.OPEN_CHANGE, by, ports.clock.now(), f"{source} -> {target}")


def on_merging(ports: Ports, change: Change, method: MergeMethod | None, by: Actor) -> Decision:
    policy = policy_in_force(ports)
    known = facts.of_change(ports, policy, change, method)
    action = Action.PROMOTE if change.is_release else Action.MERGE
    return evaluate(policy, known, action, by, ports.clock.now(), f"change {change.number}")


def on_proving(ports: Ports, change: Change, by: Actor) -> Decision:
    """Whether a hotfix may be tried in staging."""
    policy = policy_in_force(ports)
    known = facts.of_change(ports, policy, change)
    return evaluate(policy, known, Action.PROVE, by, ports.clock.now(), f"change {change.number}")


def on_merging_when_ready(ports: Ports, change: Change, method: MergeMethod | None, by: Actor) -> Decision:
    policy = policy_in_force(ports)
    known = facts.of_change(ports, policy, change, method)
    return evaluate(policy, known, Action.MERGE_WHEN_READY, by, ports.clock.now(), f"change {change.number}")


def on_approving(ports: Ports, change: Change, role: str, by: Actor) -> Decision:
    policy = policy_in_force(ports)
    known = Facts(environment=facts.environment_of(policy, change.target), change=change, intent_role=role)
    return evaluate(policy, known, Action.APPROVE, by, ports.clock.now(), f"change {change.number}")


def on_approving_staging(ports: Ports, role: str, by: Actor) -> Decision:
    """A yes to what staging runs: by somebody who has the role. Nobody's own code is meant, but a release's."""
    known = Facts(Environment.STAGING, intent_role=role)
    return evaluate(policy_in_force(ports), known, Action.APPROVE, by, ports.clock.now(), "staging")


def on_taking_part(ports: Ports, subject: str, by: Actor) -> Decision:
    """For what needs no more than to be one of us."""
    known = Facts(Environment.STAGING)
    return evaluate(policy_in_force(ports), known, Action.TAKE_PART, by, ports.clock.now(), subject)


def on_withdrawing(ports: Ports, release: Release, by: Actor) -> Decision:
    known = Facts(Environment.PRODUCTION, release=ReleaseFacts(release.tag, "", "", release))
    return evaluate(policy_in_force(ports), known, Action.WITHDRAW, by, ports.clock.now(), release.tag)


def on_withdrawing_bypass(ports: Ports, bypass: Bypass, by: Actor) -> Decision:
    known = Facts(Environment.PRODUCTION, bypass=bypass)
    return evaluate(policy_in_force(ports), known, Action.WITHDRAW, by, ports.clock.now(), bypass.id)


def on_editing(ports: Ports, release: Release, by: Actor) -> Decision:
    known = Facts(Environment.PRODUCTION, release=ReleaseFacts(release.tag, "", "", release))
    return evaluate(policy_in_force(ports), known, Action.EDIT, by, ports.clock.now(), release.tag)


def on_cancelling(ports: Ports, deployment: Deployment, by: Actor) -> Decision:
    known = Facts(deployment.environment, deployment=deployment)
    return evaluate(policy_in_force(ports), known, Action.CANCEL, by, ports.clock.now(), deployment.id)


def on_publishing(ports: Ports, release: Release, by: Actor) -> Decision:
    policy = needed_policy(ports)
    known = facts.of_release(ports, policy, release)
    return evaluate(policy, known, Action.PUBLISH, by, ports.clock.now(), release.tag)


def on_announcing(ports: Ports, tag: str, by: Actor) -> Decision:
    known = Facts(Environment.PRODUCTION)
    return evaluate(policy_in_force(ports), known, Action.ANNOUNCE, by, ports.clock.now(), tag)


def on_maintaining(ports: Ports, planned: Maintenance, by: Actor) -> Decision:
    """Announcing, changing or cancelling it; the warnings are about `planned`, as it would be."""
    known = Facts(planned.environment, intent_maintenance=planned if planned.cancelled_at is None else None)
    return evaluate(policy_in_force(ports), known, Action.MAINTAIN, by, ports.clock.now(), planned.title)


def on_publishing_when_ready(ports: Ports, release: Release, by: Actor) -> Decision:
    known = Facts(Environment.PRODUCTION, release=ReleaseFacts(release.tag, "", "", release))
    return evaluate(needed_policy(ports), known, Action.PUBLISH_WHEN_READY, by, ports.clock.now(), release.tag)


def on_deploying(ports: Ports, deployment: Deployment, by: Actor) -> Decision:
    policy = needed_policy(ports)
    known = facts.of_deployment(ports, policy, deployment)
    return evaluate(policy, known, Action.DEPLOY, by, ports.clock.now(), deployment.id or deployment.environment)


def on_deploying_elsewhere(ports: Ports, deployment: Deployment, by: Actor) -> Decision:
    """The same where somebody else would deploy it: staging takes what its branch holds, or what it is trying now."""
    policy = needed_policy(ports)
    known = facts.of_deployment(ports, policy, deployment)
    commit = deployment.revision.commit
    if deployment.environment is Environment.STAGING and not _belongs_to_staging(ports, policy.staging.branch, commit):
        known = replace(known, unmerged=commit)
    return evaluate(policy, known, Action.DEPLOY, by, ports.clock.now(), commit[:10])


def on_rolling_back(
    ports: Ports, name: str | None, by: Actor, back: int | None = None, wish: Wish = NO_WISH
) -> tuple[Decision, Facts]:
    """The decision and what it looked at: `rollback_to` is the deployment whose release would come back."""
    policy = policy_in_force(ports)
    known = facts.of_rollback(ports, policy, name, back, wish)
    so_far = "1 release back" if back == 1 else f"{back} releases back"
    subject = name or (so_far if back else "the last verified release")
    return evaluate(policy, known, Action.ROLL_BACK, by, ports.clock.now(), subject), known


def on_holding(ports: Ports, environment: Environment, by: Actor) -> Decision:
    return evaluate(policy_in_force(ports), Facts(environment), Action.HOLD, by, ports.clock.now(), environment)


def on_lifting(ports: Ports, environment: Environment, by: Actor) -> Decision:
    """Of a hold on the environment, or a quarantine (of production)."""
    return evaluate(policy_in_force(ports), Facts(environment), Action.LIFT, by, ports.clock.now(), environment)


def on_resolving(ports: Ports, incident: Incident, by: Actor) -> Decision:
    known = Facts(Environment.PRODUCTION, incident=incident)
    return evaluate(policy_in_force(ports), known, Action.RESOLVE, by, ports.clock.now(), f"incident {incident.id}")


def _belongs_to_staging(ports: Ports, branch: str, commit: str) -> bool:
    with ports.store.reading() as tx:
        busy = tx.deployments.occupying(Environment.STAGING)
    return (busy is not None and busy.revision.commit == commit) or ports.code_host.is_ancestor(commit, branch)
