"""What is to be done after a hotfix or a rollback, and the words that remind of it."""

from datetime import datetime

from staging_gate.domain.deployment import Deployment
from staging_gate.domain.followup import FollowUp, FollowUpKind
from staging_gate.messages import deployments

_AFTER_HOTFIX = {
    FollowUpKind.DOCUMENT: "Document what happened",
    FollowUpKind.REVIEW: "Review why the hotfix was needed",
    FollowUpKind.ADD_TESTS: "Add tests, so that it does not come back",
    FollowUpKind.PROPER_FIX: "Schedule the proper fix, if the hotfix is temporary",
}


def after_hotfix(kind: FollowUpKind, tag: str, title: str) -> str:
    return f"{_AFTER_HOTFIX[kind]} ({tag}, {title})"


def after_rollback(kind: FollowUpKind, rollback: Deployment, undone: Deployment) -> str:
    bad = deployments.name(undone)
    return {
        FollowUpKind.NOTIFY: f"Tell the team that {bad} was taken back to {deployments.name(rollback)}, and why",
        FollowUpKind.REPORT: f"Write the incident report: `gate report {rollback.id}` drafts it",
        FollowUpKind.PROPER_FIX: f"Plan the fix of what was wrong with {bad}",
    }[kind]


def reminder(one: FollowUp, at: datetime) -> str:
    late = (at - one.due_at).days
    since = "is due today" if late < 1 else "is 1 day late" if late == 1 else f"is {late} days late"
    return f"{one.owner}: {one.title} {since}; when it is done: `gate followup done {one.id}`"


def done_already(one: FollowUp) -> str:
    return f"Follow-up {one.id} is done already: {one.done_by} said so at {one.done_at:%Y-%m-%d %H:%M} UTC."
