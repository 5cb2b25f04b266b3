"""A backup before migrations in production: made once, named in the record, kept for its time; nothing without one."""

from collections.abc import Callable
from datetime import timedelta

from staging_gate.domain.backup import Backup, BackupProof
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.release import ReleaseState
from staging_gate.ports.errors import Refused, Unavailable
from staging_gate.runbook import backing_up, releasing
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World

STEP = "back up the database of api"
NO_ROOM = Unavailable("There is no room for a backup in /backups: 3 MB are free and 50 MB are needed.")


def backups(world: World) -> list[Backup]:
    with world.store.reading() as tx:
        return tx.backups.recent()


def test_it_comes_right_before_the_migrations(two: World) -> None:
    steps = two.steps("production-2")
    assert steps[steps.index(STEP) + 1] == "upgrade the schema of api"

    [made] = backups(two)
    assert (made.deployment, made.service, made.proof) == ("production-2", "api", BackupProof.RESTORED)
    assert made.remove_at == made.at + timedelta(days=14)
    assert two.target.backups_there() == [("api", "production-2")]


def test_it_is_named_in_the_record(two: World) -> None:
    [made] = backups(two)
    said = (
        f"4.1 kB in 0.5 s, restored for proof: 2 tables, 1,200 rows at {made.revisions[0]}; "
        f"kept until {made.remove_at:%Y-%m-%d}"
    )
    assert ("staging-gate", "backed up the database of api", said) in two.record("production-2")


def test_staging_has_none(two: World) -> None:
    assert STEP not in two.steps("staging-2")


def test_neither_has_a_first_release_or_one_without_migrations(released: World) -> None:
    assert STEP in released.steps("production-1")
    assert backups(released) == []


def test_a_rollback_makes_none(two: World) -> None:
    rollback = two.roll_back("v1.0.0")
    assert STEP not in two.steps(rollback.id)
    assert len(backups(two)) == 1


def test_policy_can_want_none_and_says_why(made: Callable[..., World]) -> None:
    world = made(gate_yaml(production={"backup": {"none_because": "the provider makes one every hour"}}))
    world.release("v1.0.0")
    world.release("v1.1.0")

    assert backups(world) == []
    with world.store.reading() as tx:
        [run] = tx.runs.about("production-2")
        said = next(step.outcome for step in tx.runs.steps(run.id) if step.name == STEP)
    assert said == "none, by gate.yaml: the provider makes one every hour"


def test_policy_can_want_them_in_staging_too(made: Callable[..., World]) -> None:
    world = made(gate_yaml(staging={"backup": {"keep": "1d"}}))
    world.ship_to_staging("feat: one")
    world.ship_to_staging("feat: two")

    [backup] = backups(world)
    assert backup.deployment == "staging-2"
    assert backup.remove_at == backup.at + timedelta(days=1)


def test_without_a_backup_nothing_is_migrated(merged: World) -> None:
    merged.production.next_call_fails("back_up", NO_ROOM)
    failed = merged.publish("v1.1.0")

    assert failed.state is DeploymentState.ERRORED
    assert failed.failure == NO_ROOM.message
    assert "upgrade_schema" not in [
        call for call, deployment, _ in merged.target.known.calls if deployment == failed.id
    ]
    assert merged.production.live() == "v1.0.0"
    assert backups(merged) == []


def test_that_is_not_the_fault_of_the_release(merged: World) -> None:
    """It goes out when there is room again."""
    merged.production.next_call_fails("back_up", NO_ROOM)
    merged.publish("v1.1.0")

    assert releasing.get(merged.ports, "v1.1.0").state is ReleaseState.PUBLISHED
    with merged.store.reading() as tx:
        assert tx.releases.quarantines() == []


def test_an_answer_that_was_lost_is_asked_for_again_and_it_is_one(merged: World) -> None:
    merged.production.unclear_after("back_up")
    shipped = merged.publish("v1.1.0")

    assert shipped.state is DeploymentState.SUCCEEDED
    assert len(backups(merged)) == 1


def test_a_release_that_fails_afterwards_keeps_its_backup(merged: World) -> None:
    merged.production.next_call_fails("upgrade_schema", Refused("The migrations of api failed."))
    failed = merged.publish("v1.1.0")

    assert failed.state is DeploymentState.FAILED
    assert [(one.deployment, one.is_kept) for one in backups(merged)] == [(failed.id, True)]


def test_old_ones_are_removed_and_the_last_good_one_stays(two: World) -> None:
    two.release("v1.2.0")
    assert [one.deployment for one in backups(two)] == ["production-3", "production-2"]

    two.advance(days=15)

    assert [(one.deployment, one.is_kept) for one in backups(two)] == [("production-3", True), ("production-2", False)]
    assert two.target.backups_there() == [("api", "production-3")]
    assert any(action == "removed the backup of api" for _, action, _ in two.record("production-2"))


def test_the_last_one_that_was_only_listed_does_not_count_as_good(two: World) -> None:
    two.target.known.proof = BackupProof.LISTED
    two.release("v1.2.0")

    two.advance(days=15)

    assert [(one.deployment, one.is_kept) for one in backups(two)] == [("production-3", False), ("production-2", True)]


def test_a_file_that_no_record_knows_is_removed(two: World) -> None:
    files = two.target.known.backups
    files["api", "production-1"] = files["api", "production-2"]

    two.advance(seconds=10)

    assert two.target.backups_there() == [("api", "production-2")]


def test_one_of_a_deployment_that_we_have_never_heard_of_stays(two: World) -> None:
    """Somebody may have restored our own record."""
    files = two.target.known.backups
    files["api", "production-77"] = files["api", "production-2"]

    two.advance(seconds=10)

    assert two.target.backups_there() == [("api", "production-2"), ("api", "production-77")]


def test_one_whose_deployment_goes_on_is_left_alone(merged: World) -> None:
    """It is made, and its record may be about to be written."""
    seen: list[list[tuple[str, str]]] = []
    here = merged.target.known.backups

    def look_meanwhile() -> None:
        here["web", "production-2"] = here["api", "production-2"]
        backing_up.remove_what_nobody_remembers(merged.ports)
        seen.append(merged.target.backups_there())

    merged.away["deploy target"].just_before("upgrade_schema", look_meanwhile)
    merged.publish("v1.1.0")
    assert seen == [[("api", "production-2"), ("web", "production-2")]]

    merged.advance(seconds=10)
    assert merged.target.backups_there() == [("api", "production-2")]
