"""A bare repository on this machine as a code host."""

from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Self

from staging_gate.adapters.git import merging, repository
from staging_gate.adapters.git.merging import NewCommit
from staging_gate.adapters.git.names import BRANCHES, TAGS, candidates, is_branch, is_full_id, is_tag
from staging_gate.adapters.git.objects import Found, Objects
from staging_gate.adapters.git.program import Git
from staging_gate.domain.change import MergePreview
from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.revision import Commit, Revision
from staging_gate.ports.code_host import HeadMoved, MergeOrder, Outdated, Tag, TagOrder
from staging_gate.ports.errors import Refused

LARGEST_FILE = 16 * 1024 * 1024
LONGEST_DIFF = 1024 * 1024
MOST_COMMITS = 50_000
"""`commits` leaves out the oldest beyond these."""

_COMMIT = "%x00".join(("%H", "%P", "%an", "%ct", "%s", "%b"))
_TAG = "%00".join(
    ("%(refname)", "%(objecttype)", "%(objectname)", "%(*objecttype)", "%(*objectname)", "%(taggername)", "%(contents)")
)


class GitCodeHost:
    """The port code_host on a bare repository, by the git program. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._git = Git(self.path)
        self._objects = Objects(self._git)
        # Commits never change, and every step of every run asks for the same few. An exception is not remembered: what
        # is not there may still be pushed.
        self._commit = lru_cache(maxsize=4096)(self._read_commit)
        self._file = lru_cache(maxsize=32)(self._read_file)
        self._log = lru_cache(maxsize=32)(self._read_log)
        self._changed = lru_cache(maxsize=128)(self._read_changed)
        self._contains = lru_cache(maxsize=1024)(self._read_contains)

    @classmethod
    def create(cls, path: Path) -> Self:
        """Make the repository or bring it up to date, with its hook; to be called at every start."""
        repository.create(path)
        return cls(path)

    def close(self) -> None:
        """End the process that is kept open; the next question starts it again."""
        self._objects.close()

    def revision(self, ref: str) -> Revision | None:
        for name in candidates(ref):
            with suppress(LookupError):
                return self._commit(name if is_full_id(name) else self._peeled(name, "commit"))
        return None

    def branches(self) -> dict[str, str]:
        listed = self._git.ask("for-each-ref", "--format=%(refname) %(objectname)", BRANCHES).text
        found = (line.rsplit(" ", 1) for line in listed.splitlines())
        return {ref.removeprefix(BRANCHES): commit for ref, commit in found}

    def tags(self) -> dict[str, Tag]:
        listed = self._git.ask("for-each-ref", f"--format={_TAG}%00", TAGS).text
        fields = listed.split("\0")[:-1]
        found = (self._tag(*fields[start : start + 7]) for start in range(0, len(fields), 7))
        return {tag.name: tag for tag in found if tag}

    def pusher(self, branch: str, commit: str) -> str | None:
        """From the reflog, which git writes in the same act that moves the branch."""
        ref = BRANCHES + branch
        if self._tip(ref) is None:
            return None
        told = self._git.ask("log", "-g", "-z", "--max-count=100", "--format=%H%x00%gn%x00%ge", ref, "--")
        moves = told.text.split("\0")
        for at, name, mail in zip(*[iter(moves)] * 3, strict=False):
            if at == commit:
                return name if mail.endswith(f"@{merging.PUSHERS}") else None
        return None

    def file(self, commit: str, path: str) -> bytes | None:
        if path.startswith(("./", "../")):  # git takes these as relative to a working copy
            return None
        return self._file(self._known(commit), path)

    def folder(self, commit: str, path: str) -> str | None:
        if path.startswith(("./", "../")):
            return None
        found = self._objects.find(f"{self._known(commit)}:{path}")[0]
        return found.id if found and found.kind == "tree" else None

    def is_ancestor(self, commit: str, of: str) -> bool:
        return self._contains(self._known(of), self._known(commit))

    def commits(self, since: str | None, until: str) -> list[Commit]:
        if since is None:
            return self._read_log(self._known(until))
        return list(self._log(self._known(until), f"^{self._known(since)}"))

    def diff(self, base: str, head: str) -> str:
        """At most LONGEST_DIFF bytes of it; then a line says that it is cut and how to see the rest."""
        span = self._since_they_parted(base, head)
        shown = ("--no-ext-diff", "--no-textconv", "--no-color", "--find-renames")
        said, more = self._git.beginning("diff", *shown, span, "--", limit=LONGEST_DIFF)
        text = said.decode(errors="replace")
        return f"{text}\n... cut after {LONGEST_DIFF:,} bytes. The whole of it: git diff {span}\n" if more else text

    def changed_files(self, base: str, head: str) -> list[str]:
        """A renamed file counts as both of its names."""
        return list(self._changed(self._known(base), self._known(head)))

    def preview_merge(self, base: str, head: str) -> MergePreview:
        trial = merging.preview(self._git, self._objects, self._known(base), self._known(head))
        if trial.merged:
            self._changed(trial.base, trial.merged.commit)  # for the gate, before anybody waits for a merge
        return trial

    def foresee_merge(self, order: MergeOrder) -> Revision | None:
        if self._tip(BRANCHES + order.into) != order.base:
            return None
        return Revision(_merge_of(order).id, order.tree)

    def merge(self, order: MergeOrder) -> Revision:
        ref = BRANCHES + order.into
        tip = self._tip(ref)
        if tip == order.base:
            self.admit(order)
            merged = self._write(order)
            tip = self._move(ref, merged.commit, order.base, f"merge {order.key}")
            if tip == merged.commit:
                return merged
        # Somebody was there before us: perhaps we ourselves, before we were killed.
        if tip is not None and all(self._objects.find(order.base, order.head, order.tree)):
            merged = self._write(order)
            if self.is_ancestor(merged.commit, tip):
                return merged
        raise HeadMoved(order.into, tip)

    def admit(self, order: MergeOrder) -> None:
        """Refused unless merging gives exactly the tree that the gate let through; moves nothing."""
        trial = self.preview_merge(order.base, order.head)
        if trial.conflicts:
            files = ", ".join(trial.conflicts)
            raise Refused(
                f"{order.head[:10]} does not merge into {order.into}: conflicts in {files}. "
                f"Merge {order.into} into the branch, resolve them, and push.",
                files,
            )
        if trial.merged is None or trial.merged.tree != order.tree:
            raise Refused(
                f"Merging {order.head[:10]} into {order.into} gives other code than what was let through: "
                f"expected the tree {order.tree[:10]}, found {trial.merged.tree[:10] if trial.merged else 'none'}. "
                "Nothing was merged; let the checks run on the new tree.",
            )

    def delete_branch(self, name: str, at: str) -> None:
        ref = BRANCHES + name
        if self._tip(ref) == at:
            self._move(ref, None, at, "delete")

    def create_tag(self, order: TagOrder) -> Tag:
        if found := self.tag_there(order):
            return found
        ref, commit = TAGS + order.name, self._known(order.commit)
        tagger = merging.signature(order.author, order.at)
        header = f"object {commit}\ntype commit\ntag {order.name}\ntagger {tagger}\n\n"
        made = self._git.ask("mktag", given=(header + merging.message_text(order.message)).encode()).text.strip()
        self._move(ref, made, "", "tag")
        return self._same_tag(order.name, commit)

    def tag_there(self, order: TagOrder) -> Tag | None:
        """The tag that is to be made, where it is there already. Refused where it can not be made."""
        if not is_tag(order.name):
            raise Refused(f"{order.name!r} can not be the name of a tag. Expected a name such as v1.2.0.")
        commit = self._known(order.commit)
        return self._same_tag(order.name, commit) if self._objects.find(TAGS + order.name)[0] else None

    def create_branch(self, name: str, at: str) -> None:
        if not self.branch_there(name, at):
            self._move(BRANCHES + name, self._known(at), "", "create")
            self.branch_there(name, at)

    def branch_there(self, name: str, at: str) -> bool:
        """Whether the branch that is to be made is there already. Refused where it can not be made."""
        if not is_branch(name):
            raise Refused(f"{name!r} can not be the name of a branch. Expected a name such as feature/login.")
        commit, found = self._known(at), self._tip(BRANCHES + name)
        if found not in (None, commit):
            raise Refused(f"The branch {name} exists already, at {found}. Choose another name.")
        return found == commit

    def outdated(self) -> Outdated | None:
        return None

    def clone_address(self) -> str:
        return str(self.path)

    def _known(self, name: str) -> str:
        """The full id of a commit that somebody named; Refused where there is none."""
        found = self.revision(name)
        if found is None:
            raise Refused(f"The repository has no commit, branch or tag {name!r}. Check the name, or push it first.")
        return found.commit

    def _tip(self, ref: str) -> str | None:
        found = self._objects.find(ref)[0] if ref in candidates(ref) else None
        return found.id if found else None

    def _move(self, ref: str, new: str | None, old: str, why: str) -> str | None:
        """Move a ref that is at `old` (empty: that is not there yet).

        Returns where it is afterwards: moved by us, or by who came first.
        """
        command = ["-d", ref, old] if new is None else [ref, new, old]
        done = self._git.ask("update-ref", "-m", why, *command, accept=(0, 1, 128))
        if done.code == 0:
            return new
        found = self._tip(ref)
        if (found or "") != old:
            return found
        if b"cannot create" in done.err and b"exists" in done.err:  # `feature` is in the way of `feature/login`
            name = ref.split("/", 2)[2]
            raise Refused(
                f"{name} can not be made beside a name that begins or ends like it. Choose another name.",
                done.err.decode(errors="replace").strip(),
            )
        raise self._git.failure("update-ref", done.code, done.err)

    def _peeled(self, name: str, kind: str) -> str:
        """The id of what this leads to; LookupError where it leads to none of this kind."""
        found = self._objects.find(f"{name}^{{{kind}}}")[0]
        if found is None:
            raise LookupError(name)
        return found.id

    def _read_commit(self, id_: str) -> Revision:
        """Of a commit, or of a tag that leads to one. Raises LookupError."""
        return Revision(self._peeled(id_, "commit"), self._peeled(id_, "tree"))

    def _read_file(self, commit: str, path: str) -> bytes | None:
        return self._objects.read(f"{commit}:{path}", LARGEST_FILE)

    def _read_log(self, *span: str) -> list[Commit]:
        options = ("-z", "--date-order", f"--max-count={MOST_COMMITS}", "--encoding=UTF-8")
        listed = self._git.ask("log", *options, f"--format={_COMMIT}", *span, "--").text
        fields = listed.split("\0")[:-1]
        return [_commit(*fields[start : start + 6]) for start in range(0, len(fields), 6)]

    def _read_changed(self, base: str, head: str) -> tuple[str, ...]:
        span = f"{base}...{head}"
        listed = self._git.ask("diff", "--name-only", "-z", "--no-renames", span, "--", accept=(0, 128))
        if listed.code:
            self._since_they_parted(base, head)
            raise self._git.failure("diff", listed.code, listed.err)
        return tuple(listed.text.split("\0")[:-1])

    def _read_contains(self, above: str, below: str) -> bool:
        if below == above:
            return True
        return self._git.ask("merge-base", "--is-ancestor", below, above, accept=(0, 1)).code == 0

    def _since_they_parted(self, base: str, head: str) -> str:
        base, head = self._known(base), self._known(head)
        if self._git.ask("merge-base", base, head, accept=(0, 1)).code:
            raise Refused(f"{base[:10]} and {head[:10]} share no history, so there is nothing to compare.")
        return f"{base}...{head}"

    def _write(self, order: MergeOrder) -> Revision:
        return Revision(merging.write_commit(self._git, _merge_of(order)), order.tree)

    def _same_tag(self, name: str, commit: str) -> Tag:
        tag = self.tags().get(name)
        if tag is None or tag.commit != commit:
            place = f"points at {tag.commit}" if tag else "is no tag of a commit"
            raise Refused(f"The tag {name} exists already and {place}. Choose another version.")
        if not tag.annotated:
            raise Refused(
                f"The tag {name} exists already as a lightweight tag, which carries no author and no message. "
                "Choose another version, or delete that tag."
            )
        return tag

    def _tag(
        self, ref: str, kind: str, id_: str, peeled_kind: str, peeled: str, tagger: str, message: str
    ) -> Tag | None:
        """None for a tag that stands for no commit."""
        name, annotated = ref.lstrip("\n").removeprefix(TAGS), kind == "tag"
        if peeled_kind == "tag":  # a tag of a tag
            found: Found | None = self._objects.find(f"{id_}^{{commit}}")[0]
            peeled_kind, peeled = (found.kind, found.id) if found else ("", "")
        if "commit" not in (kind, peeled_kind):
            return None
        return Tag(name, peeled or id_, annotated, id_, message.rstrip("\n") if annotated else "", tagger)


def _merge_of(order: MergeOrder) -> NewCommit:
    parents = (order.base,) if order.method is MergeMethod.SQUASH else (order.base, order.head)
    return NewCommit(order.tree, parents, order.message, merging.signature(order.author, order.at))


def _commit(id_: str, parents: str, author: str, at: str, subject: str, body: str) -> Commit:
    moment = datetime.fromtimestamp(merging.sane_seconds(at), UTC)
    return Commit(id_, subject, body.strip(), author, moment, tuple(parents.split()))
