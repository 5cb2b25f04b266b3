"""Making merge commits without a working copy: the same input gives the same commit."""

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from staging_gate.adapters.git.objects import Objects
from staging_gate.adapters.git.program import MAIL, NAME, Git
from staging_gate.domain.change import MergePreview
from staging_gate.domain.revision import Revision
from staging_gate.ports.errors import Refused

TRIALS = "refs/gate/trial/"
"""Keeps the merge commits that checks run on, as refs/gate/trial/<base>-<head>: no branch holds them."""

PUSHERS = "staging-gate.invalid"
"""The mail domain of those who have none: so the reflog tells who pushed through us from others."""

SHA1 = 40
"""Letters of an id in a repository that names objects by SHA-1; others have SHA-256."""

LATEST = 253_402_300_799
"""The last second of the year 9999."""


@dataclass(frozen=True)
class Signature:
    """Who and when, as git writes it. `when` is seconds since 1970 and the zone."""

    name: str
    mail: str
    when: str

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}> {self.when}"


def signature(person: str, at: datetime) -> Signature:
    """`Ada <ada@example.com>`, or a name alone. The same moment in another time zone is the same signature."""
    found = re.fullmatch(r"\s*(.*?)\s*<(.*)>\s*", person, re.DOTALL)
    name, mail = (found[1], found[2]) if found else (person, "")
    name = " ".join(re.sub(r"[<>\x00-\x1f\x7f]", " ", name).split()) or NAME
    mail = re.sub(r"[<>\x00-\x20\x7f]", "", mail) or re.sub(r"[^\w.+-]", "-", name) + f"@{PUSHERS}"
    return Signature(name, mail, f"{int(at.astimezone(UTC).timestamp())} +0000")


def sane_seconds(text: str) -> int:
    """Seconds since 1970 from a commit that anybody may have made, within the years that we can show."""
    return min(int(text), LATEST) if text.isdigit() else 0


def message_text(message: str) -> str:
    """As git wants it: no zero byte, one newline at the end."""
    return message.replace("\0", "").strip() + "\n"


@dataclass(frozen=True)
class NewCommit:
    """One that need not be there yet. The committer is us, at the author's time."""

    tree: str
    parents: tuple[str, ...]
    message: str
    author: Signature

    @property
    def id(self) -> str:
        """What git will call it: known before it is written."""
        kind = hashlib.sha1 if len(self.tree) == SHA1 else hashlib.sha256
        content = self.content
        return kind(b"commit %d\0" % len(content) + content).hexdigest()

    @property
    def content(self) -> bytes:
        parents = "".join(f"parent {parent}\n" for parent in self.parents)
        who = f"author {self.author}\ncommitter {replace(self.author, name=NAME, mail=MAIL)}\n"
        return f"tree {self.tree}\n{parents}{who}\n{message_text(self.message)}".encode()


def write_commit(git: Git, commit: NewCommit) -> str:
    """The id of a commit whose tree and parents are there."""
    return git.ask("hash-object", "-t", "commit", "-w", "--stdin", given=commit.content).text.strip()


def preview(git: Git, objects: Objects, base: str, head: str) -> MergePreview:
    """Merge two commits, by their full ids; the result is kept until a later one finds it outdated.

    Dated like the head, so that clocks can not matter and history stays in order.
    """
    trial = f"{TRIALS}{base}-{head}"
    commit, tree = objects.find(trial, f"{trial}^{{tree}}")
    if commit and tree:
        return MergePreview(base, head, Revision(commit.id, tree.id))
    merged, conflicts = _merge_trees(git, base, head)
    if conflicts:
        return MergePreview(base, head, None, conflicts)
    seconds = sane_seconds(objects.header(head, "committer").split()[-2])
    message = f"Try {head} on {base}"
    made = write_commit(git, NewCommit(merged, (base, head), message, Signature(NAME, MAIL, f"{seconds} +0000")))
    git.ask("update-ref", trial, made)
    _sweep(git)  # here and not at a merge, which people wait for
    return MergePreview(base, head, Revision(made, merged))


def _merge_trees(git: Git, base: str, head: str) -> tuple[str, tuple[str, ...]]:
    """The merged tree, and the files in conflict."""
    done = git.ask("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", base, head, accept=(0, 1, 128))
    if b"refusing to merge unrelated histories" in done.err:
        raise Refused(
            f"{head[:10]} and {base[:10]} share no history, so they can not be merged. "
            "Make the branch from one of this repository's branches.",
            done.err.decode(errors="replace").strip(),
        )
    if done.code == 128:
        raise git.failure("merge-tree", done.code, done.err)
    tree, *files = done.out.decode(errors="replace").rstrip("\0").split("\0")
    return tree, tuple(dict.fromkeys(files)) if done.code else ()


def _sweep(git: Git) -> None:
    """Let go of the trials whose base or head is no branch's tip any more. What fails here is swept next time."""
    listed = git.ask("for-each-ref", "--format=%(refname) %(objectname)", "refs/heads/", TRIALS).text.splitlines()
    refs = dict(line.rsplit(" ", 1) for line in listed)
    tips = {commit for ref, commit in refs.items() if not ref.startswith(TRIALS)}
    outdated = [
        ref for ref in refs if ref.startswith(TRIALS) and not tips.issuperset(ref.removeprefix(TRIALS).split("-"))
    ]
    if outdated:
        orders = "".join(f"delete {ref}\n" for ref in outdated)
        git.ask("update-ref", "--stdin", given=orders.encode(), accept=(0, 1, 128))
