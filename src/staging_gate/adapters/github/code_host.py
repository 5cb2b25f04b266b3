"""GitHub as a code host: it is read through a mirror on this machine, and acted on through its API.

What a commit holds never changes, so all of that is read from the mirror; where the branches and tags are is fetched
anew. Merges, branches and tags are made by GitHub, so its rules and its record hold.
"""

from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from staging_gate.adapters.github.calls import Calls
from staging_gate.adapters.github.merging import Merging
from staging_gate.domain.change import MergePreview
from staging_gate.domain.revision import Commit, Revision
from staging_gate.ports.clock import Clock
from staging_gate.ports.code_host import CodeHost, MergeOrder, Outdated, Tag, TagOrder
from staging_gate.ports.errors import OutsideError, Refused, Unavailable

FULL_ID = 40
PUSHES = ("push", "force_push", "branch_creation")
AWAY_FOR = timedelta(seconds=10)
"""How long nobody asks again after a look that failed: it may have taken a while."""
SOON = 5.0
"""Seconds in which GitHub's git is expected to show what its API has done."""


class Mirror(CodeHost, Protocol):
    """A copy of the repository on this machine."""

    def admit(self, order: MergeOrder) -> None:
        """Refused unless merging gives exactly the tree that the gate let through; moves nothing."""
        ...

    def tag_there(self, order: TagOrder) -> Tag | None:
        """The tag that is to be made, where it is there already. Refused where it can not be made."""
        ...

    def branch_there(self, name: str, at: str) -> bool:
        """Whether the branch that is to be made is there already. Refused where it can not be made."""
        ...

    def close(self) -> None: ...


class Fetch(Protocol):
    def __call__(self) -> None:
        """Bring the mirror up to date. Raises Refused and Unavailable."""
        ...


class Copy:
    """The mirror, as old as `fresh_for` allows. Safe from any thread: who comes while it is fetched waits for that."""

    def __init__(self, mirror: Mirror, fetch: Fetch, clock: Clock, fresh_for: timedelta) -> None:
        self.mirror = mirror
        self.outdated: Outdated | None = None
        self._fetch, self._clock, self._fresh_for = fetch, clock, fresh_for
        self._turn = Lock()
        self._looked_at: datetime | None = None
        self._fetched_at: datetime | None = None
        self._changed_at: datetime | None = None

    def now(self) -> Mirror:
        """Fetched anew, whatever its age."""
        with self._turn:
            self._look()
        return self.mirror

    def lately(self) -> Mirror:
        """While GitHub can not be read it is as it was last seen; raises where it never was."""
        with self._turn:
            if not self._is_fresh(self._clock.now()):
                try:
                    self._look()
                except OutsideError:
                    if self._fetched_at is None and not self.mirror.branches():
                        raise
        return self.mirror

    def is_behind(self) -> None:
        """GitHub has told of a change, so what was fetched before does not count as fresh. Returns at once."""
        self._changed_at = self._clock.now()

    def _is_fresh(self, at: datetime) -> bool:
        looked, changed = self._looked_at, self._changed_at
        lasts = max(self._fresh_for, AWAY_FOR) if self.outdated else self._fresh_for
        return looked is not None and at - looked < lasts and (changed is None or looked > changed)

    def _look(self) -> None:
        self._looked_at = asked_at = self._clock.now()
        try:
            self._fetch()
        except OutsideError as error:
            self.outdated = Outdated(self._fetched_at, error.message)
            raise
        self._fetched_at, self.outdated = asked_at, None

    def holding(self, *names: str) -> Mirror:
        """With these in it: what is named by its whole id and known can not be out of date."""
        known = all(len(name) == FULL_ID and self.mirror.revision(name) for name in names)
        return self.mirror if known else self.lately()

    def arrived(self, commit: str) -> Revision:
        """A commit that the API has named; its git may be a moment behind."""
        for pause in (0.0, 0.5, 1.0, 2.0, SOON):
            if pause:
                self._clock.pause(pause)
            if found := self.mirror.revision(commit) or self.now().revision(commit):
                return found
        raise Unavailable(f"GitHub made the commit {commit[:10]}, but does not let it be fetched yet.", "", SOON)


class GitHubCodeHost:
    """The port code_host on one repository at GitHub. Safe from any thread."""

    def __init__(self, calls: Calls, mirror: Mirror, fetch: Fetch, clock: Clock, fresh_for: timedelta) -> None:
        self.calls = calls
        self._copy = Copy(mirror, fetch, clock, fresh_for)
        self._merging = Merging(calls, self._copy, clock)

    def look_again(self) -> None:
        """What is there now, because somebody said that it changed."""
        self._copy.now()

    def heard(self, body: bytes) -> None:
        """A webhook came: whatever it says, the next look fetches."""
        self._copy.is_behind()

    def outdated(self) -> Outdated | None:
        return self._copy.outdated

    def close(self) -> None:
        self._copy.mirror.close()
        self.calls.http.close()

    def revision(self, ref: str) -> Revision | None:
        """A branch by its full name is looked at as it is now: who asks like that has just pushed to it."""
        mirror = self._copy.now() if ref.startswith("refs/heads/") else self._copy.holding(ref)
        return mirror.revision(ref)

    def branches(self) -> dict[str, str]:
        return self._copy.lately().branches()

    def tags(self) -> dict[str, Tag]:
        return self._copy.lately().tags()

    def pusher(self, branch: str, commit: str) -> str | None:
        """The login, by GitHub's record of the repository's activity. A bot is no person."""
        if self._copy.lately().branches().get(branch) is None:
            return None
        moves = self.calls.activity(branch)
        last = next((move for move in moves if move.after == commit), None)
        if last is None or last.activity_type not in PUSHES or last.actor is None or not last.actor.is_person:
            return None
        return last.actor.login

    def file(self, commit: str, path: str) -> bytes | None:
        return self._copy.holding(commit).file(commit, path)

    def folder(self, commit: str, path: str) -> str | None:
        return self._copy.holding(commit).folder(commit, path)

    def is_ancestor(self, commit: str, of: str) -> bool:
        return self._copy.holding(commit, of).is_ancestor(commit, of)

    def commits(self, since: str | None, until: str) -> list[Commit]:
        return self._copy.holding(*([since] if since else []), until).commits(since, until)

    def diff(self, base: str, head: str) -> str:
        return self._copy.holding(base, head).diff(base, head)

    def changed_files(self, base: str, head: str) -> list[str]:
        return self._copy.holding(base, head).changed_files(base, head)

    def preview_merge(self, base: str, head: str) -> MergePreview:
        return self._copy.holding(base, head).preview_merge(base, head)

    def foresee_merge(self, order: MergeOrder) -> Revision | None:
        """Only GitHub knows at which moment it merges."""
        return None

    def merge(self, order: MergeOrder) -> Revision:
        return self._merging.merge(order)

    def delete_branch(self, name: str, at: str) -> None:
        """GitHub can not delete on a condition: a push in this very moment goes with the branch, and stays readable."""
        if self._copy.now().branches().get(name) == at:
            self.calls.delete_branch(name)
            self._copy.now()

    def create_tag(self, order: TagOrder) -> Tag:
        mirror = self._copy.now()
        if found := mirror.tag_there(order):
            return found
        commit = mirror.revision(order.commit)
        assert commit
        made = self.calls.create_tag_object(order.name, commit.commit, order.message, order.author, order.at)
        self._create_ref(f"refs/tags/{order.name}", made.sha)
        found = self._copy.now().tag_there(order)
        if found is None:
            raise Unavailable(f"GitHub made the tag {order.name}, but does not show it yet.", "", SOON)
        return found

    def create_branch(self, name: str, at: str) -> None:
        mirror = self._copy.now()
        if not mirror.branch_there(name, at):
            commit = mirror.revision(at)
            assert commit
            self._create_ref(f"refs/heads/{name}", commit.commit)
            self._copy.now().branch_there(name, at)

    def clone_address(self) -> str:
        return self._copy.mirror.clone_address()

    def _create_ref(self, ref: str, to: str) -> None:
        """One that somebody made before us is left to be looked at; every other no is Refused."""
        answer = self.calls.create_ref(ref, to)
        if answer.status == 422 and b"already exists" not in answer.body:
            name = ref.split("/", 2)[2]
            raise Refused(
                f"GitHub does not make {name}: {self.calls.http.said(answer)}. A rule of the repository may forbid it "
                "to this token, or a name that begins or ends like it is in the way.",
                answer.text(),
            )
