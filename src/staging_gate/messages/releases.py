"""Titles, merge messages and tag messages."""

from staging_gate.domain.change import Change
from staging_gate.domain.release import Release, ReleaseState


def release_title(tag: str, headline: str) -> str:
    return f"Release {tag} - {headline}"


def merge_message(change: Change) -> str:
    body = f"\n\n{change.description.strip()}" if change.description.strip() else ""
    return f"{change.title} (#{change.number}){body}\n"


def tag_message(title: str, notes: str, seq: int, head: str) -> str:
    """The head of the audit chain is an anchor outside of it: who rewrites the record must rewrite tags too."""
    return f"{title}\n\n{notes.strip()}\n\nGate-Audit: {seq} {head}\n"


def taken(release: Release) -> str:
    """Why no release of this tag can be opened."""
    if release.state is ReleaseState.MERGED:
        return (
            f"{release.tag} is merged and waits for its tag: `gate release publish {release.tag}`, "
            f"or take it back: `gate release withdraw {release.tag}`."
        )
    return f"{release.tag} is {release.state} already. `gate release plan` suggests the next version."
