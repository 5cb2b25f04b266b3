"""`gate github setup` and `check`: the rules at the code host, so that nobody goes past the gate by accident, and its
webhook to us."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from staging_gate.domain.actor import Actor
from staging_gate.domain.exposure import Exposure, exposures
from staging_gate.domain.gate import Action
from staging_gate.domain.gate.rules.rights import RIGHTS
from staging_gate.domain.policy import Policy
from staging_gate.domain.protection import (
    Lanes,
    Passer,
    PasserKind,
    Ruleset,
    Seen,
    lanes_before_policy,
    lanes_of,
    wanted,
)
from staging_gate.messages import protection as words
from staging_gate.messages import webhook as webhook_words
from staging_gate.ports import Ports
from staging_gate.ports.errors import Refused, Unclear
from staging_gate.ports.protection import Protection
from staging_gate.runbook import hooking
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.policy import MAIN, STAGING, policy_in_force
from staging_gate.runbook.steps import Step, compared

MAY = ("devops", "admin")
LOOKS_AFTER_LOST_REPLIES = 2


@dataclass(frozen=True)
class Plan:
    """`seen` names exactly this plan. `others` are rulesets of somebody else, which stay. Where GitHub does not let us,
    `problem` says why, and `by_hand` what to click instead; then nothing, or not all, was done."""

    steps: tuple[Step, ...]
    others: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    problem: str = ""
    seen: str = ""

    @property
    def is_done(self) -> bool:
        return not self.problem and all(step.kind == "leave" for step in self.steps)


@dataclass(frozen=True)
class ShownExposure:
    code: str
    place: str
    said: str
    do: str


@dataclass
class _Work:
    """What is to be written, beside what is there."""

    plan: Plan
    there: dict[str, Ruleset] = field(default_factory=dict)
    wanted: dict[str, Ruleset] = field(default_factory=dict)
    hooks: hooking.Work = hooking.Work()


def plan(ports: Ports, by: Actor, *, remove: bool = False) -> Plan:
    """What setting up, or with `remove` undoing it, would change; nothing is changed. Raises Unusable."""
    return _worked_out(ports, _entitled(ports, by), remove).plan


def set_up(ports: Ports, by: Actor, seen: str, *, remove: bool = False) -> Plan:
    """Do what the plan `seen` says, and tell what was done. Raises Unusable where it would be something else now."""
    protection = _entitled(ports, by)
    work = _worked_out(ports, protection, remove)
    if work.plan.problem or work.plan.is_done:
        return work.plan
    if work.plan.seen != seen:
        raise Unusable(words.changed_meanwhile())
    problem = ""
    try:
        _carry_out(ports, protection, work, remove)
    except Refused as refused:
        problem = refused.message
    done = [f"{step.kind} {step.name}" for step in work.plan.steps if step.kind != "leave"]
    with ports.store.transaction() as tx:
        tx.audit(by, "rules at GitHub written", "github", problem, steps=done)
    return Plan(work.plan.steps, work.plan.others, work.plan.notes, work.plan.by_hand if problem else (), problem, seen)


def check(ports: Ports, by: Actor) -> list[ShownExposure]:
    """What is not protected at GitHub, and how that could be misused; and what is wrong with its webhook to us. Raises
    Unusable, Refused, Unavailable."""
    _entitled(ports, by)
    shown = [ShownExposure(one.code, one.place, words.exposed(one), words.remedy(one)) for one in found(ports)]
    said, remedy = webhook_words.said, webhook_words.remedy
    hooks = [ShownExposure(f"webhook_{one.code}", "webhook", said(one), remedy(one)) for one in hooking.found(ports)]
    return shown + hooks


def found(ports: Ports) -> list[Exposure]:
    """The same of the rules, for `gate doctor`; nothing where the code is not at GitHub."""
    if ports.protection is None:
        return []
    policy = policy_in_force(ports)
    lanes = _lanes(policy)
    return exposures(lanes, _seen(ports.protection, policy, lanes))


def _entitled(ports: Ports, by: Actor) -> Protection:
    if ports.protection is None:
        raise Unusable(words.no_github())
    if not by.has_any(*MAY):
        raise Unusable(words.not_yours(by.name, MAY))
    return ports.protection


def _lanes(policy: Policy | None) -> Lanes:
    return lanes_of(policy.staging, policy.production) if policy else lanes_before_policy(STAGING, MAIN)


def _seen(protection: Protection, policy: Policy | None, lanes: Lanes) -> Seen:
    classic = {branch: found for branch in lanes.branches if (found := protection.classic(branch))}
    us, people = protection.us(), _who_may_roll_back(protection, policy)
    known = [us, *_passers(people)]
    rulesets = tuple(one.naming(known) for one in protection.rulesets())
    return Seen(us, protection.particulars(), rulesets, classic, people)


def _who_may_roll_back(protection: Protection, policy: Policy | None) -> dict[str, int | None]:
    roles = RIGHTS[Action.ROLL_BACK]
    people = sorted({one for role in roles for one in (policy.roles.get(role, ()) if policy else ())})
    return {name: protection.person(name) for name in people}


def _passers(people: dict[str, int | None]) -> list[Passer]:
    return [Passer(PasserKind.PERSON, id, name=name) for name, id in people.items() if id is not None]


def _worked_out(ports: Ports, protection: Protection, remove: bool) -> _Work:
    policy = policy_in_force(ports)
    us, people = protection.us(), _who_may_roll_back(protection, policy)
    may = _passers(people)
    app = us.id if us.kind is PasserKind.APP else None
    rules = {one.name: one for one in wanted(_lanes(policy), us, app, [one for one in may if not one.is_same(us)])}
    notes = [words.unknown_person(name) for name, id in people.items() if id is None]
    if app is None:
        notes.append(words.as_person(us.name))
    hooks = hooking.work(ports, remove)
    hand = (*words.by_hand(rules.values()), *hooks.by_hand)
    try:
        there = [one.naming([us, *may]) for one in protection.rulesets()]
    except Refused as refused:
        return _Work(Plan((), notes=tuple(notes), by_hand=hand, problem=refused.message))
    ours = {one.name: one for one in there if one.is_ours}
    steps = (*_steps({} if remove else rules, ours), *hooks.steps)
    others = tuple(one.name for one in there if not one.is_ours)
    shown = hooks.notes if remove else (*notes, *hooks.notes)
    return _Work(Plan(steps, others, shown, hand, seen=_named(steps)), ours, rules, hooks)


def _steps(rules: dict[str, Ruleset], ours: dict[str, Ruleset]) -> Iterable[Step]:
    for name, rule in rules.items():
        yield compared(name, words.fields(ours[name]) if name in ours else None, words.fields(rule))
    yield from (Step("remove", name) for name in ours if name not in rules)


def _named(steps: Iterable[Step]) -> str:
    said = [[step.kind, step.name, [[one.what, one.now, one.then] for one in step.differences]] for step in steps]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _carry_out(ports: Ports, protection: Protection, work: _Work, remove: bool) -> None:
    """A reply that was lost is looked up: what was done is there then, and is not done again."""
    for _ in range(LOOKS_AFTER_LOST_REPLIES):
        try:
            return _do(ports, protection, work)
        except Unclear:
            work = _worked_out(ports, protection, remove)
            if work.plan.problem:
                raise Refused(work.plan.problem) from None
    _do(ports, protection, work)


def _do(ports: Ports, protection: Protection, work: _Work) -> None:
    for step in work.plan.steps:
        known = work.there[step.name].id if step.name in work.there else None
        if step in work.hooks.steps and ports.webhooks:
            hooking.do(ports.webhooks, work.hooks, step)
        elif step.kind == "create":
            protection.create(work.wanted[step.name])
        elif step.kind == "change" and known is not None:
            protection.change(known, work.wanted[step.name])
        elif step.kind == "remove" and known is not None:
            protection.remove(known)
