"""Where the code, its branches and its tags live.

Every acting call can be asked again with the same arguments and does nothing twice: it looks first.
Raises the family of `ports.errors`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from staging_gate.domain.change import MergePreview
from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.revision import Commit, Revision


class HeadMoved(Exception):
    """The branch is not where the caller saw it; nothing was changed. `ref` is the branch, `found` where it is now."""

    def __init__(self, ref: str, found: str | None) -> None:
        super().__init__(f"{ref} has moved")
        self.ref = ref
        self.found = found


@dataclass(frozen=True)
class MergeOrder:
    """Merge `head` into the branch `into`, which must still be at `base`. `tree` is what the gate let through.

    `change` is the number of what is merged, where the code host numbers changes too: no other one counts, though it
    may have the same head.
    """

    key: str
    into: str
    base: str
    head: str
    tree: str
    method: MergeMethod
    message: str
    author: str
    at: datetime
    change: int | None = None


@dataclass(frozen=True)
class Tag:
    """`commit` is what the tag points at in the end. A lightweight tag is not `annotated`. `id` is another one where a
    tag was deleted and made anew."""

    name: str
    commit: str
    annotated: bool
    id: str
    message: str = ""
    tagger: str = ""


@dataclass(frozen=True)
class TagOrder:
    name: str
    commit: str
    message: str
    author: str
    at: datetime


@dataclass(frozen=True)
class Outdated:
    """What is told of branches and tags is as of `since`, None where nobody knows any more; `why` it is not newer."""

    since: datetime | None
    why: str


class CodeHost(Protocol):
    def revision(self, ref: str) -> Revision | None:
        """The commit that a branch, tag or commit name stands for; None where there is none."""
        ...

    def branches(self) -> dict[str, str]:
        """Branch name -> commit, of all branches."""
        ...

    def tags(self) -> dict[str, Tag]:
        """Tag name -> tag, of all tags."""
        ...

    def pusher(self, branch: str, commit: str) -> str | None:
        """Who moved the branch to this commit, the last time that it came there, by the code host's own record.

        None where that was no person: a merge of ours, or somebody behind our back.
        """
        ...

    def file(self, commit: str, path: str) -> bytes | None:
        """The content of a file in a revision; None where there is none."""
        ...

    def folder(self, commit: str, path: str) -> str | None:
        """A name for all that is in a folder of a revision: the same for the same content. None where there is none."""
        ...

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Whether `commit` is contained in `of`."""
        ...

    def commits(self, since: str | None, until: str) -> list[Commit]:
        """The commits that `until` has and `since` lacks, newest first; all of them without `since`."""
        ...

    def diff(self, base: str, head: str) -> str:
        """A unified diff of what head changed since it left base."""
        ...

    def changed_files(self, base: str, head: str) -> list[str]:
        """The paths that head changed since it left base."""
        ...

    def preview_merge(self, base: str, head: str) -> MergePreview:
        """Merge two commits without moving any branch. The same input gives the same commit."""
        ...

    def foresee_merge(self, order: MergeOrder) -> Revision | None:
        """What `merge` of this order will give, while no branch has moved. None where nobody can know that before, or
        where the branch is not at `base`."""
        ...

    def merge(self, order: MergeOrder) -> Revision:
        """Move the branch to the merge. Done already (the branch contains it): the same revision again.

        Raises HeadMoved when the branch is not at `base`, Refused when the merge's tree is not `tree`. A code host
        that makes merges itself writes its own author and moment into them, and may see the branch move in the very
        moment of the merge: what it made is then returned, with the tree that it really has.
        """
        ...

    def delete_branch(self, name: str, at: str) -> None:
        """Delete a branch that is still at `at`; one that moved or is gone is left alone. Its commits stay readable."""
        ...

    def create_tag(self, order: TagOrder) -> Tag:
        """Create an annotated tag. The same tag on the same commit again is success; on another one it is Refused."""
        ...

    def create_branch(self, name: str, at: str) -> None:
        """Create a branch; the same one again is success, elsewhere it is Refused."""
        ...

    def outdated(self) -> Outdated | None:
        """While it can not be reached, its branches and tags are told as they were last seen: a rollback goes on
        without it. None where they are as they are; acting calls fail meanwhile."""
        ...

    def clone_address(self) -> str:
        """Where a local mirror can fetch from: a path or an address."""
        ...
