"""Procedure 1 and 4 as seen from git: who may push what, and what a push sets off."""

from collections.abc import Sequence
from dataclasses import dataclass

from staging_gate.domain.actor import Actor
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action
from staging_gate.domain.gate.rules.rights import RIGHTS
from staging_gate.domain.policy import Policy
from staging_gate.domain.version import parse_rollback_tag, parse_tag
from staging_gate.messages import pushes as words
from staging_gate.ports import Ports
from staging_gate.runbook import changes
from staging_gate.runbook.deciding import Closed
from staging_gate.runbook.policy import MAIN, STAGING, policy_in_force
from staging_gate.runbook.roll_back import roll_back

NOTHING = "0" * 40


@dataclass(frozen=True)
class RefUpdate:
    """One ref of a push. `old` and `new` are object names, all zeros where there is none; `annotated` is about tags."""

    ref: str
    old: str
    new: str
    annotated: bool = False
    message: str = ""

    @property
    def creates(self) -> bool:
        return set(self.old) == {"0"}

    @property
    def deletes(self) -> bool:
        return set(self.new) == {"0"}


def judge(ports: Ports, actor: Actor, updates: Sequence[RefUpdate]) -> list[str]:
    """What the pusher is told when the push is refused; nothing when it may pass: other branches are free."""
    policy = policy_in_force(ports)
    refusals: list[str] = []
    for update in updates:
        refusals += _judge_one(ports, policy, actor, update)
    return refusals


def received(ports: Ports, actor: Actor, updates: Sequence[RefUpdate]) -> list[str]:
    """After a push: open changes are looked at again, a rollback tag is carried out. Returns words for the pusher."""
    branches = [u.ref.removeprefix("refs/heads/") for u in updates if u.ref.startswith("refs/heads/")]
    changes.refresh_all(ports, branches, pusher=actor.name)
    said: list[str] = []
    for update in updates:
        if update.ref.startswith("refs/tags/") and not update.deletes:
            said += _rollback_ordered(ports, actor, update)
    return said


def _judge_one(ports: Ports, policy: Policy | None, actor: Actor, update: RefUpdate) -> list[str]:
    if update.ref.startswith("refs/tags/"):
        return _judge_tag(ports, actor, update)
    if not update.ref.startswith("refs/heads/"):
        return words.internal_ref(update.ref)
    branch = update.ref.removeprefix("refs/heads/")
    staging = policy.staging.branch if policy else STAGING
    main = policy.production.branch if policy else MAIN
    if branch not in (staging, main):
        return []
    if update.deletes:
        return words.protected_branch_deleted(branch)
    if update.creates:
        return [] if actor.has_any("admin") else words.first_import_needs_admin(branch)
    return words.protected_branch(branch, staging)


def _judge_tag(ports: Ports, actor: Actor, update: RefUpdate) -> list[str]:
    tag = update.ref.removeprefix("refs/tags/")
    rollback = parse_rollback_tag(tag)
    if rollback is None:
        return words.release_tag(tag) if parse_tag(tag) else []
    if not update.creates or update.deletes:
        return words.rollback_tag_moved(tag)
    if not update.annotated:
        return words.rollback_tag_lightweight(tag)
    if not actor.has_any(*RIGHTS[Action.ROLL_BACK]):
        return words.no_right_to_roll_back(tag, actor.name, " or ".join(RIGHTS[Action.ROLL_BACK]))
    with ports.store.reading() as tx:
        known = tx.releases.get(rollback.release)
    return [] if known else words.rollback_tag_unknown(tag, rollback.release)


def _rollback_ordered(ports: Ports, actor: Actor, update: RefUpdate) -> list[str]:
    """Whatever commit the tag points at, the code of the release is deployed; a differing commit is on the record."""
    tag = update.ref.removeprefix("refs/tags/")
    rollback = parse_rollback_tag(tag)
    if rollback is None:
        return []
    with ports.store.reading() as tx:
        release = tx.releases.get(rollback.release)
    pointed = ports.code_host.revision(tag)
    with ports.store.transaction() as tx:
        same = bool(release and release.revision and pointed and release.revision.commit == pointed.commit)
        tx.audit(
            actor, "rollback tag pushed", tag, update.message, same_commit=same, points_at=pointed and pointed.commit
        )
    try:
        ordered = roll_back(ports, rollback.release, f"tag {tag}", actor)
    except Closed as closed:
        return [f"{tag} was taken, but no rollback was started: {closed}"]
    return [f"{ordered.id}: rolling {Environment.PRODUCTION} back to {rollback.release}. `gate status` follows it."]
