"""Our record, the branches, the proxy and the processes can disagree, after a crash or when somebody acts behind our
back. Each difference is shown with what it means and what to do; none is silently repaired."""

from dataclasses import dataclass

from staging_gate.domain.audit import AuditEntry
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import Policy
from staging_gate.domain.release import TAGGED
from staging_gate.domain.service import Service
from staging_gate.domain.version import greatest, parse_rollback_tag
from staging_gate.messages import pull_requests as pull_request_words
from staging_gate.messages import releases as words
from staging_gate.ports import Ports
from staging_gate.ports.errors import OutsideError
from staging_gate.runbook import behind_our_back, changes, following_pull_requests, pushes
from staging_gate.runbook.policy import policy_in_force, services_of
from staging_gate.runbook.tags import ReleaseTags, note_strays, release_tags


@dataclass(frozen=True)
class Difference:
    """`what` differs from the record, and what to do about it. `stranger`: it runs what somebody else deployed."""

    subject: str
    what: str
    do: str
    stranger: bool = False


def differences(ports: Ports) -> list[Difference]:
    policy = policy_in_force(ports)
    if policy is None:
        return []
    return (
        _tags(ports)
        + _staging_branch(ports, policy)
        + _lone_hotfixes(ports, policy)
        + _code_host(ports)
        + traffic(ports)
    )


def traffic(ports: Ports) -> list[Difference]:
    """Between what we know to be live and what is. Nothing while a deployment is under way."""
    policy = policy_in_force(ports)
    return [one for environment in Environment for one in _traffic(ports, policy, environment)] if policy else []


def catch_up(ports: Ports, told: bool = False) -> None:
    """At the start and now and then: pushes that nobody told us about are seen by reading the branches, and pull
    requests by reading them; all of those where somebody `told` us of something."""
    pushes.catch_up(ports)  # a rollback waits for nothing else
    following_pull_requests.follow(ports, anew=told)
    with ports.store.reading() as tx:
        open_changes = tx.changes.open()
    for change in open_changes:
        changes.refresh(ports, change.number)
    note_strays(ports)
    behind_our_back.note(ports)


def _traffic(ports: Ports, policy: Policy, environment: Environment) -> list[Difference]:
    with ports.store.reading() as tx:
        live, busy = tx.deployments.live(environment), tx.deployments.occupying(environment)
    if live is None or busy is not None:
        return []
    services = services_of(ports, policy, live.revision.commit, environment)
    return [difference for service in services if (difference := _of_service(ports, live, service))]


def _of_service(ports: Ports, live: Deployment, service: Service) -> Difference | None:
    target = service.target(live.environment)
    subject = f"{live.environment} {service.name}"
    try:
        found = ports.targets[target.provider].live(live.environment, service, target)
    except OutsideError as error:
        return Difference(subject, f"What receives the traffic is unknown: {error.message}", "`gate doctor`")
    if found.commit != live.revision.commit:
        seen = f"{found.commit[:10]} receives the traffic" if found.commit else "nothing receives the traffic"
        what = f"By our record {live.id} ({live.revision.short}) is live, but {seen}."
        do = f"A crash, or somebody behind our back: `gate redeploy {live.environment}`"
        return Difference(subject, what, do, stranger=found.commit is not None)
    if found.healthy is False:
        back = " or `gate rollback`" if live.environment is Environment.PRODUCTION else ""
        what = f"{live.id} does not answer: {found.detail}"
        return Difference(subject, what, f"`gate redeploy {live.environment}`{back}")
    return None


def _code_host(ports: Ports) -> list[Difference]:
    old = ports.code_host.outdated()
    if old is None:
        return []
    seen = f"as of {old.since:%Y-%m-%d %H:%M} UTC" if old.since else "as they were last seen"
    what = f"{old.why} Branches and tags are shown {seen}; rollbacks go on, merges and tags wait."
    return [Difference("code host", what, "`gate doctor` says what is wrong.")]


def _staging_branch(ports: Ports, policy: Policy) -> list[Difference]:
    head = ports.code_host.revision(policy.staging.branch)
    with ports.store.reading() as tx:
        recent = tx.deployments.recent(Environment.STAGING, 20)
    if head is None or any(d.revision.commit == head.commit for d in recent):
        return []
    what = f"{policy.staging.branch} is at {head.short}, which was never deployed to staging."
    return [Difference(policy.staging.branch, what, "`gate redeploy staging` brings it there.")]


def _lone_hotfixes(ports: Ports, policy: Policy) -> list[Difference]:
    do = "Look whether it may stay. The next release ships it: `gate release open`; to take it back, revert it."
    found = behind_our_back.lone_hotfixes(ports, policy)
    return [Difference(changes.subject_of(one), pull_request_words.lone_hotfix(one.number), do) for one in found]


def _tags(ports: Ports) -> list[Difference]:
    tags = release_tags(ports)
    with ports.store.reading() as tx:
        orders = {tag: pushes.order_of(tx, tag) for tag in tags.now if parse_rollback_tag(tag)}
    found = [_of_order(tag, order) for tag, order in orders.items() if order is None or order.action == pushes.REFUSED]
    for release, now in tags.strays():
        was = release.revision.commit if release.revision else ""
        found.append(Difference(release.tag, words.stray_tag(release.tag, was, now), words.put_tag_back(was)))
    return found + _tags_of_no_release(tags)


def _tags_of_no_release(tags: ReleaseTags) -> list[Difference]:
    """Tags that stand where our releases go. Older ones were there before us: they stand in nobody's way."""
    last = tags.last_published("", *TAGGED)
    found = []
    for tag in tags.now:
        release = tags.known.get(tag)
        if release is not None and not release.is_tagged and not release.is_being_published:
            do = f"Publish it (`gate release publish {tag}`), or delete the tag in the repository."
            found.append(Difference(tag, words.tag_of_no_release(tag, release.state), do))
        elif release is None and last is not None and greatest([last, tag]) != last:
            do = "Delete it in the repository, or the next release has to be greater."
            found.append(Difference(tag, words.tag_of_nobody(tag, last), do))
    return found


def _of_order(tag: str, order: AuditEntry | None) -> Difference:
    """Of a rollback tag that began nothing."""
    named = parse_rollback_tag(tag)
    assert named
    wanted = f"If it is still wanted: `gate rollback {named.release}`, or push the next tag, TAG-rollback.2."
    if order is None:
        return Difference(tag, f"The tag {tag} orders a rollback that was never begun.", wanted)
    what = f"The tag {tag} of {order.actor} orders a rollback that was refused: {order.reason}"
    return Difference(tag, what, "Delete the tag in the repository; make it anew where it is still wanted.")
