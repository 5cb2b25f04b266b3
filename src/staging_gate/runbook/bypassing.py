"""Pass one reason of a closed gate: by somebody else than the author, with a justification, once, for some hours.

What is passed is bound to the code: another tree, and it passes nothing. A bypass of a release carries it through its
merge and its tag, and is used up when its production deployment is admitted; that of any other change when its merge
is. Whoever acts decides anew at every step: only the one reason is passed, and all others still close the gate.
"""

import re
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.bypass import LASTS, LONGEST, Bypass, subject_of
from staging_gate.domain.change import Change
from staging_gate.domain.environment import Environment
from staging_gate.domain.followup import FollowUpKind, working_days_after
from staging_gate.domain.gate import Action, Decision, Facts, evaluate
from staging_gate.domain.notification import Event
from staging_gate.domain.policy import Policy
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.messages import bypasses as words
from staging_gate.messages import notifications as notices
from staging_gate.ports import Ports
from staging_gate.ports.store import Stale, Transaction
from staging_gate.runbook import changes, deciding, facts, releasing, telling
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.following_up import open_follow_up
from staging_gate.runbook.policy import needed_policy

SHORTEST = timedelta(minutes=5)
LETTERS = (10, 1000)
"""How long a justification has to be at least, and may be at most."""

REVIEW_WITHIN = 2
"""Working days."""


@dataclass(frozen=True)
class Passage:
    """What somebody wants to get through the gate: its name and code, what is known of it, and what the gate says."""

    subject: str
    tree: str
    known: Facts
    decision: Decision


def bypass(ports: Ports, named: str, code: str, reason: str, by: Actor, lasts: timedelta = LASTS) -> Bypass:
    """Let one reason be passed once. `named` is a change (`12`), a release (`v1.4.0`) or its deployment.

    Raises Closed, Unknown, Unusable.
    """
    why = _justified(reason)
    if not SHORTEST <= lasts <= LONGEST:
        raise Unusable(words.how_long(SHORTEST, LONGEST))
    policy = needed_policy(ports)
    asked = _passage(ports, policy, named, by)
    deciding.through(_on_bypassing(ports, policy, asked, code, by))
    if not asked.tree:
        raise Unusable(f"{asked.subject} does not merge, so there is no code yet that a bypass could be bound to.")
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.PRODUCTION)  # two tech leads may answer the same call for help
        known = tx.bypasses.about(asked.subject)
        if any(one.tree == asked.tree and one.passes(code, tx.at) for one in known):
            raise Stale(f"Somebody else has let {code} be passed for {asked.subject} at this moment.")
        id = f"bypass-{secrets.token_hex(3)}"
        given = Bypass(id, code, asked.subject, asked.tree, why, by.name, tx.at, tx.at + lasts)
        tx.bypasses.add(given)
        tx.audit(by, "bypass given", given.subject, why, bypass=id, code=code, until=f"{given.expires_at:%FT%TZ}")
        telling.tell(tx, Event.BYPASS_GIVEN, given.subject, notices.bypass_given(given), step=id)
    return given


def on_bypassing(ports: Ports, named: str, code: str, by: Actor) -> Decision:
    """Whether this reason can be let pass now. Raises Unknown, Unusable."""
    policy = needed_policy(ports)
    return _on_bypassing(ports, policy, _passage(ports, policy, named, by), code, by)


def withdraw(ports: Ports, id: str, by: Actor) -> Bypass:
    """Take a bypass back that was not used. Raises Closed, Unknown, Unusable."""
    found = get(ports, id)
    deciding.through(deciding.on_withdrawing_bypass(ports, found, by))
    if not found.in_force(ports.clock.now()):
        raise Unusable(words.over(found, ports.clock.now()))
    with ports.store.transaction() as tx:
        tx.bypasses.withdraw(id, tx.at)
        tx.audit(by, "bypass withdrawn", found.subject, found.reason, bypass=id, code=found.code)
        return replace(found, withdrawn_at=tx.at)


def used_up(ports: Ports, decision: Decision, by: Actor) -> bool:
    """Note which bypasses the act that follows relies on, and have them reviewed. False where one was used or
    withdrawn at this moment: then it has to be decided anew."""
    fresh = [passed.bypass for passed in decision.bypassed if not passed.bypass.was_used]
    if not fresh:
        return True  # it relies on none; or we were killed after this commit, and begin the same act again
    policy = needed_policy(ports)
    try:
        with ports.store.transaction() as tx:
            for one in fresh:
                _use(tx, policy, one, decision.subject, by)
    except Stale:
        return False
    return True


def get(ports: Ports, id: str) -> Bypass:
    """Raises Unknown."""
    with ports.store.reading() as tx:
        found = tx.bypasses.get(id)
    if found is None:
        raise Unknown(f"There is no bypass {id!r}. `gate bypass list` shows them.")
    return found


def _justified(reason: str) -> str:
    """One line, as every face shows it."""
    why, (least, most) = changes.one_line(reason), LETTERS
    if not least <= len(why) <= most:
        raise Unusable(words.justification(least, most))
    return why


def _on_bypassing(ports: Ports, policy: Policy, asked: Passage, code: str, by: Actor) -> Decision:
    wanted = replace(asked.known, intent_code=code, closed_by=asked.decision.reasons)
    return evaluate(policy, wanted, Action.BYPASS, by, ports.clock.now(), asked.subject)


def _passage(ports: Ports, policy: Policy, named: str, by: Actor) -> Passage:
    if re.fullmatch(r"#?\d{1,9}", named):
        change = changes.get(ports, int(named.lstrip("#")))
        if change.release is None:
            return _of_change(ports, policy, change, by)
        named = change.release
    elif re.fullmatch(r"(staging|production)-\d{1,9}", named):
        with ports.store.reading() as tx:
            found = tx.deployments.get(named)
        if found is None:
            raise Unknown(f"There is no deployment {named}. `gate status` shows the recent ones.")
        if found.release is None or found.is_rollback:
            raise Unusable(f"{named} brings no release: a bypass is for a change (`12`) or a release (`v1.4.0`).")
        named = found.release
    return _of_release(ports, policy, named, by)


def _of_change(ports: Ports, policy: Policy, change: Change, by: Actor) -> Passage:
    known = facts.of_change(ports, policy, change)
    return Passage(
        subject_of(change),
        change.mergeable_tree() or "",
        known,
        deciding.on_merging(ports, change, None, by),
    )


def _of_release(ports: Ports, policy: Policy, tag: str, by: Actor) -> Passage:
    """What the release has to pass next: its merge, its tag, or the admission of its deployment."""
    release = releasing.get(ports, tag)
    if release.state is ReleaseState.PROPOSED and release.change is not None:
        return _of_change(ports, policy, changes.get(ports, release.change), by)
    if release.revision is None or release.state in (ReleaseState.WITHDRAWN, ReleaseState.VERIFIED):
        raise Unusable(f"{tag} is {release.state}: there is nothing left to pass.")
    if release.state is ReleaseState.MERGED:
        known = _with_change(ports, facts.of_release(ports, policy, release), release)
        return Passage(tag, release.revision.tree, known, deciding.on_publishing(ports, release, by))
    return _of_deployment(ports, policy, release, release.revision.tree)


def _of_deployment(ports: Ports, policy: Policy, release: Release, tree: str) -> Passage:
    with ports.store.reading() as tx:
        newest = tx.deployments.of_release(release.tag)[0]
    if newest.state.ended:
        newest = replace(newest, id="")  # one that is to come: what an ended one used up is of no use to it
    known = _with_change(ports, facts.of_deployment(ports, policy, newest), release)
    if known.release is not None:
        known = replace(known, release=replace(known.release, release=release))
    return Passage(release.tag, tree, known, deciding.on_deploying(ports, newest, SYSTEM))


def _use(tx: Transaction, policy: Policy, one: Bypass, used_for: str, by: Actor) -> None:
    tx.bypasses.use(one.id, used_for, tx.at)
    tx.audit(by, "bypass used", one.subject, one.reason, bypass=one.id, code=one.code, used_for=used_for)
    due_at = working_days_after(tx.at, REVIEW_WITHIN, policy.time_zone)
    open_follow_up(tx, FollowUpKind.REVIEW, one.id, words.review(one, used_for), _reviewer(tx, policy, one), due_at)


def _with_change(ports: Ports, known: Facts, release: Release) -> Facts:
    """Whoever wrote a hotfix had a hand in its release."""
    return known if release.change is None else replace(known, change=changes.get(ports, release.change))


def _reviewer(tx: Transaction, policy: Policy, given: Bypass) -> str:
    """Another tech lead than who gave it and who opened the change, else who operates, else anybody else."""
    number = re.fullmatch(r"change (\d+)", given.subject)
    change = tx.changes.get(int(number[1])) if number else tx.changes.of_release(given.subject)
    hands = {given.by, *((change.author, change.last_pusher) if change else ())}
    people = [*policy.roles.get("tech_lead", ()), *policy.roles.get("devops", ()), *policy.people]
    return next((name for name in people if name not in hands), given.by)
