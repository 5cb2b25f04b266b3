"""Title and notes of a release, until its tag is made. Approvals are of code, migrations and rules: words void none."""

from dataclasses import replace

from staging_gate.domain.actor import Actor
from staging_gate.domain.release import Release
from staging_gate.messages.releases import release_title
from staging_gate.ports import Ports
from staging_gate.runbook import changes, deciding, releasing
from staging_gate.runbook.changes import Unusable


def edit_release(
    ports: Ports, tag: str, by: Actor, title: str | None = None, notes: str | None = None, edition: str | None = None
) -> Release:
    """Change what is said, in the release and in its open change; `edition` names the words that were looked at.

    Raises Closed, Unknown; Unusable where somebody has edited them since, or nothing would be left.
    """
    release = releasing.get(ports, tag)
    deciding.through(deciding.on_editing(ports, release, by))
    if edition is not None and edition != release.edition:
        raise Unusable(
            f"Somebody else has edited {tag} since you looked: read it again (`gate release show {tag}`), then edit."
        )
    new = replace(
        release,
        title=release.title if title is None else _named(tag, title),
        notes=release.notes if notes is None else notes.strip() + "\n",
    )
    if not new.notes.strip():
        raise Unusable("Notes are wanted, found nothing: what is not there is said by `None` under its heading.")
    if new == release:
        return release
    _say_there(ports, new)
    with ports.store.transaction() as tx:
        tx.releases.update(new, release)  # who else edits, publishes or withdraws it now finds it changed: Stale
        change = tx.changes.get(release.change) if release.change else None
        if change is not None and change.is_open:
            tx.changes.update(replace(change, title=new.title, description=new.notes), change)
        tx.audit(by, "release edited", tag, new.title, was=release.edition, now=new.edition)
    return new


def _say_there(ports: Ports, release: Release) -> None:
    change = changes.find(ports, release.change) if release.change else None
    if ports.pull_requests is not None and change is not None and change.is_open:
        ports.pull_requests.edit(change.number, release.title, release.notes)


def _named(tag: str, title: str) -> str:
    """The version stays in front, whatever was typed."""
    said = changes.one_line(title)
    if not said:
        raise Unusable("A title is wanted, found nothing.")
    return said if said.startswith(f"Release {tag} - ") else release_title(tag, said)
