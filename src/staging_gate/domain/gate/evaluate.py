"""The table of rules, and the pure function that asks them."""

from collections.abc import Callable, Mapping
from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.gate.decision import Action, Decision, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.gate.rules import (
    approvals,
    approver,
    back_merge,
    being_merged,
    change_open,
    checks_passed,
    conflicts,
    flow,
    hold,
    merge_method,
    migrations_proved,
    no_critical_bugs,
    own_proof,
    policy_in_force,
    policy_valid,
    quarantine,
    release_merged,
    rights,
    rollback_target,
    tag,
    targets,
    tested_by_a_person,
    verified_in_staging,
)
from staging_gate.domain.policy import Policy

Rule = Callable[[Policy | None, Facts, Action, Actor, datetime], Reason | None]

PROMOTION: tuple[Rule, ...] = (
    quarantine.rule,
    verified_in_staging.rule,
    tested_by_a_person.rule,
    no_critical_bugs.rule,
    migrations_proved.rule,
)

RULES: Mapping[Action, tuple[Rule, ...]] = {
    Action.OPEN_CHANGE: (policy_in_force.rule, rights.rule, flow.rule, tag.rule),
    Action.APPROVE: (policy_in_force.rule, rights.rule, change_open.rule, approver.rule),
    Action.MERGE: (
        policy_in_force.rule,
        rights.rule,
        policy_valid.rule,
        change_open.rule,
        being_merged.rule,
        flow.rule,
        merge_method.rule,
        conflicts.rule,
        checks_passed.rule,
        own_proof.rule,
        approvals.rule,
        back_merge.rule,
        *PROMOTION,
    ),
    Action.TAKE_PART: (rights.rule,),
    Action.WITHDRAW: (rights.rule,),
    Action.PUBLISH: (
        policy_in_force.rule,
        rights.rule,
        tag.rule,
        release_merged.rule,
        hold.rule,
        *PROMOTION,
        targets.rule,
    ),
    Action.DEPLOY: (policy_in_force.rule, rights.rule, hold.rule, tag.rule, *PROMOTION, targets.rule),
    Action.CANCEL: (rights.rule,),
    Action.ROLL_BACK: (policy_in_force.rule, rights.rule, rollback_target.rule),
    Action.HOLD: (rights.rule,),
    Action.RESOLVE: (rights.rule,),
}
"""The rules of each action, the cheapest first. A rollback is never asked about holds, windows or freezes."""


def evaluate(
    policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime, subject: str = ""
) -> Decision:
    """Open, or closed with every reason at once. Pure: the same input gives the same decision."""
    reasons = (rule(policy, facts, action, actor, at) for rule in RULES[action])
    return Decision(action, subject, actor.name, at, tuple(reason for reason in reasons if reason is not None))
