"""Every required check passed on the very tree that the merge will have."""

from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.change import Change
from staging_gate.domain.check import Check, Verdict
from staging_gate.domain.gate.decision import Action, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.policy import Policy

OPENS = {
    Verdict.PENDING: "Wait until it has finished; `gate change show` follows it.",
    Verdict.FAILED: "Read its log, push a fix.",
    Verdict.ERRORED: "Our side broke, not the code: `gate change recheck` runs it again.",
    Verdict.MISSING: "It starts by itself after a push; `gate change recheck` starts it now.",
    Verdict.SKIPPED: "It must run: `gate change recheck`.",
}


def rule(policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime) -> Reason | None:
    change = facts.change
    lane = policy.lane_of_branch(change.target) if policy and change else None
    if policy is None or change is None or lane is None:
        return None
    verdicts = {name: _verdict(facts.checks.get(name)) for name in required(policy, change)}
    open_ones = {name: verdict for name, verdict in verdicts.items() if verdict is not Verdict.PASSED}
    if not open_ones:
        return None
    worst = next(v for v in (Verdict.FAILED, Verdict.ERRORED, Verdict.MISSING, Verdict.SKIPPED, Verdict.PENDING)
                 if v in open_ones.values())  # fmt: skip
    said = ", ".join(f"{name} {verdict}" for name, verdict in open_ones.items())
    return Reason(
        f"checks_{worst}",
        f"Required checks have not passed: {said}.",
        OPENS[worst],
        tuple(_evidence(name, facts.checks.get(name)) for name in open_ones),
    )


def required(policy: Policy, change: Change) -> tuple[str, ...]:
    """The checks that this rule asks for: those of the target's lane; of a hotfix also those of staging, which it does
    not come through."""
    lane = policy.lane_of_branch(change.target)
    names = lane.checks if lane else ()
    return tuple(dict.fromkeys((*policy.staging.checks, *names))) if change.goes_alone else names


def _verdict(check: Check | None) -> Verdict:
    return check.verdict if check else Verdict.MISSING


def _evidence(name: str, check: Check | None) -> str:
    if check is None:
        return f"{name}: no result for this tree"
    return f"{name}: {check.summary or check.verdict} (tree {check.tree[:10]})"
