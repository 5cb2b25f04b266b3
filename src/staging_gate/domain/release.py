"""A release: a tag, a revision and notes, numbered, never edited."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from staging_gate.domain.revision import Revision


class ReleaseState(StrEnum):
    """proposed: its change is open. merged: on main, no tag yet. published: tagged. verified: proved in production."""

    PROPOSED = "proposed"
    MERGED = "merged"
    PUBLISHED = "published"
    VERIFIED = "verified"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


TAGGED = (ReleaseState.PUBLISHED, ReleaseState.VERIFIED, ReleaseState.FAILED)


@dataclass(frozen=True)
class Release:
    """`publish_wanted_*` say since when and for whom the calendar is to publish it; `held_back` is why it did not when
    it last looked, where that is more than the calendar. `ended_at` is when it was verified, failed or was withdrawn.
    """

    tag: str
    title: str
    notes: str
    state: ReleaseState
    change: int | None
    created_by: str
    created_at: datetime
    revision: Revision | None = None
    published_at: datetime | None = None
    published_by: str | None = None
    verified_at: datetime | None = None
    publish_wanted_at: datetime | None = None
    publish_wanted_by: str | None = None
    held_back: str = ""
    ended_at: datetime | None = None

    @property
    def is_tagged(self) -> bool:
        return self.state in TAGGED

    @property
    def edition(self) -> str:
        """Names these words: who edits them says which they saw."""
        return sha256(f"{self.title}\0{self.notes}".encode()).hexdigest()[:12]

    @property
    def is_being_published(self) -> bool:
        """Somebody asked for the tag, and it is being made at this moment."""
        return self.state is ReleaseState.MERGED and self.published_by is not None

    @property
    def waits(self) -> bool:
        """Whether it is to be published by itself as soon as the gate opens."""
        return self.publish_wanted_at is not None and self.state in (ReleaseState.PROPOSED, ReleaseState.MERGED)


@dataclass(frozen=True)
class Quarantine:
    """A release marked bad: neither its tag nor its tree is promoted again until a named person lifts it."""

    tag: str
    tree: str
    reason: str
    by: str
    at: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_reason: str = ""


@dataclass(frozen=True)
class Hold:
    """A stop on promotions to an environment. Rollbacks are never held."""

    id: str
    environment: str
    reason: str
    by: str
    at: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    lifted_reason: str = ""
