"""Stories in which our process dies: told once to learn the points at which it can, and once per point."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from staging_gate.domain.audit import verify_chain
from staging_gate.domain.change import Change
from staging_gate.domain.check import Check
from staging_gate.domain.environment import Environment
from staging_gate.ports.store import Transaction
from staging_gate.testing.world import World
from tests.runbook.conftest import Beginnings, Tale, check_whole, nothing

SAMPLE = 6
"""Points per story, where not all are asked for."""

TRIES = 3
"""For a point that not every telling comes to."""

Outcome = Callable[[Any], dict[str, Any]]
"""Everything that must not depend on where we died: no times, no attempts, nor logs, which keep every attempt."""


@dataclass(frozen=True)
class Story:
    """`begins` is what has happened before, `fails` what is going to go wrong; in `happens` we die."""

    begins: Tale
    happens: Tale
    fails: Tale = nothing


@dataclass(frozen=True)
class Dying:
    """Tells stories that begin in one kind of world, in a folder that is free for each."""

    beginnings: Beginnings
    folder: Path
    outcome: Outcome

    def everywhere(
        self, story: Story, rng: random.Random, sample: int | None, always: tuple[str, ...] = ()
    ) -> dict[str, str]:
        """Die at so many points of the story and at those that hold one of `always`, or at all; the outcome is the
        same. Returns what there is to tell."""
        points, expected = self._told(story)
        some = {*rng.sample(points, min(sample or 0, len(points))), *(p for p in points if any(a in p for a in always))}
        chosen = points if sample is None else sorted(some, key=points.index)
        died = [point for point in chosen if self._dies_at(point, story, expected)]
        assert len(died) > len(chosen) // 2
        return {"kill points": f"{len(chosen)} of {len(points)}", "died": f"{len(died)} of {len(chosen)}"}

    def _told(self, story: Story) -> tuple[list[str], dict[str, Any]]:
        """The points that were passed, and how it ended."""
        with self.beginnings.after(story.begins, self.folder) as world:
            tell(story, world)
            return list(world.kills.seen), self.outcome(world)

    def _dies_at(self, point: str, story: Story, expected: dict[str, Any]) -> bool:
        """Whether we came to the point and died there; however it went, the outcome is the expected one.

        Runs that go beside each other can find one another's work done, so that some points are on few ways only.
        """
        for _ in range(TRIES):
            with self.beginnings.after(story.begins, self.folder) as world:
                tell(story, world, point)
                assert self.outcome(world) == expected, f"killed at {point!r}"
                if world.kills.at is None:
                    return True
        return False


def tell(story: Story, world: World, kill_at: str | None = None) -> None:
    story.fails(world)
    world.kills.at = kill_at
    story.happens(world)
    check_whole(world)


def on_record(world: World) -> dict[str, Any]:
    """The part of an outcome that our own record holds."""
    with world.store.reading() as tx:
        report = verify_chain(tx.audit_log.entries())
        return {
            "chain": report.intact,
            "deployments": sorted(  # of one environment in order; which environment is first may differ
                (
                    d.id,
                    str(d.state),
                    str(d.kind),
                    d.release,
                    d.revision.tree,
                    d.previous,
                    d.undoes,
                    d.failure,
                )
                for d in tx.deployments.recent(None, 500)
            ),
            "live by record": {e: live.id for e in Environment if (live := tx.deployments.live(e))},
            "releases": [(r.tag, str(r.state), r.notes, r.published_by) for r in tx.releases.all()],
            "checks": [(c.name, str(c.verdict)) for change in tx.changes.recent() for c in checks_of(tx, change)],
            "changes": [(c.number, str(c.state), c.merged and c.merged.tree) for c in tx.changes.recent()],
            "ways back": [
                (w.from_tree, w.to_tree, str(w.verdict), w.losses, w.evidence) for w in tx.ways_back.recent()
            ],
            "quarantines": [(q.tag, q.reason) for q in tx.releases.quarantines()],
            "holds": [(hold.environment, hold.reason) for hold in tx.holds.in_force()],
            "follow-ups": [(one.about, str(one.kind), one.owner) for one in tx.followups.open()],
            "bypasses": [(one.code, one.subject, one.used_for) for one in tx.bypasses.recent()],
            "incidents": [(i.id, i.title, i.deployment) for i in tx.incidents.open()],
            "record": sorted((e.actor, e.action, e.subject, e.reason) for e in tx.audit_log.entries()),
            "migrated by record": {e: by.id for e in Environment if (by := tx.deployments.migrated(e))},
            "backups": [(b.deployment, b.service, b.revisions, b.is_kept) for b in tx.backups.recent()],
        }


def checks_of(tx: Transaction, change: Change) -> list[Check]:
    return tx.checks.of_tree(change.mergeable_tree() or "")
