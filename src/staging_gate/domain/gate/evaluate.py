"""The table of rules, and the pure function that asks them."""

from collections.abc import Callable, Mapping
from datetime import datetime

from staging_gate.domain.actor import Actor
from staging_gate.domain.bypass import Bypass
from staging_gate.domain.gate.decision import Action, Caution, Decision, Passed, Reason
from staging_gate.domain.gate.facts import Facts
from staging_gate.domain.gate.rules import (
    announced,
    approvals,
    approver,
    back_merge,
    being_merged,
    being_published,
    bypassable,
    bypasser,
    change_open,
    changes_requested,
    checks_passed,
    conflicts,
    contains_last,
    draft,
    editable,
    flow,
    freeze,
    from_fork,
    hold,
    host_checks,
    host_known,
    hotfix_approval,
    hotfix_base,
    hotfix_hold,
    hotfix_size,
    hotfix_turn,
    large_release,
    maintenance_time,
    merge_method,
    merged,
    migrations_proved,
    named_person,
    needs_maintenance_window,
    no_critical_bugs,
    own_proof,
    policy_in_force,
    policy_valid,
    quarantine,
    release_in_preparation,
    release_merged,
    rights,
    rollback_of_a_rollback,
    rollback_target,
    tag,
    tag_kept,
    targets,
    tested_by_a_person,
    urgency_said,
    verified_in_staging,
    version_wanted,
    way_back,
    way_back_proved,
    window,
)
from staging_gate.domain.policy import Policy

Rule = Callable[[Policy | None, Facts, Action, Actor, datetime], Reason | None]
Warn = Callable[[Policy | None, Facts, Action, Actor, datetime], Caution | None]

PROMOTION: tuple[Rule, ...] = (
    quarantine.rule,
    verified_in_staging.rule,
    tested_by_a_person.rule,
    no_critical_bugs.rule,
    migrations_proved.rule,
    way_back_proved.rule,
)

CALENDAR: tuple[Rule, ...] = (freeze.rule, window.rule)

PLACED: tuple[Rule, ...] = (tag.rule, tag_kept.rule, contains_last.rule)
"""That a release tag is right, stays where it is, and leaves nothing behind."""

MERGING: tuple[Rule, ...] = (
    policy_in_force.rule,
    rights.rule,
    policy_valid.rule,
    change_open.rule,
    being_merged.rule,
    from_fork.rule,
    version_wanted.rule,
    host_known.rule,
    draft.rule,
    freeze.rule,
    flow.rule,
    urgency_said.rule,
    hotfix_base.rule,
    hotfix_turn.rule,
    hotfix_hold.rule,
    needs_maintenance_window.of_hotfix,
    merge_method.rule,
    conflicts.rule,
    checks_passed.rule,
    host_checks.rule,
    own_proof.rule,
    changes_requested.rule,
    approvals.rule,
    hotfix_approval.rule,
    back_merge.rule,
    release_in_preparation.rule,
    *PROMOTION,
)

PROVING: tuple[Rule, ...] = (
    policy_in_force.rule,
    rights.rule,
    policy_valid.rule,
    change_open.rule,
    urgency_said.rule,
    hotfix_base.rule,
    conflicts.rule,
    checks_passed.rule,
    own_proof.rule,
    hotfix_approval.rule,
    quarantine.rule,
)

RULES: Mapping[Action, tuple[Rule, ...]] = {
    Action.OPEN_CHANGE: (policy_in_force.rule, rights.rule, flow.rule, hotfix_base.rule, tag.rule),
    Action.PROVE: PROVING,
    Action.APPROVE: (policy_in_force.rule, rights.rule, change_open.rule, approver.rule),
    Action.MERGE: MERGING,
    Action.PROMOTE: MERGING,
    Action.MERGE_WHEN_READY: (
        policy_in_force.rule,
        rights.rule,
        change_open.rule,
        from_fork.rule,
        version_wanted.rule,
        flow.rule,
        merge_method.rule,
    ),
    Action.TAKE_PART: (rights.rule,),
    Action.EDIT: (rights.rule, editable.rule),
    Action.WITHDRAW: (rights.rule,),
    Action.PUBLISH: (
        policy_in_force.rule,
        rights.rule,
        *PLACED,
        release_merged.rule,
        being_published.rule,
        hold.rule,
        *CALENDAR,
        needs_maintenance_window.rule,
        announced.rule,
        *PROMOTION,
        targets.rule,
    ),
    Action.DEPLOY: (
        policy_in_force.rule,
        rights.rule,
        merged.rule,
        hold.rule,
        *CALENDAR,
        needs_maintenance_window.rule,
        *PLACED,
        *PROMOTION,
        targets.rule,
    ),
    Action.ANNOUNCE: (rights.rule,),
    Action.MAINTAIN: (rights.rule,),
    Action.PUBLISH_WHEN_READY: (policy_in_force.rule, rights.rule, release_merged.rule),
    Action.CANCEL: (rights.rule,),
    Action.ROLL_BACK: (
        policy_in_force.rule,
        rights.rule,
        rollback_of_a_rollback.rule,
        rollback_target.rule,
        way_back.rule,
    ),
    Action.HOLD: (rights.rule,),
    Action.LIFT: (rights.rule, named_person.rule),
    Action.BYPASS: (policy_in_force.rule, rights.rule, bypasser.rule, bypassable.rule),
    Action.RESOLVE: (rights.rule,),
}
"""The rules of each action, the cheapest first. A rollback is never asked about holds, windows or freezes."""

WARNINGS: Mapping[Action, tuple[Warn, ...]] = {
    Action.MAINTAIN: (maintenance_time.too_soon, maintenance_time.unfit_day, maintenance_time.closed_by_calendar),
    Action.MERGE: (hotfix_size.caution,),
    Action.PROMOTE: (
        announced.caution,
        large_release.caution,
        way_back_proved.caution,
    ),
    Action.PUBLISH: (large_release.caution, way_back_proved.caution),
}
"""What is said before somebody acts, and closes nothing."""


def evaluate(
    policy: Policy | None, facts: Facts, action: Action, actor: Actor, at: datetime, subject: str = ""
) -> Decision:
    """Open, or closed with every reason at once. Pure: the same input gives the same decision."""
    found = [reason for rule in RULES[action] if (reason := rule(policy, facts, action, actor, at)) is not None]
    passed = {reason.code: bypass for reason in found if (bypass := _bypass_of(reason, facts, at, subject))}
    return Decision(
        action,
        subject,
        actor.name,
        at,
        reasons=tuple(reason for reason in found if reason.code not in passed),
        bypassed=tuple(Passed(reason, passed[reason.code]) for reason in found if reason.code in passed),
        warnings=tuple(
            said for warn in WARNINGS.get(action, ()) if (said := warn(policy, facts, action, actor, at)) is not None
        ),
    )


def _bypass_of(reason: Reason, facts: Facts, at: datetime, acting: str) -> Bypass | None:
    """Only a reason that names who may bypass it can be passed at all."""
    if not reason.bypass:
        return None
    return next((bypass for bypass in facts.bypasses if bypass.passes(reason.code, at, acting)), None)
