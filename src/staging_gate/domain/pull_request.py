"""A pull request, as the code host shows it: what people and machines said there of a change."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from staging_gate.domain.check import Verdict

OUR_CHECK = "staging-gate"
"""The name of our own verdict there. To wait for it would be to wait for ourselves."""


class PullState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


class Word(StrEnum):
    """OTHER is whatever the code host may come to say besides: it counts for nothing."""

    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    OTHER = "other"


@dataclass(frozen=True)
class Opinion:
    """The last word of one account that still stands. `commit` is what it was said of, None where that was forgotten.

    `key` names it at the code host, and never another.
    """

    key: str
    person: str
    word: Word
    commit: str | None
    at: datetime | None = None
    is_person: bool = True
    address: str = ""


@dataclass(frozen=True)
class HostCheck:
    """What a machine reported of the head there. `required`: the code host's own rules ask for it, by whoever `app`
    names (anybody where it is empty)."""

    name: str
    verdict: Verdict
    required: bool = False
    address: str = ""
    app: str = ""


@dataclass(frozen=True)
class PullRequest:
    """`head` is a commit. `fork` names the repository that the branch is in where that is another one; of one that is
    gone, nothing but `unknown`. `merged` is the commit that merging made, None where that is not told, and `merged_at`
    when that was.

    `opinions` and `checks` are None where they were not asked for.
    """

    number: int
    state: PullState
    title: str
    source: str
    target: str
    head: str
    author: str
    author_is_person: bool = True
    description: str = ""
    labels: tuple[str, ...] = ()
    draft: bool = False
    fork: str = ""
    address: str = ""
    merged: str | None = None
    merged_at: datetime | None = None
    ended_by: str | None = None
    opinions: tuple[Opinion, ...] | None = None
    checks: tuple[HostCheck, ...] | None = None

    @property
    def is_open(self) -> bool:
        return self.state is PullState.OPEN

    @property
    def branch(self) -> str:
        """The branch, with its owner where it is in a fork: no branch of ours has a colon."""
        return f"{self.fork.partition('/')[0]}:{self.source}" if self.fork else self.source

    def required_checks(self) -> tuple[HostCheck, ...]:
        """Without our own."""
        return tuple(check for check in self.checks or () if check.required and check.name != OUR_CHECK)

    def before_it_was_merged(self, heard: "PullRequest | None") -> "PullRequest":
        """With what stood at that moment. What was `heard` before then tells what a person said who has said something
        else since."""
        earlier = {one.person: one for one in (heard.opinions or () if heard else ())}
        stood = tuple(earlier.get(one.person) if self._came_too_late(one) else one for one in self.opinions or ())
        opinions = None if self.opinions is None else tuple(one for one in stood if one is not None)
        return replace(self, state=PullState.OPEN, opinions=opinions)

    def _came_too_late(self, opinion: Opinion) -> bool:
        return opinion.at is not None and self.merged_at is not None and opinion.at > self.merged_at

    def without_details(self) -> "PullRequest":
        return replace(self, opinions=None, checks=None)


@dataclass(frozen=True)
class Heard:
    """What the code host said last of a pull request, and when we asked."""

    at: datetime
    pull: PullRequest
