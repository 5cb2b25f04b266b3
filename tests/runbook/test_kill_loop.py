"""Killed anywhere, the outcome is the same: one deployment, one tag, the right release live, nothing lost or doubled.

A story is told once to learn the points at which it can die: before each step, after it before that is recorded, after
that; around every call that changes something outside; before and after every commit. Then it is told once per point.
"""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from staging_gate.domain.diagnosis import Answer, Cause, Suspect
from staging_gate.domain.environment import Environment
from staging_gate.domain.incident import Severity
from staging_gate.domain.way_back import Loss
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.runbook import bypassing, changes, holding, incidents, merging, releasing
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.conftest import Beginnings, Tale, v1_0_0, v1_1_0, v1_1_0_is_merged
from tests.runbook.dying import SAMPLE, Dying, Story, on_record
from tests.runbook.stories import v1_1_0_of_two_is_merged


def a_change_is_ready(world: World) -> None:
    world.ship_to_staging("feat: one")
    world.approve(world.change("feat: two", branch="feature/two"))


def a_migration_is_ready(world: World) -> None:
    """v1.0.0 is in production; the way back to it will cost something."""
    v1_0_0(world)
    files = {"alembic.ini": "[alembic]\nscript_location = migrations\n", "migrations/versions/0002.py": "x = 2\n"}
    world.approve(world.change("feat: notes", files))


def a_first_release_is_merged(world: World) -> None:
    world.ship_to_staging("feat: one")
    world.prepare_release("v1.1.0")


def two_services_are_merged(world: World) -> None:
    v1_1_0_of_two_is_merged(world, gate_yaml(services=("api", "web")))


def a_bypass_lets_it_through(world: World) -> None:
    """v1.1.0 is merged, and a critical bug is open that does not keep it out."""
    v1_1_0_is_merged(world)
    incidents.open_incident(world.ports, Severity.P1, "login fails", world.person("ben"))
    bypassing.bypass(world.ports, "v1.1.0", "critical_bugs", "v1.1.0 mends it", world.person("tess"))


def a_feature_is_finished(world: World) -> None:
    world.push("feature/x", {"x.py": "x\n"})


def its_change_is_opened(world: World) -> None:
    changes.open_change(world.ports, "feature/x", "staging", world.person("ada"))
    world.settle()


def it_is_merged(world: World) -> None:
    with world.store.reading() as tx:
        [change] = tx.changes.open()
    world.merge(change)


def a_hotfix_is_checked(world: World) -> None:
    """v1.1.0 is on main and waits for its tag: the hotfix leaves it behind."""
    v1_1_0_is_merged(world)
    world.change("fix: login", branch="hotfix/login", to="main", since="v1.0.0", reason="nobody can log in")


def it_is_approved_and_merged(world: World) -> None:
    with world.store.reading() as tx:
        [change] = [change for change in tx.changes.open() if change.goes_alone]
    world.approve(change, "tess", "tech_lead")
    world.settle()
    world.merge(change)


def it_is_published(world: World) -> None:
    world.publish("v1.1.0")


def a_release_waits(world: World) -> None:
    """For a hold to be lifted; then nothing is left to ask for."""
    v1_1_0_is_merged(world)
    tess, dora = world.person("tess"), world.person("dora")
    hold = holding.hold(world.ports, Environment.PRODUCTION, "not now", dora)
    releasing.publish(world.ports, "v1.1.0", tess, when_ready=True)
    holding.lift_hold(world.ports, hold.id, "now", dora)


def a_merge_waits(world: World) -> None:
    change = world.change("feat: one")
    merging.merge_when_ready(world.ports, change.number, None, world.person("ada"))
    world.approve(change)


def its_time_has_come(world: World) -> None:
    for _ in range(3):
        world.advance(seconds=10)


def v1_2_0(world: World) -> None:
    v1_1_0(world)
    world.release("v1.2.0")


def two_weeks_later(world: World) -> None:
    """A release in between, so that there are runs to die in."""
    world.advance(days=15)
    world.ship_to_staging("feat: three")
    world.advance(seconds=10)


def it_is_rolled_back(world: World) -> None:
    world.roll_back("v1.0.0")


def a_check(world: World) -> None:
    world.checks.next_fails("zebra-smoke", "2 of 31 failed")


def no_migration_is_new(world: World) -> None:
    """Nothing goes wrong: staging's candidate is started before its merge is recorded."""
    world.target.bring_no_migrations()


def its_early_candidate(world: World) -> None:
    no_migration_is_new(world)
    world.staging.next_deploy_answers(500)


def its_migrations(world: World) -> None:
    lock = "Somebody else held a lock for longer than a migration waits for one."
    world.target.known.suspects = [Suspect(Cause.LOCK_TIMEOUT, Answer.CONFIRMED, lock)]
    world.production.next_call_fails("upgrade_schema", Refused("The migrations of api failed."))


def its_backup(world: World) -> None:
    world.production.next_call_fails("back_up", Unavailable("There is no room for a backup."))


def staging_in_public(world: World) -> None:
    world.staging.next_smoke_fails("login", where="public")


def the_way_back(world: World) -> None:
    world.way_back.next("irreversible", Loss("column orders.note", 12))


def the_candidate(world: World) -> None:
    world.production.next_smoke_fails("login", where="candidate")


def in_public(world: World) -> None:
    world.production.next_smoke_fails("login", where="public")


def the_second(world: World) -> None:
    world.production.next_call_fails("switch", Refused("The proxy said no."), service="web")


def in_public_and_the_way_back(world: World) -> None:
    in_public(world)
    world.production.put_back_fails()


def in_public_and_every_way_back(world: World) -> None:
    in_public_and_the_way_back(world)
    world.target.never_healthy(world.revision("v1.0.0").commit)


def migrations(way_back: str, *losses: Loss) -> Tale:
    """v1.1.0 is merged and brings a migration; the way back from it is like that."""

    def tale(world: World) -> None:
        v1_0_0(world)
        world.way_back.next(way_back, *losses)
        world.ship_to_staging("feat: notes", MIGRATIONS)
        world.prepare_release("v1.1.0")

    return tale


def a_migration_is_live(world: World) -> None:
    REVERSIBLE(world)
    world.publish("v1.1.0")


def in_public_and_the_way_down(world: World) -> None:
    in_public(world)
    world.production.downgrade_fails()


def the_way_down_is_unclear(world: World) -> None:
    world.production.downgrade_fails(lost=True)


MIGRATIONS = {
    "alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\n",
    "migrations/versions/0001_notes.py": "revision = '0001'\n",
}
REVERSIBLE, LOSSY = migrations("reversible"), migrations("reversible", Loss("column orders.note", 12))

STORIES = {
    "the checks of a change": Story(a_feature_is_finished, its_change_is_opened, a_check),
    "a merge and its staging deployment": Story(a_change_is_ready, it_is_merged),
    "a merge whose candidate is started first": Story(a_change_is_ready, it_is_merged, no_migration_is_new),
    "a candidate that is started first and fails": Story(a_change_is_ready, it_is_merged, its_early_candidate),
    "a staging deployment and its way back": Story(a_migration_is_ready, it_is_merged, the_way_back),
    "a staging deployment that is taken back": Story(a_change_is_ready, it_is_merged, staging_in_public),
    "a release": Story(v1_1_0_is_merged, it_is_published),
    "a release that a bypass lets through": Story(a_bypass_lets_it_through, it_is_published),
    "a release that fails before its traffic": Story(v1_1_0_is_merged, it_is_published, the_candidate),
    "a release that takes itself back": Story(v1_1_0_is_merged, it_is_published, in_public),
    "a release that comes back at the second try": Story(v1_1_0_is_merged, it_is_published, in_public_and_the_way_back),
    "a release that nothing takes back": Story(v1_1_0_is_merged, it_is_published, in_public_and_every_way_back),
    "a release whose migrations fail": Story(v1_1_0_is_merged, it_is_published, its_migrations),
    "a release that can not be backed up": Story(v1_1_0_is_merged, it_is_published, its_backup),
    "a backup whose time is over": Story(v1_2_0, two_weeks_later),
    "a first release that fails": Story(a_first_release_is_merged, it_is_published, in_public),
    "a release of two services": Story(two_services_are_merged, it_is_published, the_second),
    "a hotfix": Story(a_hotfix_is_checked, it_is_approved_and_merged),
    "a hotfix that takes itself back": Story(a_hotfix_is_checked, it_is_approved_and_merged, in_public),
    "a release that goes by itself": Story(a_release_waits, its_time_has_come),
    "a merge that goes by itself": Story(a_merge_waits, its_time_has_come),
    "a rollback": Story(v1_1_0, it_is_rolled_back),
    "a rollback that fails": Story(v1_1_0, it_is_rolled_back, in_public),
    "a rollback with its database": Story(a_migration_is_live, it_is_rolled_back),
    "a rollback whose database is unclear": Story(a_migration_is_live, it_is_rolled_back, the_way_down_is_unclear),
    "a release that takes its database back": Story(REVERSIBLE, it_is_published, in_public),
    "a database that goes back at the second try": Story(REVERSIBLE, it_is_published, in_public_and_the_way_down),
    "a release that stays for the sake of its data": Story(LOSSY, it_is_published, in_public),
    "a database that goes back for what runs": Story(REVERSIBLE, it_is_published, the_candidate),
    "a database that does not suit what runs": Story(LOSSY, it_is_published, the_candidate),
}


@pytest.mark.parametrize("name", STORIES)
def test_killed_anywhere_the_outcome_is_the_same(
    name: str,
    beginnings: Beginnings,
    tmp_path: Path,
    rng: random.Random,
    in_full: bool,
    record_property: Callable[[str, object], None],
) -> None:
    dying = Dying(beginnings, tmp_path, outcome)
    for what, found in dying.everywhere(STORIES[name], rng, None if in_full else SAMPLE).items():
        record_property(what, found)


def outcome(world: World) -> dict[str, Any]:
    return {
        **on_record(world),
        "databases": (world.target.known.schemas, world.target.known.downgraded),
        "files of backups": world.target.backups_there(),
        "applied": list(world.target.known.applied),
        "traffic": {at: route.served for at, route in world.target.known.routes.items()},
        "running": {
            at: sorted(p.release or "" for p in route.processes if p.running)
            for at, route in world.target.known.routes.items()
        },
        "tags": {name: (tag.commit, tag.annotated) for name, tag in world.code_host.tags().items()},
        "branches": {name: world.revision(commit).tree for name, commit in world.code_host.branches().items()},
    }
