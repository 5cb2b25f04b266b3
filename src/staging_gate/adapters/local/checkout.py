"""The code of a tree as plain files, from a bare mirror of the repository. See docs/adr/0004-checkouts-of-trees.md."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from staging_gate.adapters.local import disk
from staging_gate.adapters.local.environ import tool_environ
from staging_gate.adapters.local.folders import remove
from staging_gate.adapters.local.layout import make_folder
from staging_gate.adapters.local.leftovers import MARK, end_leftovers
from staging_gate.adapters.local.locks import locked
from staging_gate.domain.revision import Revision
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.wire.commands import Captured, capture

FETCH_WITHIN = 300.0
CHECKOUT_WITHIN = 300.0

Note = Callable[[str], None]


class Mirror:
    """A bare copy of the repository's branches and tags, fetched only when a tree is not there yet.

    A bare repository on this machine is not copied: the mirror borrows its objects, and sees each tree at once.
    """

    def __init__(self, folder: Path, source: Callable[[], str]) -> None:
        """`source` says where to fetch from: a path or an address."""
        self._folder = folder
        self._source = source
        self._mark = f"fetch-{folder}"

    def check_out(self, revision: Revision, into: Path, mark: str, note: Note) -> None:
        """Write the revision's tree into a new folder. What we leave out (submodules, large files) goes to `note`.

        `mark` is by which leftovers of a killed checkout are found.

        Raises Refused where the repository has no such revision, Unavailable where it can not be reached or read.
        """
        written = self._write(revision.tree, into, mark) if self._folder.is_dir() else None
        if written is None or written.code:
            # The tree is not here yet, or without its files, as a fetch that was killed leaves it.
            self._fetch(revision)
            written = self._write(revision.tree, into, mark)
        if written.code:
            raise self._failure(f"The checkout of {revision.short} failed.", written)
        _mention_what_is_missing(into, note)

    def _has(self, tree: str) -> bool:
        return self._folder.is_dir() and not self._git("cat-file", "-e", f"{tree}^{{tree}}").code

    def _fetch(self, revision: Revision) -> None:
        source = self._source()
        with locked(self._folder.with_suffix(".lock")):
            make_folder(self._folder, 0o700)
            self._git("init", "--quiet", "--bare", "--", str(self._folder))
            if self._borrow(source) and self._has(revision.tree):
                return
            fetched = self._fetch_once(source, revision)
            if fetched.code:
                # One that outlived its controller may be in the way, or what it left when it was killed.
                end_leftovers(self._mark)
                for lock in self._folder.rglob("*.lock"):
                    lock.unlink(missing_ok=True)
                fetched = self._fetch_once(source, revision)
        if fetched.code:
            raise self._fetch_failure(revision, fetched)
        if not self._has(revision.tree):
            raise Refused(f"The repository has the commit {revision.commit}, but its tree is not {revision.tree}.")

    def _borrow(self, source: str) -> bool:
        """Read the objects of a bare repository on this machine where they are; whether that is new to the mirror."""
        objects = Path(source).absolute() / "objects"
        lenders = self._folder / "objects" / "info" / "alternates"
        if not objects.is_dir() or (lenders.exists() and lenders.read_text() == f"{objects}\n"):
            return False
        lenders.write_text(f"{objects}\n")
        return True

    def _fetch_once(self, source: str, revision: Revision) -> Captured:
        options = ["--quiet", "--no-tags", "--prune", "--force", "--no-write-fetch-head", "--no-auto-maintenance"]
        if Path(source).is_dir():
            # Git refuses to serve a local repository of another owner; whom it belongs to is not our affair.
            options.append("--upload-pack=git -c safe.directory=* upload-pack")
        refs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*", revision.commit]
        return self._git("fetch", *options, "--", source, *refs, within=FETCH_WITHIN, environ={MARK: self._mark})

    def _write(self, tree: str, into: Path, mark: str) -> Captured:
        """`read-tree` with an index of its own: no HEAD, no branch, and nothing is left in the mirror."""
        remove(into)
        into.mkdir()
        index = into.with_name(into.name + ".index")
        into.with_name(index.name + ".lock").unlink(missing_ok=True)
        index.unlink(missing_ok=True)
        try:
            return self._git(
                *("-c", "core.bare=false", "-c", "checkout.workers=0", "-c", "checkout.thresholdForParallelism=500"),
                *(f"--work-tree={into}", "read-tree", "-u", "--reset", tree),
                cwd=into,
                within=CHECKOUT_WITHIN,
                environ={"GIT_INDEX_FILE": str(index), MARK: mark},
            )
        finally:
            index.unlink(missing_ok=True)

    def _git(
        self,
        *arguments: str,
        cwd: Path | None = None,
        within: float = 60.0,
        environ: Mapping[str, str] = MappingProxyType({}),
    ) -> Captured:
        argv = ["git", f"--git-dir={self._folder}", *arguments]
        return capture(argv, environ={**git_environ(), **environ}, cwd=cwd, within=within)

    def _fetch_failure(self, revision: Revision, fetched: Captured) -> Refused | Unavailable:
        said = fetched.err.decode(errors="replace").strip()
        if "not our ref" in said or "couldn't find remote ref" in said:
            return Refused(f"The repository has no commit {revision.commit}.", said)
        return self._failure("The repository can not be fetched.", fetched)

    def _failure(self, message: str, ran: Captured) -> Unavailable:
        said = ran.err.decode(errors="replace").strip()
        if disk.says_full(said, ran.code):
            return disk.full(self._folder.parent, said)
        return Unavailable(message, said)


def git_environ() -> dict[str, str]:
    """No configuration but ours, no questions to a person, messages in English."""
    return {
        **tool_environ(Path("/nonexistent"), os.environ.get("PATH")),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }


def _mention_what_is_missing(folder: Path, note: Note) -> None:
    if (folder / ".gitmodules").exists():
        note("The tree names submodules (.gitmodules): they are not checked out, their folders are empty.\n")
    attributes = folder / ".gitattributes"
    if attributes.is_file() and not attributes.is_symlink() and "filter=lfs" in attributes.read_text(errors="replace"):
        note("The tree keeps files in Git LFS (.gitattributes): the build sees their pointers, not their content.\n")
