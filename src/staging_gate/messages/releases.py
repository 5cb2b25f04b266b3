"""Titles, merge messages and tag messages."""

from collections.abc import Sequence
from datetime import date, timedelta

from staging_gate.domain.bypass import Bypass
from staging_gate.domain.change import Change
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.messages.bypasses import tag_line


def release_title(tag: str, headline: str) -> str:
    return f"Release {tag} - {headline}"


def merge_message(change: Change) -> str:
    body = f"\n\n{change.description.strip()}" if change.description.strip() else ""
    return f"{change.title} (#{change.number}){body}\n"


def tag_message(title: str, notes: str, seq: int, head: str, bypasses: Sequence[Bypass] = ()) -> str:
    """The head of the audit chain is an anchor outside of it: who rewrites the record must rewrite tags too. What
    was let through by a bypass says so for ever."""
    passed = "".join(f"{tag_line(bypass)}\n" for bypass in bypasses)
    return f"{title}\n\n{notes.strip()}\n\n{passed}Gate-Audit: {seq} {head}\n"


def stray_tag(tag: str, was: str, now: str | None) -> str:
    """What became of the tag of a published release; `now` is the commit it points at."""
    return f"The tag {tag} was moved from {was[:10]} to {now[:10]}." if now else f"The tag {tag} was deleted."


def put_tag_back(was: str) -> str:
    return (
        f"A release is never edited: find out who did it. An administrator puts it back to {was[:10]} in the "
        "repository itself; the record keeps what was published."
    )


def tag_of_no_release(tag: str, state: str) -> str:
    return f"The tag {tag} is there, but the release {tag} is {state}: no deployment was begun."


def tag_of_nobody(tag: str, last: str) -> str:
    return f"The tag {tag} was not published through the gate, and stands above {last}, the last release."


def on_main_already(withdrawn: Release, wanted: str) -> str:
    return (
        f"This code is on main already, as {withdrawn.tag}, which was withdrawn; {wanted} would be approved by nobody. "
        f"Open that one anew: `gate release open --tag {withdrawn.tag}`."
    )


def taken(release: Release) -> str:
    """Why no release of this tag can be opened."""
    if release.state is ReleaseState.MERGED:
        return (
            f"{release.tag} is merged and waits for its tag: `gate release publish {release.tag}`, "
            f"or take it back: `gate release withdraw {release.tag}`."
        )
    return f"{release.tag} is {release.state} already. `gate release plan` suggests the next version."


def announced_too_soon(tag: str, earliest: date, ahead: timedelta) -> str:
    return (
        f"{tag} can be announced for {earliest:%a %Y-%m-%d} at the earliest: majors are announced {ahead.days} days "
        "ahead (`calendar.announce_majors` in gate.yaml)."
    )
