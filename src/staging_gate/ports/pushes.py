"""A push to a repository that we serve ourselves: who may, what it would change, what it did change.

The three callables may be called from any thread, several at a time; the pusher waits for each of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from staging_gate.domain.actor import Actor


@dataclass(frozen=True)
class RefUpdate:
    """One ref in a push. `old` is None where the ref is new, `new` where it is deleted.

    `kind` is what `new` names: commit, tag (an annotated tag), tree or blob. `commit` is the commit that it stands for
    in the end; None where there is none.
    """

    ref: str
    old: str | None
    new: str | None
    kind: str | None = None
    commit: str | None = None

    @property
    def branch(self) -> str | None:
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else None

    @property
    def tag(self) -> str | None:
        return self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else None

    @property
    def annotated(self) -> bool:
        return self.kind == "tag"


@dataclass(frozen=True)
class TagMade:
    """A tag that somebody made at the code host; `by` is the account there."""

    tag: str
    by: str


class TagNews(Protocol):
    """Who makes tags at a code host that people push to themselves: its signed webhook is all that says so."""

    def made(self, hint: bytes) -> TagMade | None:
        """What a webhook says of it, None where it is about something else, or another repository. Takes any body."""
        ...


Authenticate = Callable[[str, str], Actor | None]
"""(name, password) -> the actor; None where they do not fit. The password is an API token."""

Judge = Callable[[Actor, tuple[RefUpdate, ...]], list[str]]
"""Why this push is refused, in words for the pusher's terminal; an empty list lets it through. All or nothing."""

Received = Callable[[Actor, tuple[RefUpdate, ...]], None]
"""Told what a push really changed, before the pusher sees its end. A hint: a killed server does not send it."""
