"""A change: a pull request, on any code host."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.revision import Revision


class ChangeState(StrEnum):
    OPEN = "open"
    MERGED = "merged"
    CLOSED = "closed"


@dataclass(frozen=True)
class MergePreview:
    """What merging head into base would give: a revision, or the files in conflict. `base` is what it was made for."""

    base: str
    head: str
    merged: Revision | None
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """`preview` is None until it was computed for the present head and base; `migrations` names all that merging would
    give. `reviewers` were asked to look at it.

    While somebody is merging it, `merge_requested_at`, `merged_by` and `method` say since when, who and how.
    `hotfix_reason` is why a hotfix to production is urgent, None for every other change.
    `merge_wanted_*` say the same of a merge that begins by itself as soon as the gate is open.
    `counted` are the ids of the approvals that held when it was merged; None where that is not known.
    """

    number: int
    title: str
    source: str
    target: str
    author: str
    head: Revision
    opened_at: datetime
    description: str = ""
    labels: tuple[str, ...] = ()
    state: ChangeState = ChangeState.OPEN
    preview: MergePreview | None = None
    release: str | None = None
    merged: Revision | None = None
    merged_at: datetime | None = None
    merged_by: str | None = None
    method: MergeMethod | None = None
    merge_requested_at: datetime | None = None
    last_pusher: str | None = None
    migrations: str = ""
    reviewers: tuple[str, ...] = ()
    hotfix_reason: str | None = None
    merge_wanted_at: datetime | None = None
    merge_wanted_by: str | None = None
    merge_wanted_method: MergeMethod | None = None
    counted: tuple[str, ...] | None = None

    @property
    def is_open(self) -> bool:
        return self.state is ChangeState.OPEN

    @property
    def is_hotfix(self) -> bool:
        return self.source.startswith("hotfix/")

    @property
    def is_from_fork(self) -> bool:
        """`source` is OWNER:BRANCH then; no branch of ours has a colon."""
        return ":" in self.source

    @property
    def is_release(self) -> bool:
        return self.release is not None

    @property
    def is_being_merged(self) -> bool:
        return self.is_open and self.merge_requested_at is not None

    @property
    def goes_alone(self) -> bool:
        """A hotfix to production: it is released by itself, as its own head. That is what production runs and the fix,
        whatever else has come to the target branch; merging keeps the head among its commits."""
        return self.hotfix_reason is not None

    def to_be_proved(self) -> Revision | None:
        """What the checks have to prove: what merging would put on the target branch, of a hotfix what goes to
        production. None while it does not merge."""
        merged = self.preview.merged if self.preview else None
        return self.head if merged and self.goes_alone else merged

    @property
    def waits(self) -> bool:
        """Whether it is to be merged by itself as soon as the gate opens."""
        return self.is_open and self.merge_wanted_at is not None

    def mergeable_tree(self) -> str | None:
        """The tree of what is to be proved."""
        proved = self.to_be_proved()
        return proved.tree if proved else None


@dataclass(frozen=True)
class Tested:
    """A person's word that this change was tried in staging, on that tree."""

    change: int
    by: str
    at: datetime
    tree: str
    note: str = field(default="")
