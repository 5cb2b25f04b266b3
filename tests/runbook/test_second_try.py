"""A rollback that fails is tried once more with nothing warm; then a person is called."""

from collections.abc import Callable

import pytest

from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.incident import Incident
from staging_gate.domain.release import Hold
from staging_gate.runbook import roll_back
from staging_gate.runbook.cancelling import cancel_deployment
from staging_gate.testing.world import World

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION
SUCCEEDED, FAILED = DeploymentState.SUCCEEDED, DeploymentState.FAILED


def test_what_can_not_be_put_back_is_started_anew(released: World) -> None:
    world = released
    world.production.next_smoke_fails(where="public")
    world.production.put_back_fails("its database is gone")
    world.release("v1.1.0")

    first, second = world.deployments(PRODUCTION)[-2:]
    assert (first.state, second.state) == (FAILED, SUCCEEDED)
    assert first.failure == (
        "v1.0.0 could not be put back: its database is gone. It is tried once more: its kept build is started anew."
    )
    assert (second.retries, second.undoes, second.release) == (first.id, "production-2", "v1.0.0")
    assert second.why == (
        "v1.1.0 did not pass (production-2) "
        "(second try: production-3 did not succeed, so the kept build is started anew)"
    )
    assert world.live(PRODUCTION) == second
    assert world.production.served() == ["v1.0.0", "v1.1.0", "v1.0.0"]
    assert [hold.reason for hold in holds(world)] == ["v1.1.0 failed in production (production-2)"]
    assert incidents(world) == []


def test_what_was_put_back_and_is_not_well_is_started_anew(released: World) -> None:
    world = released
    world.production.next_smoke_fails("login", where="public")
    world.away["deploy target"].just_before("put_back", lambda: world.production.next_smoke_fails("board"))
    world.release("v1.1.0")

    first, second = world.deployments(PRODUCTION)[-2:]
    assert (first.state, second.state) == (FAILED, SUCCEEDED)
    assert first.failure == (
        "The rollback did not pass: The smoke tests of api did not pass through the public address: board failed. "
        "It stays live; it is tried once more: its kept build is started anew."
    )
    assert "the last words of api in production-3" in first.evidence
    assert world.live(PRODUCTION) == second
    assert len([p for p in world.target.route(PRODUCTION, "api").processes if p.release == "v1.0.0"]) == 2
    assert incidents(world) == []


def test_a_second_try_takes_no_warm_process(two: World) -> None:
    before = len(two.target.route(PRODUCTION, "api").processes)
    two.production.next_smoke_fails("login", where="public")
    first = two.roll_back("v1.0.0")

    assert first.failure == (
        "The rollback did not pass: The smoke tests of api did not pass through the public address: login failed. "
        "It stays live; it is tried once more: its kept build is started anew."
    )
    second = two.deployments(PRODUCTION)[-1]
    assert (second.state, second.requested_by) == (SUCCEEDED, "dora")
    assert len(two.target.route(PRODUCTION, "api").processes) == before + 1
    assert two.live(PRODUCTION) == second
    assert len(holds(two)) == 1
    assert incidents(two) == []


def test_what_did_not_start_is_started_anew_and_holds_the_line_then(two: World) -> None:
    two.production.next_deploy_answers(500)
    two.roll_back("v1.0.0")

    assert two.production.served() == ["v1.0.0", "v1.1.0", "v1.0.0"]
    with two.store.reading() as tx:
        [bad] = tx.releases.quarantines()
    assert bad.tag == "v1.1.0"
    assert bad.reason.startswith("rollback to v1.0.0: prices are wrong (second try: production-3")
    assert len(holds(two)) == 1


def test_a_provider_that_can_not_put_it_back_is_passed_by(two: World) -> None:
    two.production.put_back_fails()
    two.roll_back(through_provider=True)

    first, second = two.deployments(PRODUCTION)[-2:]
    assert (first.through_provider, second.through_provider) == (True, False)
    assert (first.state, second.state) == (FAILED, SUCCEEDED)
    assert two.steps(second.id)[:2] == ["plan the rollback", "find the kept build of api"]


def test_our_own_error_condemns_no_release_at_the_second_try_either(merged: World) -> None:
    merged.production.next_smoke_errors("took longer than 5 min", where="public")
    merged.production.put_back_fails()
    merged.publish("v1.1.0")

    assert [d.state for d in merged.deployments(PRODUCTION)[-2:]] == [FAILED, SUCCEEDED]
    assert merged.production.live() == "v1.0.0"
    assert holds(merged) == []
    with merged.store.reading() as tx:
        assert tx.releases.quarantines() == []


def test_where_our_own_machine_broke_the_second_try_holds_the_line(
    two: World, monkeypatch: pytest.MonkeyPatch, a_run_breaks: None
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(roll_back, "_hold_the_line", once(disk_is_full, roll_back._hold_the_line))
        two.roll_back("v1.0.0")

    assert [d.state for d in two.deployments(PRODUCTION)[-2:]] == [DeploymentState.ERRORED, SUCCEEDED]
    assert len(holds(two)) == 1
    with two.store.reading() as tx:
        assert [q.tag for q in tx.releases.quarantines()] == ["v1.1.0"]


def once(first: Callable[..., None], then: Callable[..., None]) -> Callable[..., None]:
    calls = iter([first])

    def call(*args: object) -> None:
        next(calls, then)(*args)

    return call


def disk_is_full(*_: object) -> None:
    raise OSError("no space left on device")


def test_there_is_no_third_try(two: World) -> None:
    two.target.never_healthy(two.revision("v1.0.0").commit)
    two.roll_back("v1.0.0")

    assert [d.state for d in two.deployments(PRODUCTION)[-2:]] == [FAILED, FAILED]
    assert len(two.deployments(PRODUCTION)) == 4
    assert two.production.served() == ["v1.0.0", "v1.1.0"]
    assert two.live(PRODUCTION) == two.deployment("production-2")
    assert [(i.severity, i.deployment) for i in incidents(two)] == [("p0", "production-4")]


def test_a_rollback_whose_switch_fails_says_that_it_is_not_sure(two: World) -> None:
    two.away["deploy target"].away_for(99, "switch")
    two.roll_back("v1.0.0")

    first, second = two.deployments(PRODUCTION)[-2:]
    unsure = "The rollback did not pass: The deploy target does not answer. Perhaps not all of its services receive the"
    assert first.failure == f"{unsure} traffic; it is tried once more: its kept build is started anew."
    assert second.failure == f"{unsure} traffic; a person has to look."


def test_a_rollback_that_was_cancelled_is_not_tried_again(two: World) -> None:
    two.away["deploy target"].just_before(
        "start", lambda: cancel_deployment(two.ports, "production-3", two.person("dora"))
    )
    assert two.roll_back("v1.0.0").state is DeploymentState.ABORTED

    assert len(two.deployments(PRODUCTION)) == 3
    assert incidents(two) == []


def test_staging_that_could_not_be_put_back_is_not_held(released: World) -> None:
    released.staging.next_smoke_fails(where="public")
    released.staging.put_back_fails()
    released.ship_to_staging("feat: broken", tested=False)

    assert [d.state for d in released.deployments(STAGING)[-2:]] == [FAILED, SUCCEEDED]
    assert holds(released) == []
    assert incidents(released) == []


def holds(world: World) -> list[Hold]:
    with world.store.reading() as tx:
        return tx.holds.in_force()


def incidents(world: World) -> list[Incident]:
    with world.store.reading() as tx:
        return tx.incidents.open()
