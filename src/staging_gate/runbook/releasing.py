"""Procedure 2, up to the tag: plan a release, open its change, publish its tag. The tag starts production."""

from dataclasses import dataclass, replace

from staging_gate.domain.actor import CALENDAR, SYSTEM, Actor, ActorKind
from staging_gate.domain.change import Change
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.gate import Action, Caution, Decision, Facts, ReleaseFacts, evaluate
from staging_gate.domain.notes import Notes, write_notes
from staging_gate.domain.notification import Event
from staging_gate.domain.policy import Policy
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.domain.revision import Commit, Revision
from staging_gate.domain.version import next_tag
from staging_gate.engine import Run, procedure
from staging_gate.messages import deployments as deployment_words
from staging_gate.messages import notifications as notices
from staging_gate.messages.releases import on_main_already, release_title, tag_message, taken
from staging_gate.ports import Ports
from staging_gate.ports.code_host import TagOrder
from staging_gate.ports.store import Transaction
from staging_gate.runbook import changes, deciding, facts, hotfix_facts, telling
from staging_gate.runbook.asking import surely
from staging_gate.runbook.bypasses_of import bypasses_of
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.migrations import migrations_among
from staging_gate.runbook.policy import needed_policy
from staging_gate.runbook.queue import request
from staging_gate.runbook.tags import release_tags

PUBLISH = "publish a release"


@dataclass(frozen=True)
class ReleasePlan:
    """What a release of staging as it is now would be. `last` is the tag before, None for the first one; `warnings`
    are what the gate would say, and close nothing."""

    tag: str
    title: str
    notes: Notes
    last: str | None
    head: Revision
    commits: tuple[Commit, ...]
    included: tuple[Change, ...]
    untested: tuple[int, ...]
    warnings: tuple[Caution, ...]


def plan(ports: Ports, tag: str | None = None) -> ReleasePlan:
    """Read all commits since the last production release and write notes from them. Changes nothing."""
    policy = needed_policy(ports)
    head = ports.code_host.revision(policy.staging.branch)
    if head is None:
        raise Unknown(f"There is no branch {policy.staging.branch} to release from.")
    tags = release_tags(ports)
    last, since = tags.last(), tags.last_good(head.commit)
    commits = facts.commits_since_last_release(ports, tags, head.commit)
    included = facts.changes_of(ports, policy, commits)
    migrations = _new_migrations(ports, policy, tags.commit(since) if since else None, head)
    notes = write_notes(commits, migrations, included)
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
        warnings=_warnings(ports, policy, wanted, head, included, len(commits)),
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
    if pending is not None and not pending.is_release:
        pending = None  # somebody opened it at the code host: it becomes the release's
    if pending is not None and (known is not None or pending.release != planned.tag):
        raise Unusable(
            f"A release is being prepared already: {pending.release} as change {pending.number}. "
            f"Merge it, or take it back with `gate release withdraw {pending.release}`."
        )
    if known is not None and known.state is not ReleaseState.WITHDRAWN:
        raise Unusable(taken(known))
    named = release_title(planned.tag, changes.one_line(title)) if title else planned.title
    notes = planned.notes.markdown(ports.address)
    before = None if pending else _merged_before(ports, policy, planned)
    # One that is open already was opened by us, and we were killed before the release was written.
    change = (
        pending
        or before
        or changes.open_change(
            ports, policy.staging.branch, policy.production.branch, by, named, notes, (), planned.tag
        )
    )
    state = ReleaseState.MERGED if before else ReleaseState.PROPOSED
    with ports.store.transaction() as tx:
        release = Release(planned.tag, named, notes, state, change.number, by.name, tx.at, change.merged)
        if known is not None:
            tx.releases.update(release, known)
        else:
            tx.releases.add(release)
        tx.audit(by, "release opened", release.tag, named, change=change.number)
        telling.tell(tx, Event.RELEASE_PROPOSED, release.tag, notices.release_proposed(release), step=f"opened {tx.at}")
    return release


def publish(ports: Ports, tag: str, by: Actor, when_ready: bool = False) -> str | None:
    """Put the tag on a merged release and start production; returns the run's id. Raises Closed, Unknown.

    None where it waits: the gate opens by itself at a known time, or it is to go `when_ready`, whatever has to happen
    before. Then it goes by itself, decided anew; its change is merged when that is ready.
    """
    release = get(ports, tag)
    decision = deciding.on_publishing(ports, release, by)
    if decision.open:
        return _begin_to_publish(ports, release, by)
    if not when_ready and decision.until is None:
        raise deciding.Closed(decision)
    deciding.through(deciding.on_publishing_when_ready(ports, release, by))
    _want(ports, release, by)
    return None


def do_not_publish(ports: Ports, tag: str, by: Actor) -> Release:
    """Take back that a release is to be published by itself. Raises Closed; Unusable where there is nothing to take
    back any more."""
    release = get(ports, tag)
    if not release.waits:
        raise Unusable(f"{tag} does not wait to be published ({release.state}): there is nothing to take back.")
    _refuse_while_published(release)
    if release.publish_wanted_by != by.name:
        deciding.through(deciding.on_withdrawing(ports, release, by))
    with ports.store.transaction() as tx:
        left = _unwanted(release)
        tx.releases.update(left, release)
        tx.audit(by, "publishing not wanted any more", tag)
    return left


def withdraw(ports: Ports, tag: str, by: Actor, reason: str = "") -> Release:
    """Take back a release that is not published; its change is closed, staging is open again.

    Raises Closed, Unusable.
    """
    release = get(ports, tag)
    deciding.through(deciding.on_withdrawing(ports, release, by))
    if release.change is not None and changes.get(ports, release.change).is_being_merged:
        raise Unusable(f"The change of {tag} is being merged: it can not be withdrawn now.")
    _refuse_while_published(release)
    if release.state not in (ReleaseState.PROPOSED, ReleaseState.MERGED):
        raise Unusable(f"{tag} is {release.state}: it can not be withdrawn. To go back: `gate rollback`.")
    with ports.store.transaction() as tx:
        withdrawn = replace(release, state=ReleaseState.WITHDRAWN, ended_at=tx.at)
        tx.releases.update(withdrawn, release)
        tx.audit(by, "release withdrawn", tag, reason)
    if release.change is not None:
        changes.close(ports, release.change, by, f"{tag} was withdrawn")
    return withdrawn


def give_up_publishing(ports: Ports, tag: str, message: str) -> None:
    """Our own machine broke: nobody wants the same to happen every few seconds."""
    with ports.store.transaction() as tx:
        release = tx.releases.get(tag)
        if release is not None and (release.waits or release.is_being_published):
            tx.releases.update(_unwanted(release), release)
            tx.audit(CALENDAR if release.waits else SYSTEM, "publishing given up", tag, message)


@procedure(PUBLISH, errored=give_up_publishing)
def publish_release(run: Run, tag: str) -> None:
    """Decide once more, create the annotated tag, queue production."""
    if run.step("check the gate", admit, tag) == "closed":
        return
    run.step("create the tag", create_tag, tag)
    run.step("queue the production deployment", queue_deployment, tag)


def admit(ports: Ports, tag: str) -> str:
    release = get(ports, tag)
    if release.published_by is None:
        return "closed"  # somebody took it back
    decision = deciding.on_publishing(ports, release, publisher(ports, release))
    if decision.open:
        return "open"
    if release.waits:
        hold_back(ports, release, decision)
    else:
        _let_go(ports, release, " ".join(reason.sentence for reason in decision.reasons))
    return "closed"


def hold_back(ports: Ports, release: Release, decision: Decision) -> None:
    """It waits on. What keeps it besides the calendar goes on the record, once."""
    why = " ".join(reason.sentence for reason in decision.reasons if reason.until is None)
    waiting = replace(release, published_by=None, held_back=why)
    if waiting == release:
        return
    with ports.store.transaction() as tx:
        tx.releases.update(waiting, release)
        if why and why != release.held_back:
            tx.audit(CALENDAR, "held back", release.tag, why)


def create_tag(ports: Ports, tag: str) -> None:
    """The head of the audit chain goes into the tag's message: an anchor outside of our own record."""
    release = get(ports, tag)
    if release.published_by is None:
        return  # somebody took it back
    assert release.revision is not None
    with ports.store.reading() as tx:
        seq, head = tx.audit_log.head()
        given = bypasses_of(tx, release.change, tag)
        bypasses = [one for one in given if one.tree == release.revision.tree and one.in_force(tx.at)]
        at = tx.at
    surely(
        ports.code_host.create_tag,
        TagOrder(
            name=tag,
            commit=release.revision.commit,
            message=tag_message(release.title, release.notes, seq, head, bypasses),
            author=release.published_by,
            at=at,
        ),
    )


def queue_deployment(ports: Ports, tag: str) -> str:
    with ports.store.transaction() as tx:
        tx.deployments.lock(Environment.PRODUCTION)  # somebody else may publish it at this moment
        release = tx.releases.get(tag)
        assert release is not None and release.revision is not None
        if release.state is not ReleaseState.MERGED:
            # We were killed after this commit, somebody else was first, or it was withdrawn.
            return f"nothing to queue: {tag} is {release.state}"
        if release.published_by is None:
            return f"nothing to queue: {tag} was taken back"
        name = release.published_by
        by = CALENDAR if release.waits else Actor(name)
        published = replace(release, state=ReleaseState.PUBLISHED, published_at=tx.at, held_back="")
        tx.releases.update(published, release)
        tx.audit(by, "published", tag, release.title, commit=release.revision.commit)
        telling.tell(tx, Event.RELEASE_PUBLISHED, tag, notices.release_published(published))
        wanted = Deployment(
            id="",
            environment=Environment.PRODUCTION,
            kind=DeploymentKind.DEPLOY,
            revision=release.revision,
            state=DeploymentState.QUEUED,
            why=deployment_words.published(tag, name, release.publish_wanted_at),
            requested_by=name,
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


def publisher(ports: Ports, release: Release) -> Actor:
    """In whose name it is published: the calendar's, for who asked for it earlier, or a person's. The right was judged
    when it was asked for."""
    if release.waits:
        return Actor(release.publish_wanted_by or "", ActorKind.CALENDAR)
    name = release.published_by or ""
    return Actor(name, roles=needed_policy(ports).roles_of(name) | {"admin"})


def publish_by_calendar(tx: Transaction, release: Release) -> str:
    """Begin what was asked for earlier, in the name of who asked; returns the run's id."""
    asked = replace(release, published_by=release.publish_wanted_by)
    tx.releases.update(asked, release)
    tx.audit(CALENDAR, "publishing begun", release.tag, f"asked for by {release.publish_wanted_by}")
    return _start_publishing(tx, release.tag)


def _begin_to_publish(ports: Ports, release: Release, by: Actor) -> str:
    with ports.store.transaction() as tx:
        asked = replace(_unwanted(release), published_by=by.name)
        tx.releases.update(asked, release)
        tx.audit(by, "publishing asked for", release.tag)
        return _start_publishing(tx, release.tag)


def _start_publishing(tx: Transaction, tag: str) -> str:
    return tx.start(PUBLISH, tag, key=f"publish-{tag}-{tx.at:%Y%m%d%H%M%S%f}")


def _let_go(ports: Ports, release: Release, why: str) -> None:
    """The gate closed since somebody asked: the release can be published, edited and withdrawn again."""
    with ports.store.transaction() as tx:
        tx.releases.update(_unwanted(release), release)
        tx.audit(Actor(release.published_by or ""), "publishing given up", release.tag, why)


def _refuse_while_published(release: Release) -> None:
    """Its tag is being made: what is left of a release that went away now is a tag of no release."""
    if release.is_being_published:
        raise Unusable(
            f"{release.published_by} is publishing {release.tag} at this moment: it can not be taken back any more. "
            "To go back once it is out: `gate rollback`."
        )


def _want(ports: Ports, release: Release, by: Actor) -> None:
    """Who asks again keeps the place in the queue. A release that is not merged has its change merged when ready."""
    with ports.store.transaction() as tx:
        if not release.waits:
            wanted = replace(_unwanted(release), publish_wanted_at=tx.at, publish_wanted_by=by.name)
            tx.releases.update(wanted, release)
            tx.audit(by, "publishing asked for", release.tag, "when the gate opens")
            said = notices.release_waits(release, by.name)
            telling.tell(tx, Event.RELEASE_WAITS, release.tag, said, step=f"waits since {tx.at}")
        change = tx.changes.get(release.change) if release.change else None
        if change is not None and change.is_open and change.merge_wanted_at is None:
            tx.changes.update(replace(change, merge_wanted_at=tx.at, merge_wanted_by=by.name), change)
            tx.audit(by, "merge asked for", changes.subject_of(change), "when the gate opens")


def _unwanted(release: Release) -> Release:
    return replace(release, publish_wanted_at=None, publish_wanted_by=None, published_by=None, held_back="")


def _merged_before(ports: Ports, policy: Policy, planned: ReleasePlan) -> Change | None:
    """The change of a withdrawn release that has brought just this code to main: it lacks nothing but a tag, the one
    that people have approved."""
    head, main = planned.head, ports.code_host.revision(policy.production.branch)
    if main is None or main.tree != head.tree or not ports.code_host.is_ancestor(head.commit, main.commit):
        return None
    with ports.store.reading() as tx:
        withdrawn = [r for r in tx.releases.all() if r.state is ReleaseState.WITHDRAWN and r.revision == main]
        same = next((release for release in withdrawn if release.tag == planned.tag), None)
        if withdrawn and same is None:
            raise Unusable(on_main_already(withdrawn[0], planned.tag))
        return tx.changes.get(same.change) if same is not None and same.change else None


def _warnings(
    ports: Ports, policy: Policy, tag: str, head: Revision, included: tuple[Change, ...], commits: int
) -> tuple[Caution, ...]:
    release = ReleaseFacts(tag, head.commit, head.tree, included=included, commits=commits)
    known = Facts(Environment.PRODUCTION, release=release)
    return evaluate(policy, known, Action.PROMOTE, SYSTEM, ports.clock.now()).warnings


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
    return migrations_among(ports, ports.code_host.changed_files(last, head.commit))
