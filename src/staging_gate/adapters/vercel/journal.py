"""What we had Vercel build, by deployment of ours. Vercel keeps a key of ours with it, so nothing is built twice."""

from dataclasses import dataclass
from uuid import uuid4

from staging_gate.wire import journal


@dataclass(frozen=True)
class Asked:
    """`key` stands with it at Vercel; `id` is what Vercel calls it, None while we have not heard.

    `taken`: it was built for another deployment of ours. `before` is when production was last switched at Vercel before
    we asked for it to be switched to this (its own milliseconds; 0 for never). Other times are ISO 8601: `asked_at` of
    the build, `moved_at` of asking for the switch, and `live_at` when its domain was first seen to lead to it.
    """

    commit: str
    key: str
    asked_at: str
    id: str | None = None
    taken: bool = False
    before: int | None = None
    moved_at: str | None = None
    live_at: str | None = None


def new_key() -> str:
    """Of this one wish and no other, whichever installation has it."""
    return uuid4().hex


@dataclass(frozen=True)
class Journal(journal.Journal[Asked]):
    kind = Asked

    def deployment_of(self, id: str) -> str | None:
        """The one of ours that was switched to this one at Vercel last; None where none ever was."""
        moved = [(asked.moved_at, name) for name, asked in self.all().items() if asked.id == id and asked.moved_at]
        return max(moved)[1] if moved else None

    def built(self, commit: str) -> Asked | None:
        """The newest of this commit that was live, which Vercel may still have."""
        lived = (one for one in reversed(self.all().values()) if one.commit == commit and one.live_at and one.id)
        return next(lived, None)
