"""In connected mode a change is a pull request first, and has its number."""

from collections.abc import Sequence

from staging_gate.domain.actor import Actor
from staging_gate.domain.policy import Policy
from staging_gate.ports import Ports
from staging_gate.ports.pull_requests import Opened, PullRequestOrder
from staging_gate.runbook.asking import surely


def at_host(ports: Ports, order: PullRequestOrder, labels: Sequence[str], release: str | None) -> Opened | None:
    """The pull request from this branch to that, opened where there is none; None where nobody works with them.

    One that somebody opened by hand becomes the release's: with its title and notes.
    """
    host = ports.pull_requests
    if host is None:
        return None
    opened = surely(host.open, order)
    number = opened.pull.number
    if release is not None and not opened.ours:
        host.edit(number, order.title, order.description)
    if missing := [label for label in labels if label not in opened.pull.labels]:
        host.label(number, missing, ())
    return opened


def author(policy: Policy | None, opened: Opened | None, by: Actor) -> str:
    """Whoever asks; of a pull request that one of us had opened there before, that one."""
    if opened is None or opened.ours or policy is None:
        return by.name
    there = policy.person(opened.pull.author)
    return there if there in policy.people and opened.pull.author_is_person else by.name
