"""What decisions about a hotfix look at: what production runs, whether it starts from that, and how large it is."""

from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.hotfix import BRANCHES, HotfixFacts, size_of
from staging_gate.domain.policy import Policy
from staging_gate.domain.release import ReleaseState
from staging_gate.ports import Ports
from staging_gate.ports.store import Transaction
from staging_gate.runbook.migrations import migrations_among


def is_hotfix(policy: Policy | None, source: str, target: str) -> bool:
    """Whether this is a hotfix's way: to production, past staging's branch."""
    return policy is not None and target == policy.production.branch and source.startswith(BRANCHES)


def of_branch(ports: Ports, source: str, target: str) -> HotfixFacts:
    """Before there is a change."""
    head = ports.code_host.revision(source)
    with ports.store.reading() as tx:
        live = tx.deployments.live(Environment.PRODUCTION)
    return _facts(ports, live, head.commit if head else None, target, None)


def of_change(ports: Ports, change: Change) -> HotfixFacts:
    """Seen from where its branch was before it: somebody may have merged it at the code host already."""
    target = change.preview.base if change.preview else change.target
    with ports.store.reading() as tx:
        live, waits_for = tx.deployments.live(Environment.PRODUCTION), _on_its_way(tx, change.number)
    return _facts(ports, live, change.head.commit, target, waits_for)


def reason_of(tx: Transaction, tag: str) -> str | None:
    """Why a release is a hotfix; None for a regular one."""
    change = tx.changes.of_release(tag) if tag else None
    return change.hotfix_reason if change else None


def _facts(ports: Ports, live: Deployment | None, head: str | None, target: str, waits_for: str | None) -> HotfixFacts:
    if live is None or head is None:
        return HotfixFacts(live, waits_for=waits_for)
    host, base = ports.code_host, live.revision.commit
    files = host.changed_files(base, head)
    size = size_of(host.diff(base, head), files, migrations_among(ports, files))
    return HotfixFacts(live, _starts_from(ports, base, head, target), waits_for, size)


def _starts_from(ports: Ports, base: str, head: str, target: str) -> bool:
    """All that it has besides `base` is its own: nothing of it is on the target, a branch or a commit."""
    if not ports.code_host.is_ancestor(base, head):
        return False
    own = {commit.id for commit in ports.code_host.commits(target, head)}
    return all(commit.id in own for commit in ports.code_host.commits(base, head))


def _on_its_way(tx: Transaction, number: int) -> str | None:
    """What will change what production runs, or is about to. What only waits in the queue, a hotfix overtakes."""
    busy = tx.deployments.occupying(Environment.PRODUCTION)
    if busy is not None:
        return f"{busy.id} is bringing {busy.release or busy.revision.short} to production"
    queued = [one.release for one in tx.deployments.queued(Environment.PRODUCTION) if one.release]
    merged = [release.tag for release in tx.releases.all() if release.state is ReleaseState.MERGED]
    for tag in (*queued, *merged):
        other = tx.changes.of_release(tag)
        if other is not None and other.goes_alone and other.number != number:
            return f"{tag}, another hotfix, is on its way to production"
    return None
