"""A person takes production back, and says how where that would cost data; the gate asks before that can happen."""

from collections.abc import Callable

import pytest

from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.going_back import Wish
from staging_gate.domain.way_back import Loss
from staging_gate.runbook.cancelling import TooLate, cancel_deployment
from staging_gate.runbook.changes import Unusable
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.databases import (
    ACCEPTS,
    FAILED,
    LOST,
    NOTE,
    PRODUCTION,
    SUCCEEDED,
    SWITCH_ONLY,
    fails_after,
    holds,
    incidents,
    live_after,
    migrated,
    migrates,
    schema,
)
from tests.runbook.stories import actions, closed, closed_as_explained

# --- by a person -------------------------------------------------------------------------------------------------


def test_a_rollback_that_loses_nothing_takes_the_database_back_too(released: World) -> None:
    live_after(released, "reversible")
    rollback = released.roll_back("v1.0.0")

    assert rollback.state is SUCCEEDED
    assert released.steps(rollback.id) == [
        "plan the rollback",
        "find the kept build of api",
        "stop promotions",
        "bring the schema of api back",
        "record that the database is back",
        "start what is not warm",
        "wait until healthy",
        "switch the traffic",
        "smoke test through the public address",
        "let older processes go",
        "record the rollback",
    ]
    assert (released.production.live(), schema(released), migrated(released)) == ("v1.0.0", "v1.0.0", "v1.0.0")
    assert holds(released) == ["rollback to v1.0.0: prices are wrong"]


def test_what_would_be_lost_is_asked_for(released: World) -> None:
    live_after(released, "reversible", NOTE)

    ask = "rollback v1.0.0"
    assert closed_as_explained(released, ask, "dora", lambda: released.roll_back("v1.0.0")) == ("loses_data",)
    assert LOST in released.explain(ask, "dora").reasons[0].sentence
    assert (released.production.live(), incidents(released)) == ("v1.1.0", [])

    rollback = released.roll_back("v1.0.0", wish=ACCEPTS)
    assert rollback.state is SUCCEEDED
    said = f"The database goes back first, which throws away, as dora accepts: {LOST}."
    assert rollback.database_said == said
    assert ("dora", "way of the database", said) in released.record(rollback.id)
    assert schema(released) == "v1.0.0"


def test_the_traffic_alone_can_always_be_moved_and_that_is_on_the_record(released: World) -> None:
    live_after(released, "reversible", NOTE)

    rollback = released.roll_back("v1.0.0", wish=SWITCH_ONLY)

    assert (rollback.state, rollback.downgrades) == (SUCCEEDED, False)
    assert rollback.database_said == (
        "The traffic goes back alone, at the risk of dora: does not work on this database without a downgrade."
    )
    assert (released.production.live(), schema(released)) == ("v1.0.0", "v1.1.0")


def test_what_is_known_not_to_work_is_refused_and_somebody_is_called_once(released: World) -> None:
    live_after(released, "irreversible")

    for _ in range(2):
        assert closed(lambda: released.roll_back("v1.0.0")) == ("way_back_irreversible",)
        assert closed(lambda: released.roll_back("v1.0.0", wish=ACCEPTS)) == ("way_back_irreversible",)

    [incident] = incidents(released)
    assert (incident.severity, incident.deployment) == ("p0", "production-2")
    assert holds(released) == [incident.title]
    assert released.production.live() == "v1.1.0"
    assert released.roll_back("v1.0.0", wish=SWITCH_ONLY).state is SUCCEEDED


def test_who_may_not_roll_back_calls_nobody(released: World) -> None:
    live_after(released, "irreversible")

    assert closed(lambda: released.roll_back("v1.0.0", by="ada")) == ("no_right", "way_back_irreversible")
    assert (incidents(released), holds(released)) == ([], [])


def test_where_nothing_is_known_a_person_says_how_to_go_on(released: World) -> None:
    live_after(released, None)

    ask = "rollback v1.0.0"
    assert closed_as_explained(released, ask, "dora", lambda: released.roll_back("v1.0.0")) == ("way_back_unknown",)
    assert (incidents(released), holds(released)) == ([], [])

    rollback = released.roll_back("v1.0.0", wish=ACCEPTS)
    assert (rollback.state, schema(released)) == (SUCCEEDED, "v1.0.0")
    assert rollback.database_said == (
        "The database goes back first, and dora accepts whatever that throws away: it is not known."
    )


def test_both_ways_at_once_are_none(released: World) -> None:
    with pytest.raises(Unusable, match="Say --switch-only or --accept-data-loss, not both"):
        released.roll_back("v1.0.0", wish=Wish(switch_only=True, accept_data_loss=True))


def test_what_counts_is_where_the_database_is_and_not_what_is_live(released: World) -> None:
    """v1.0.0 is back without the database: from there it is v1.1.0's that has to suit what is next."""
    live_after(released, "compatible")
    released.release("v1.2.0", files=migrates(2))
    released.roll_back("v1.1.0", wish=SWITCH_ONLY)

    assert migrated(released) == "v1.2.0"
    refused = closed_as_explained(released, "rollback v1.0.0", "dora", lambda: released.roll_back("v1.0.0"))
    assert refused == ("way_back_unknown",)
    assert "as v1.2.0 has left it" in released.explain("rollback v1.0.0", "dora").reasons[0].sentence


def test_a_database_that_can_not_go_back_leaves_the_traffic_where_it_is_and_is_tried_once_more(released: World) -> None:
    live_after(released, "reversible")
    released.production.downgrade_fails("no such column: note")
    first = released.roll_back("v1.0.0")

    assert (first.state, first.failure) == (FAILED, "The downgrade failed: no such column: note")
    second = released.deployments(PRODUCTION)[-1]
    assert (second.retries, second.state, second.downgrades) == (first.id, SUCCEEDED, True)
    assert (released.production.live(), schema(released)) == ("v1.0.0", "v1.0.0")
    assert len(holds(released)) == 1
    assert incidents(released) == []


def test_one_that_never_can_calls_a_person(released: World) -> None:
    live_after(released, "reversible")
    released.away["deploy target"].away_for(99, "downgrade_schema")
    released.roll_back("v1.0.0")

    assert len(released.deployments(PRODUCTION)) == 4
    assert released.production.live() == "v1.1.0"
    [incident] = incidents(released)
    assert "The database goes back first, which throws nothing away." in incident.details


def test_the_second_try_of_a_release_that_takes_itself_back_downgrades_too(released: World) -> None:
    released.production.downgrade_fails("no such column: note")
    assert fails_after(released, "reversible").state is DeploymentState.ROLLED_BACK

    first, second = released.deployments(PRODUCTION)[-2:]
    assert first.failure == (
        "v1.0.0 could not be put back: The downgrade failed: no such column: note. "
        "It is tried once more: its kept build is started anew."
    )
    assert (second.state, second.downgrades) == (SUCCEEDED, True)
    assert (released.production.live(), schema(released)) == ("v1.0.0", "v1.0.0")


def test_a_lost_answer_downgrades_nothing_twice(released: World) -> None:
    live_after(released, "reversible")
    released.production.downgrade_fails(lost=True)

    assert released.roll_back("v1.0.0").state is SUCCEEDED
    assert released.target.known.downgraded == [("production-3", "api")]


def test_through_the_provider_the_database_goes_back_first_too(released: World) -> None:
    live_after(released, "reversible")
    rollback = released.roll_back("v1.0.0", through_provider=True)

    assert rollback.state is SUCCEEDED
    assert released.production.calls(rollback.id) == ["build api", "downgrade_schema api", "put_back api"]


def test_half_way_back_nobody_can_cancel(released: World) -> None:
    live_after(released, "reversible")
    told: list[bool] = []

    def cancel() -> None:
        with pytest.raises(TooLate):
            cancel_deployment(released.ports, "production-3", released.person("dora"))
        told.append(True)

    released.away["deploy target"].just_before("downgrade_schema", cancel)

    assert released.roll_back("v1.0.0").state is SUCCEEDED
    assert told == [True]


def test_of_many_services_the_last_one_is_taken_back_first(made: Callable[..., World]) -> None:
    with_schema = {"schema": {"alembic": "alembic.ini", "database": "DATABASE_URL"}}
    world = made(gate_yaml(services=("api", "web"), service=with_schema))
    world.release("v1.0.0")
    live_after(world, "reversible")
    rollback = world.roll_back("v1.0.0")

    assert rollback.state is SUCCEEDED
    calls = world.production.calls(rollback.id)
    assert [call for call in calls if call.startswith("downgrade")] == ["downgrade_schema web", "downgrade_schema api"]
    assert world.target.known.downgraded == [(rollback.id, "web"), (rollback.id, "api")]


# --- the gate ----------------------------------------------------------------------------------------------------

PROVED = {"requires": ["verified_in_staging", "way_back_proved"]}


def merged_after(world: World, verdict: str, *losses: Loss) -> None:
    """v1.0.0 is live, and v1.1.0 with a migration would be next."""
    world.release("v1.0.0")
    world.way_back.next(verdict, *losses)
    world.ship_to_staging("feat: notes", migrates(1))


def test_a_first_release_needs_no_way_back(made: Callable[..., World]) -> None:
    world = made(gate_yaml(production=PROVED))

    assert world.release("v1.0.0").state is SUCCEEDED


def test_a_release_that_could_not_be_taken_back_is_not_merged(made: Callable[..., World]) -> None:
    world = made(gate_yaml(production=PROVED))
    merged_after(world, "irreversible")
    change = world.prepare_release("v1.1.0", merged=False)

    refused = closed_as_explained(world, str(change.number), "tess", lambda: world.merge(change, "tess"))
    assert refused == ("way_back_irreversible",)
    world.bypass(change, "way_back_irreversible", by="tess")
    world.merge(change, "tess")
    assert world.publish("v1.1.0").state is SUCCEEDED
    assert "bypass used" in actions(world, "v1.1.0")


def test_the_gate_opens_when_the_way_back_is_known(made: Callable[..., World]) -> None:
    world = made(gate_yaml(production=PROVED))
    merged_after(world, "unknown")
    change = world.prepare_release("v1.1.0", merged=False)
    assert closed(lambda: world.merge(change, "tess")) == ("way_back_unproved",)

    with world.store.transaction() as tx:
        [known, *_] = tx.ways_back.recent()
        tx.ways_back.put(type(known)(**{**vars(known), "verdict": "compatible"}))
    world.merge(change, "tess")

    assert world.publish("v1.1.0").state is SUCCEEDED


def test_what_going_back_would_cost_is_said_before_it_is_merged(made: Callable[..., World]) -> None:
    world = made(gate_yaml(production=PROVED))
    merged_after(world, "reversible", NOTE)
    change = world.prepare_release("v1.1.0", merged=False)

    [warning] = world.explain(str(change.number), "tess").warnings
    assert warning.code == "way_back_loses_data"
    assert LOST in warning.sentence
