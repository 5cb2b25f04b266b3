"""What people are told: by mail, in a chat, on their telephone. Read on small screens, out of all context."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from staging_gate.domain.audit import AuditEntry
from staging_gate.domain.bypass import Bypass
from staging_gate.domain.change import Change
from staging_gate.domain.check import Check
from staging_gate.domain.deployment import Deployment
from staging_gate.domain.followup import FollowUp
from staging_gate.domain.incident import Incident
from staging_gate.domain.notification import CHANNEL, Delivery, Message, Notice, Notification
from staging_gate.domain.release import Release
from staging_gate.messages import bypasses, deployments, followups

LONGEST = 1500
"""Characters of what people or programs wrote that a message repeats."""

LATE = timedelta(minutes=2)
"""From then on a message says that it is late."""


# --- what is told ------------------------------------------------------------------------------------------------


def hotfix_opened(change: Change) -> Message:
    who = ", ".join(change.reviewers) or "nobody that gate.yaml names"
    body = (
        f"{change.author} says why it can not wait: {_cut(change.hotfix_reason or '')}\n"
        f"One of you has to look at it and say yes: {who}.\n"
        f"`gate change diff {change.number}`, then `gate approve {change.number} --as tech_lead` (or on_call)."
    )
    return Message(f"Hotfix, change {change.number}: {change.title}", body, urgent=True)


def incident_opened(incident: Incident) -> Message:
    about = f"It is about {incident.deployment}. " if incident.deployment else ""
    body = f"{_cut(incident.details)}\n{about}Opened by {incident.opened_by}. `gate incident show {incident.id}`"
    title = f"{incident.severity.upper()} incident {incident.id}: {incident.title}"
    return Message(title, body.strip(), urgent=incident.severity.is_critical)


def release_proposed(release: Release) -> Message:
    body = f"Opened by {release.created_by}. It needs its approvals: `gate explain {release.tag}`.\n{release.notes}"
    return Message(f"Proposed: {release.title}", _cut(body))


def release_waits(release: Release, by: str) -> Message:
    body = f"{by} asked for it. It goes by itself when the gate opens; `gate explain {release.tag}` says when."
    return Message(f"{release.tag} waits to be published", body)


def release_published(release: Release) -> Message:
    return Message(f"{release.tag} goes to production", f"{release.title}, published by {release.published_by}.")


def release_verified(release: Release) -> Message:
    return Message(f"{release.tag} is in production, and proved there", _cut(f"{release.title}\n{release.notes}"))


def release_failed(broken: Deployment) -> Message:
    body = (
        f"{_cut(broken.failure)}\nIt is in quarantine, and never goes to production again. "
        f"`gate deployment show {broken.id}`"
    )
    return Message(f"{broken.release} {deployments.failed_in_production(broken)}", body.strip(), urgent=True)


def deployment_broke(broken: Deployment) -> Message:
    body = f"{_cut(broken.failure)}\nNot the release failed, but what deploys it. `gate deployment show {broken.id}`"
    return Message(f"{broken.id}, {deployments.name(broken)}, could not be ended", body.strip(), urgent=True)


def rollback_started(rollback: Deployment) -> Message:
    body = f"{rollback.why}. `gate deployment follow {rollback.id}`"
    return Message(f"Production goes back to {deployments.name(rollback)}", body, urgent=True)


def rollback_ended(rollback: Deployment) -> Message:
    name = deployments.name(rollback)
    if not rollback.failure:
        return Message(f"Production is back at {name}", f"{rollback.id}, {rollback.why}.")
    body = f"{rollback.id}: {_cut(rollback.failure)}"
    return Message(f"The rollback to {name} did not succeed ({rollback.state})", body, urgent=True)


def bypass_given(bypass: Bypass) -> Message:
    body = f"{bypasses.line(bypass, bypass.at)}\n`gate bypass withdraw {bypass.id}` takes it back."
    return Message(f"{bypass.by} opens a closed gate for {bypass.subject}", body)


def approval_asked(change: Change, by: str) -> Message:
    body = f"`gate change diff {change.number}`, then `gate approve {change.number}`."
    return Message(f"{by} asks you to look at change {change.number}: {change.title}", body)


def follow_up_due(one: FollowUp, at: datetime) -> Message:
    return Message(f"To be done: {one.title}", followups.reminder(one, at))


def check_failed(change: Change, check: Check) -> Message:
    body = f"{_cut(check.summary)}\n`gate change log {change.number} {check.name}`"
    return Message(f"{check.name} {check.verdict} on change {change.number}: {change.title}", body.strip())


def merge_given_up(change: Change, why: str) -> Message:
    body = f"{_cut(why)}\n`gate explain {change.number}` says what is missing; then it is asked for again."
    return Message(f"Change {change.number} is not merged: {change.title}", body)


def rollback_refused(tag: str, release: str, by: str, why: str) -> Message:
    body = (
        f"{by} pushed it. {_cut(why)}\n"
        f'`gate rollback {release} --reason "..."` asks for the same; or delete the tag, and push it anew.'
    )
    return Message(f"{tag} is refused: no rollback was begun", body, urgent=True)


def sight_lost(deployment: Deployment, lost: AuditEntry) -> Message:
    what = deployment.release or deployment.revision.short
    body = (
        f"{_cut(lost.reason)}\n"
        f"So it is since {lost.at:%H:%M} UTC, in the middle of bringing {what} live. It goes on by itself as soon as "
        f"there is an answer; until then do not deploy by hand. `gate deployment show {deployment.id}`"
    )
    return Message(f"{deployment.id}: nobody can tell what production runs", body, urgent=True)


def seen_again(deployment: Deployment) -> Message:
    how = f"It {deployment.state.replace('_', ' ')}." if deployment.state.ended else "It goes on."
    body = f"{how} `gate deployment show {deployment.id}`"
    return Message(f"{deployment.id}: what production runs is known again", body)


def trial(by: str) -> Message:
    return Message("Staging Gate can reach you here", f"{by} tries whether messages arrive. Nothing has happened.")


# --- what is put around it ---------------------------------------------------------------------------------------


def as_sent(notice: Notice, one: Notification, address: str, at: datetime) -> Message:
    """`address` is that of our pages, empty where it is not known."""
    lines = [notice.body]
    if one.repeat:
        lines.append(f"Told again ({one.repeat}): nobody has acknowledged it.")
    if at - one.created_at > LATE:
        lines.append(f"This comes late: it happened at {_moment(notice.at)}.")
    if one.unclear:
        lines.append("It may have reached you before.")
    if notice.acknowledged_by:
        lines.append(f"{notice.acknowledged_by} sees to it already.")
    elif notice.page and not one.recipient.startswith(CHANNEL):
        lines.append(f"Say that you see to it: `gate ack {notice.id}`")
    lines.append(link(address, notice.subject))
    return Message(notice.title, "\n".join(line for line in lines if line), urgent=notice.page)


def link(address: str, subject: str) -> str:
    """The page about it; empty where there is none."""
    kind, _, number = subject.rpartition(" ")
    if not address or kind not in ("", "change"):
        return address
    if kind == "change":
        return f"{address}/changes/{number}"
    is_deployment = subject.startswith(("staging-", "production-"))
    return f"{address}/{'deployments' if is_deployment else 'releases'}/{quote(subject)}"


# --- what is said of it here -------------------------------------------------------------------------------------


def no_address(recipient: str) -> str:
    key = "channels" if recipient.startswith(CHANNEL) else "people"
    return f"gate.yaml has no address for {recipient}: add notify.{key}.{recipient.removeprefix(CHANNEL)}."


def late(recipient: str, notice: Notice, one: Notification) -> str:
    """For the board: who was not told of what."""
    told = "could not be told so far" if one.state is Delivery.PENDING else "was not told"
    tries = "1 try" if one.attempts == 1 else f"{one.attempts} tries"
    return f"{recipient} {told} ({tries}) of: {notice.title}. {one.problem}"


def waits_for_a_person(notice: Notice, people: Sequence[str]) -> str:
    told = f"told {', '.join(people)}" if people else "nobody could be told"
    return f"{notice.title} ({told}; {_moment(notice.at)})"


def nobody_to_page(notice: Notice) -> str:
    return f"gate.yaml names nobody who could be told of this: {notice.title}"


def not_acknowledged(notice: Notice) -> str:
    return f"Nobody has acknowledged it, and it is not told again: {notice.title}"


def given_up(recipient: str, one: Notification) -> str:
    return f"{recipient} was not told, after {one.attempts} tries: {one.problem}"


def acknowledged_already(notice: Notice) -> str:
    assert notice.acknowledged_at is not None
    return f"{notice.acknowledged_by} sees to it already, since {_moment(notice.acknowledged_at)}: {notice.title}"


def no_page(notice: Notice) -> str:
    return f"Notice {notice.id} does not wait for anybody: {notice.title}"


def not_delivered(recipient: str, why: str) -> str:
    return f"{recipient} was not reached. {why}"


def nowhere(recipient: str, known: tuple[str, ...]) -> str:
    here = ", ".join(known) or "nobody yet"
    return f"gate.yaml says nowhere under `notify` how {recipient} is reached. It knows: {here}."


def can_be_reached(names: tuple[str, ...]) -> str:
    return f"{', '.join(names)} can be reached"


def nobody_is_told() -> str:
    return "gate.yaml has no `notify`: nobody is told of a hotfix, an incident or a release"


def how_to_be_told() -> str:
    return "Say under `notify` in gate.yaml how people are reached; `gate notifications test NAME` tries it."


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST].rstrip() + " ..."


def _moment(at: datetime) -> str:
    return f"{at:%a %Y-%m-%d %H:%M} UTC"
