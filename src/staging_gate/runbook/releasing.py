"""Procedure 2, up to the tag: plan a release, open its change, publish its tag. The tag starts production."""

from dataclasses import dataclass, replace

from staging_gate.domain.actor import Actor
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action, Facts, ReleaseFacts, evaluate
from staging_gate.domain.notes import Notes, write_notes
from staging_gate.domain.policy import Policy
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.domain.revision import Commit, Revision
from staging_gate.domain.version import next_tag
from staging_gate.engine import Run, procedure
from staging_gate.messages import deployments as deployment_words
from staging_gate.messages.releases import release_title, tag_message, taken
from staging_gate.ports import Ports
from staging_gate.ports.code_host import TagOrder
from staging_gate.runbook import changes, deciding, facts, hotfix_facts
from staging_gate.runbook.bypasses_of import bypasses_of
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.policy import needed_policy
from staging_gate.runbook.queue import request
from staging_gate.runbook.tags import release_tags

PUBLISH = "publish a release"


@dataclass(frozen=True)
class ReleasePlan:
    """What a release of staging as it is now would be. `last` is the tag before, None for the first one."""

    tag: str
    title: str
    notes: Notes
    last: str | None
    head: Revision
    commits: tuple[Commit, ...]
    included: tuple[Change, ...]
    untested: tuple[int, ...]


def plan(ports: Ports, tag: str | None = None) -> ReleasePlan:
    """Read all commits since the last production release and write notes from them. Changes nothing."""
    policy = needed_policy(ports)
    head = ports.code_host.revision(policy.staging.branch)
    if head is None:
        raise Unknown(f"There is no branch {policy.staging.branch} to release from.")
    tags = release_tags(ports)
    last, since = tags.last(), tags.last_good(head.commit)
    commits = facts.commits_since_last_release(ports, tags, head.commit)
    notes = write_notes(commits, _new_migrations(ports, policy, tags.commit(since) if since else None, head))
    included = facts.changes_of(ports, policy, commits)
    with ports.store.reading() as tx:
        tested = {t.change for t in tx.changes.tested([change.number for change in included])}
    wanted = tag or next_tag(last, notes.bump)
    return ReleasePlan(
        tag=wanted,
        title=release_title(wanted, notes.headline()),
        notes=notes,
        last=last,
        head=head,
        commits=tuple(commits),
        included=included,
        untested=tuple(change.number for change in included if change.number not in tested),
    )


def open_release(ports: Ports, by: Actor, tag: str | None = None, title: str | None = None) -> Release:
    """Open the release's change from staging to main, with generated notes; where one that was withdrawn has brought
    this very code to main before, that merge is it. Raises Closed, Unusable."""
    policy = needed_policy(ports)
    planned = plan(ports, tag)
    _judge_tag(ports, policy, planned, by)
    with ports.store.reading() as tx:
        known = tx.releases.get(planned.tag)
        pending = tx.changes.find_open(policy.staging.branch, policy.production.branch)
    if pending is not None and (known is not None or pending.release != planned.tag):
        raise Unusable(
            f"A release is being prepared already: {pending.release} as change {pending.number}. "
            f"Merge it, or take it back with `gate release withdraw {pending.release}`."
        )
    if known is not None and known.state is not ReleaseState.WITHDRAWN:
        raise Unusable(taken(known))
    named = release_title(planned.tag, changes.one_line(title)) if title else planned.title
    notes = planned.notes.markdown()
    before = None if pending else _merged_before(ports, policy, planned.head)
    # One that is open already was opened by us, and we were killed before the release was written.
    change = pending or before or changes.open_change(
        ports, policy.staging.branch, policy.production.branch, by, named, notes, (), planned.tag
    )
    state = ReleaseState.MERGED if before else ReleaseState.PROPOSED
    with ports.store.transaction() as tx:
        release = Release(planned.tag, named, notes, state, change.number, by.name, tx.at, change.merged)
        if known is not None:
            tx.releases.update(release, known)
        else:
            tx.releases.add(release)
        tx.audit(by, "release opened", release.tag, named, change=change.number)
    return release


def publish(ports: Ports, tag: str, by: Actor) -> str:
    """Put the tag on a merged release and start production; returns the run's id. Raises Closed, Unknown."""
    release = get(ports, tag)
    deciding.through(deciding.on_publishing(ports, release, by))
    with ports.store.transaction() as tx:
        asked = replace(release, published_by=by.name)
        tx.releases.update(asked, release)
        tx.audit(by, "publishing asked for", tag)
        return tx.start(PUBLISH, tag, key=f"publish-{tag}-{tx.at:%Y%m%d%H%M%S%f}")


def withdraw(ports: Ports, tag: str, by: Actor, reason: str = "") -> Release:
    """Take back a release that is not published; its change is closed, staging is open again.

    Raises Closed, Unusable.
    """
    release = get(ports, tag)
    deciding.through(deciding.on_withdrawing(ports, release, by))
    if release.change is not None and changes.get(ports, release.change).is_being_merged:
        raise Unusable(f"The change of {tag} is being merged: it can not be withdrawn now.")
    if release.state not in (ReleaseState.PROPOSED, ReleaseState.MERGED):
        raise Unusable(f"{tag} is {release.state}: it can not be withdrawn. To go back: `gate rollback`.")
    with ports.store.transaction() as tx:
        withdrawn = replace(release, state=ReleaseState.WITHDRAWN)
        tx.releases.update(withdrawn, release)
        tx.audit(by, "release withdrawn", tag, reason)
    if release.change is not None:
        changes.close(ports, release.change, by, f"{tag} was withdrawn")
    return withdrawn


@procedure(PUBLISH)
def publish_release(run: Run, tag: str) -> None:
    """Decide once more, create the annotated tag, queue production."""
    if run.step("check the gate", admit, tag) == "closed":
        return
    run.step("create the tag", create_tag, tag)
    run.step("queue the production deployment", queue_deployment, tag)


def admit(ports: Ports, tag: str) -> str:
    release = get(ports, tag)
    policy = needed_policy(ports)
    name = release.published_by or ""
    by = Actor(name, roles=policy.roles_of(name) | {"admin"})  # the right was judged when it was asked for
    return "open" if deciding.on_publishing(ports, release, by).open else "closed"


def create_tag(ports: Ports, tag: str) -> None:
    """The head of the audit chain goes into the tag's message: an anchor outside of our own record."""
    release = get(ports, tag)
    assert release.revision is not None
    with ports.store.reading() as tx:
        seq, head = tx.audit_log.head()
        given = bypasses_of(tx, release.change, tag)
        bypasses = [one for one in given if one.tree == release.revision.tree and one.in_force(tx.at)]
        at = tx.at
    ports.code_host.create_tag(
        TagOrder(
            name=tag,
            commit=release.revision.commit,
            message=tag_message(release.title, release.notes, seq, head, bypasses),
            author=release.published_by or "",
            at=at,
        )
    )


def queue_deployment(ports: Ports, tag: str) -> str:
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.PRODUCTION)  # somebody else may publish it at this moment
        release = tx.releases.get(tag)
        assert release is not None and release.revision is not None
        if release.state is not ReleaseState.MERGED:
            # We were killed after this commit, somebody else was first, or it was withdrawn.
            return f"nothing to queue: {tag} is {release.state}"
        by = Actor(release.published_by or "")
        tx.releases.update(replace(release, state=ReleaseState.PUBLISHED, published_at=tx.at), release)
        tx.audit(by, "published", tag, release.title, commit=release.revision.commit)
        wanted = Deployment(
            id="",
            environment=Environment.PRODUCTION,
            kind=DeploymentKind.DEPLOY,
            revision=release.revision,
            state=DeploymentState.QUEUED,
            why=deployment_words.published(tag, by.name),
            requested_by=by.name,
            requested_at=tx.at,
            release=tag,
            change=release.change,
            urgent=hotfix_facts.reason_of(tx, tag) is not None,
        )
        return request(tx, wanted, by).id


def get(ports: Ports, tag: str) -> Release:
    with ports.store.reading() as tx:
        release = tx.releases.get(tag)
    if release is None:
        raise Unknown(f"There is no release {tag!r}. `gate release list` shows them; `gate release open` begins one.")
    return release


def _merged_before(ports: Ports, policy: Policy, head: Revision) -> Change | None:
    """The change of a withdrawn release that has brought just this code to main: it lacks nothing but a tag."""
    main = ports.code_host.revision(policy.production.branch)
    if main is None or main.tree != head.tree or not ports.code_host.is_ancestor(head.commit, main.commit):
        return None
    with ports.store.reading() as tx:
        withdrawn = (r for r in tx.releases.all() if r.state is ReleaseState.WITHDRAWN and r.revision == main)
        return next((tx.changes.get(release.change) for release in withdrawn if release.change), None)


def _judge_tag(ports: Ports, policy: Policy, planned: ReleasePlan, by: Actor) -> None:
    """A tag that can not be published later is refused now."""
    tags = release_tags(ports)
    existing = tags.now.get(planned.tag)
    known = ReleaseFacts(
        tag=planned.tag,
        commit=planned.head.commit,
        tree=planned.head.tree,
        tag_at=existing.commit if existing else None,
        greatest=tags.last(but=planned.tag),
    )
    branches = Facts(
        Environment.PRODUCTION, source=policy.staging.branch, target=policy.production.branch, release=known
    )
    deciding.through(evaluate(policy, branches, Action.OPEN_CHANGE, by, ports.clock.now(), planned.tag))


def _new_migrations(ports: Ports, policy: Policy, last: str | None, head: Revision) -> list[str]:
    """Files below a migrations folder that are new since the last release: what the notes warn about."""
    if last is None or not any(service.schema for service in policy.services):
        return []
    files = ports.code_host.changed_files(last, head.commit)
    return [path for path in files if "/versions/" in path and path.endswith(".py")]
