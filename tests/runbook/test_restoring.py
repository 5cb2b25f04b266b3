"""The plan that brings databases back: which commands, in which order, and which release to go to."""

import pytest

from staging_gate.domain.backup import RestorePlan
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.messages.backups import plan_lines
from staging_gate.ports.errors import Refused
from staging_gate.runbook import restoring
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.deciding import Closed
from staging_gate.testing.world import World


def plan(world: World, deployment: str | None = None, by: str = "dora") -> RestorePlan:
    return restoring.plan(world.ports, deployment, world.person(by))


def commands(plan: RestorePlan) -> list[str]:
    return [command for step in plan.steps for command in step.commands]


def test_after_a_release_that_is_live_it_goes_to_the_one_before(two: World) -> None:
    found = plan(two)

    assert (found.deployment, found.release) == ("production-2", "v1.0.0")
    assert commands(found) == [
        "gate hold set --environment production --reason 'the database is restored to before v1.1.0'",
        "gate down",
        "restore api /backups/api/production-2.backup",
        "gate up",
        "gate backups restored production-2 --reason 'the database is restored to before v1.1.0'",
        "gate rollback v1.0.0 --reason 'the database is restored to before v1.1.0'",
        "gate redeploy staging",
    ]


def test_it_reads_like_a_script(two: World) -> None:
    [backup] = plan(two).backups
    at = f"{backup.at:%Y-%m-%d %H:%M:%S} UTC"
    lines = list(plan_lines(plan(two)))

    assert lines[:3] == [
        "# Brings the databases back to before production-2. To be run on the server's machine, line by line.",
        f"# What was written since {at} is not in it, and is lost to the service.",
        "",
    ]
    assert lines[3] == "# 1. Nothing is promoted meanwhile"
    assert (
        f"# 3. The database of api as it was on {at} (restored for proof: 2 tables, 1,200 rows at "
        f"{backup.revisions[0]}); what is there now stays beside it"
    ) in lines


def test_after_migrations_that_failed_what_is_live_stays(merged: World) -> None:
    merged.production.next_call_fails("upgrade_schema", Refused("The migrations of api failed."))
    failed = merged.publish("v1.1.0")
    assert failed.state is DeploymentState.FAILED

    assert commands(plan(merged, failed.id)) == [
        "gate down",
        f"restore api /backups/api/{failed.id}.backup",
        "gate up",
        f"gate backups restored {failed.id} --reason 'the database is restored to before v1.1.0'",
        "gate redeploy production --wait",
        "gate redeploy staging",
    ]


def test_after_a_release_that_took_itself_back_the_hold_is_lifted(merged: World) -> None:
    merged.production.next_smoke_fails("login", where="public")
    failed = merged.publish("v1.1.0")
    with merged.store.reading() as tx:
        [hold] = tx.holds.in_force()

    found = commands(plan(merged, failed.id))

    lift = f"gate hold lift {hold.id} --reason 'the database is restored to before v1.1.0'"
    assert found.index(lift) < found.index("gate redeploy production --wait")


def test_what_was_restored_is_on_the_record(two: World) -> None:
    restoring.mark_restored(two.ports, "production-2", "prices are wrong", two.person("dora"))

    assert ("dora", "restored the databases", "prices are wrong") in two.record("production-2")
    with two.store.reading() as tx:
        migrated = tx.deployments.migrated(Environment.PRODUCTION)
    assert migrated and migrated.id == "production-1"


def test_then_the_rollback_needs_nothing_of_the_database(two: World) -> None:
    """The traffic goes back alone: the database has been there before it."""
    restoring.mark_restored(two.ports, "production-2", "prices are wrong", two.person("dora"))
    two.target.known.schemas[Environment.PRODUCTION, "api"] = two.revision("v1.0.0").tree

    back = two.roll_back("v1.0.0")

    assert back.state is DeploymentState.SUCCEEDED
    assert two.production.live() == "v1.0.0"
    assert "bring the schema of api back" not in two.steps(back.id)


@pytest.mark.parametrize("by", ["ada", "ben", "stan"])
def test_only_who_runs_production_gets_the_plan(two: World, by: str) -> None:
    with pytest.raises(Closed, match=f"{by} may not "):
        plan(two, by=by)
    with pytest.raises(Closed, match=f"{by} may not "):
        restoring.mark_restored(two.ports, "production-2", "because", two.person(by))


def test_a_deployment_that_is_not_there_or_has_none(two: World) -> None:
    with pytest.raises(Unknown, match=r"There is no deployment production-9\. `gate backups list`"):
        plan(two, "production-9")
    with pytest.raises(Unusable, match="production-1 has no backup that is still there: none was made where no migr"):
        plan(two, "production-1")
    with pytest.raises(Unusable, match="A reason is needed"):
        restoring.mark_restored(two.ports, "production-2", " ", two.person("dora"))


def test_where_there_is_none_at_all(released: World) -> None:
    with pytest.raises(Unusable, match=r"There is no backup: one is made in production before migrations that are new"):
        plan(released)


def test_a_file_that_is_gone_is_said(two: World) -> None:
    two.target.known.backups.clear()
    with pytest.raises(Unusable, match=r"The file of this backup is gone: /backups/api/production-2\.backup\."):
        plan(two)
