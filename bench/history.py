"""Years of work in a store and its repository: changes that were merged, deployed, tried and released, and the record
of all of it, with its chain."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bench.machine import Broke, git
from staging_gate.domain.actor import Actor
from staging_gate.domain.approval import Approval
from staging_gate.domain.change import Change, ChangeState, Tested
from staging_gate.domain.check import Check, Verdict
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState, Verification
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Release, ReleaseState
from staging_gate.domain.revision import Revision
from staging_gate.ports.store import Transaction
from staging_gate.testing.world import World

ADA = Actor("ada")
PER_RELEASE = 100
"""Changes in a release."""
AT_ONCE = 20_000
"""Rows of the record in one transaction."""
WHO = "bench <bench@bench.invalid>"


@dataclass(frozen=True)
class Size:
    changes: int
    audit_rows: int


def write_history(world: World, size: Size) -> None:
    """All of it long ago, and of no concern to what happens now."""
    start = world.clock.now() - timedelta(days=4000)
    commits = _commits(world.repository.path, world.revision("main").commit, size.changes, start)
    for branch in ("main", "staging"):
        world.repository.move(f"refs/heads/{branch}", commits[-1].commit)
    with world.store.transaction() as tx:
        for number, revision in enumerate(commits, 1):
            _merged(tx, number, revision, start + timedelta(hours=number))
            if number % PER_RELEASE == 0:
                _released(tx, number, revision, start + timedelta(hours=number))
    _record(world, size.audit_rows)


def _commits(repository: Path, parent: str, count: int, start: datetime) -> list[Revision]:
    """One on top of the other; each release has its tag."""
    stream = "".join(_fast_import(parent, count, int(start.timestamp())))
    argv = ["git", f"--git-dir={repository}", "fast-import", "--quiet", "--force"]
    done = subprocess.run(argv, input=stream.encode(), capture_output=True, check=False)
    if done.returncode:
        raise Broke(f"git fast-import: {done.stderr.decode(errors='replace')}")
    listed = git("log", "--reverse", f"--max-count={count}", "--format=%H %T", "refs/gate/history", cwd=repository)
    return [Revision(*line.split()) for line in listed.splitlines()]


def _fast_import(parent: str, count: int, since: int) -> Iterator[str]:
    for number in range(1, count + 1):
        who, text = f"{WHO} {since + 3600 * number} +0000", f"feat: change {number}"
        yield f"commit refs/gate/history\nmark :{number}\nauthor {who}\ncommitter {who}\ndata {len(text)}\n{text}\n"
        yield f"from {parent}\n" if number == 1 else f"from :{number - 1}\n"
        path, content = f"app/part_{number % 500}.py", f"# change {number}\n"
        yield f"M 100644 inline {path}\ndata {len(content)}\n{content}\n"
        if number % PER_RELEASE == 0:
            yield f"tag {_tag(number)}\nfrom :{number}\ntagger {who}\ndata {len(text)}\n{text}\n"


def _tag(number: int) -> str:
    return f"v0.{number // PER_RELEASE}.0"


def _merged(tx: Transaction, number: int, revision: Revision, at: datetime) -> None:
    change = Change(
        number=tx.changes.next_number(),
        title=f"feat: change {number}",
        source=f"feature/{number}",
        target="staging",
        author="ada",
        head=revision,
        opened_at=at,
        state=ChangeState.MERGED,
        merged=revision,
        merged_at=at,
        merged_by="ben",
    )
    tx.changes.add(change)
    for role in ("review", "tech_lead"):
        tx.approvals.add(Approval(f"{number}-{role}", change.number, role, "ben", at, revision.tree, "0" * 64))
    for check in ("zebra-smoke", "db-migrations"):
        tx.checks.put(Check(revision.tree, check, Verdict.PASSED, at, "31 passed", None, change.number, 1.5))
    tx.changes.add_tested(Tested(change.number, "cleo", at, revision.tree))
    _deployed(tx, Environment.STAGING, revision, at, change.number)


def _deployed(
    tx: Transaction, environment: Environment, revision: Revision, at: datetime, change: int, tag: str | None = None
) -> None:
    deployment = Deployment(
        id=tx.deployments.next_id(environment),
        environment=environment,
        kind=DeploymentKind.DEPLOY,
        revision=revision,
        state=DeploymentState.SUCCEEDED,
        why=f"change {change} was merged",
        requested_by="ben",
        requested_at=at,
        release=tag,
        change=change,
        started_at=at,
        switched_at=at,
        ended_at=at,
    )
    tx.deployments.add(deployment)
    tx.deployments.add_verification(Verification(environment, revision.tree, deployment.id, at, ("login",)))


def _released(tx: Transaction, number: int, revision: Revision, at: datetime) -> None:
    tag = _tag(number)
    notes = "\n".join(f"- change {one}" for one in range(number - PER_RELEASE + 1, number + 1))
    release = Release(tag, f"Release {tag}", notes, ReleaseState.VERIFIED, number, "ada", at, revision, at, "tess", at)
    tx.releases.add(release)
    _deployed(tx, Environment.PRODUCTION, revision, at, number, tag)


def _record(world: World, rows: int) -> None:
    for first in range(0, rows, AT_ONCE):
        with world.store.transaction() as tx:
            for number in range(first, min(rows, first + AT_ONCE)):
                tx.audit(ADA, "merged", f"change {number // 100}", "feat: it", commit=f"{number:040x}")
