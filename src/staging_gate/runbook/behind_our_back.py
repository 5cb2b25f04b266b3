"""Branches and tags that people move at the code host by hand: put on the record, once, with who it was if it tells."""

from staging_gate.domain.actor import SYSTEM, Actor
from staging_gate.domain.change import Change
from staging_gate.domain.policy import Policy
from staging_gate.domain.version import parse_tag
from staging_gate.messages import pull_requests as words
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook import changes
from staging_gate.runbook.policy import policy_in_force
from staging_gate.runbook.tags import release_tags

SEEN, MOVED, TAGGED = "branch first seen", "branch moved behind our back", "tag made behind our back"


def note(ports: Ports) -> None:
    """Where people push to the code host itself; at the embedded one nobody gets past us."""
    policy = policy_in_force(ports)
    if ports.pull_requests is None or policy is None:
        return
    for branch in (policy.staging.branch, policy.production.branch):
        _note_branch(ports, branch)
    _note_tags(ports)


def lone_hotfixes(ports: Ports, policy: Policy) -> list[Change]:
    """Merged by hand: nothing of them was released."""
    with ports.store.reading() as tx:
        recent = tx.changes.recent(20)
    main = policy.production.branch
    return [one for one in recent if one.merged and one.goes_alone and one.target == main and one.release is None]


def _note_branch(ports: Ports, branch: str) -> None:
    tip = ports.code_host.revision(branch)
    if tip is None:
        return
    with ports.store.reading() as tx:
        if _explained(tx, branch, tip.commit):
            return
    who = changes.pusher(ports, branch, tip)
    with ports.store.transaction() as tx:
        if not _explained(tx, branch, tip.commit):  # another process looks at the same time
            first = not tx.audit_log.about(branch)
            by = Actor(who) if who and not first else SYSTEM
            said = "" if first else words.moved_behind_our_back(branch, tip.commit)
            tx.audit(by, SEEN if first else MOVED, branch, said, commit=tip.commit)


def _explained(tx: Transaction, branch: str, commit: str) -> bool:
    """By a merge of ours, one that is under way, or what we noted before."""
    if tx.changes.merged_into(branch, [commit]) or any(one.is_being_merged for one in tx.changes.open()):
        return True
    noted = [entry for entry in tx.audit_log.about(branch) if entry.action in (SEEN, MOVED)]
    return any(entry.data.get("commit") == commit for entry in noted)


def _note_tags(ports: Ports) -> None:
    """Tags like those of releases, that no release of ours has. Those of before our first release are left alone."""
    tags = release_tags(ports)
    if not any(release.is_tagged for release in tags.known.values()):
        return
    strange = [name for name in tags.now if parse_tag(name) and name not in tags.known]
    with ports.store.reading() as tx:
        new = [name for name in strange if not tx.audit_log.about(name)]
    if new:
        with ports.store.transaction() as tx:
            for name in new:
                tx.audit(SYSTEM, TAGGED, name, words.tag_behind_our_back(name), commit=tags.now[name].commit)
