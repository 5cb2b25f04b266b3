"""Release tags: as the code host has them, and as our record says they were published. A release that was published
counts, whatever somebody did to its tag behind our back."""

from collections.abc import Mapping
from dataclasses import dataclass

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.domain.version import greatest
from staging_gate.messages import releases as words
from staging_gate.ports import Ports
from staging_gate.ports.code_host import Tag
from staging_gate.ports.store import Transaction

MOVED, DELETED = "tag moved", "tag deleted"
GONE_WRONG = (ReleaseState.FAILED, ReleaseState.WITHDRAWN)


@dataclass(frozen=True)
class ReleaseTags:
    """`now` are all tags of the code host; `known` are our releases by tag, `bad` those in quarantine."""

    now: Mapping[str, Tag]
    known: Mapping[str, Release]
    bad: frozenset[str]

    def last(self, but: str = "") -> str | None:
        """The greatest release there ever was, on whatever line."""
        published = [tag for tag, release in self.known.items() if release.is_tagged]
        return greatest(name for name in (*self.now, *published) if name != but)

    def last_good(self, until: str) -> str | None:
        """The last release before the commit `until` that production may run: what came since then is new. What was
        taken back comes with the next release again."""
        return greatest(
            name
            for name in {*self.now, *(tag for tag, release in self.known.items() if release.is_tagged)}
            if not self._went_wrong(name) and self.commit(name) != until
        )

    def last_published(self, but: str, *states: ReleaseState) -> str | None:
        """The greatest of our own releases in one of these states."""
        return greatest(tag for tag, release in self.known.items() if tag != but and release.state in states)

    def commit(self, tag: str) -> str | None:
        """What was published under it; for tags that we did not publish, what they point at."""
        release = self.known.get(tag)
        if release is not None and release.is_tagged and release.revision is not None:
            return release.revision.commit
        return self.now[tag].commit if tag in self.now else None

    def strays(self) -> list[tuple[Release, str | None]]:
        """Published releases whose tag points elsewhere now, or nowhere (None)."""
        found = []
        for tag, release in self.known.items():
            now = self.now[tag].commit if tag in self.now else None
            if release.is_tagged and release.revision is not None and now != release.revision.commit:
                found.append((release, now))
        return found

    def _went_wrong(self, tag: str) -> bool:
        release = self.known.get(tag)
        return tag in self.bad or (release is not None and release.state in GONE_WRONG)


def release_tags(ports: Ports) -> ReleaseTags:
    now = ports.code_host.tags()
    with ports.store.reading() as tx:
        known = {release.tag: release for release in tx.releases.all()}
        return ReleaseTags(now, known, frozenset(bad.tag for bad in tx.releases.quarantines()))


def note_strays(ports: Ports) -> None:
    """Put it on the record, once, that somebody moved or deleted the tag of a published release."""
    strays = release_tags(ports).strays()
    if not strays:
        return
    with ports.store.transaction() as tx:
        for release, now in strays:
            if _noted(tx, release.tag) != (now or ""):
                assert release.revision is not None
                was = release.revision.commit
                tx.audit(
                    SYSTEM,
                    MOVED if now else DELETED,
                    release.tag,
                    words.stray_tag(release.tag, was, now),
                    published_at=was,
                    found_at=now or "",
                )


def _noted(tx: Transaction, tag: str) -> str | None:
    """Where we last said that the tag was found; None where we never said anything."""
    notes = [entry for entry in tx.audit_log.about(tag) if entry.action in (MOVED, DELETED)]
    return str(notes[-1].data["found_at"]) if notes else None
