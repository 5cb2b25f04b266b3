"""What is where, what is queued, why it waits."""

from staging_gate.domain.environment import Environment
from staging_gate.queries.board import Board, Place, board
from staging_gate.queries.deployments import recent, timeline
from staging_gate.runbook import releasing
from staging_gate.runbook.holding import hold
from staging_gate.testing.world import World

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION


def place(world: World, environment: Environment) -> Place:
    return next(found for found in board(world.ports).places if found.environment is environment)


def test_before_anything_happened_the_board_is_empty_but_knows_the_places(world: World) -> None:
    shown = board(world.ports)

    assert shown.product == "marketedge"
    assert [found.environment for found in shown.places] == [STAGING, PRODUCTION]
    assert all(found.live is None and found.busy is None and not found.queued for found in shown.places)
    assert place(world, PRODUCTION).addresses == {"api": "http://api.production.invalid"}
    assert (shown.changes, shown.releases, shown.quarantines, shown.incidents) == ((), (), (), ())


def test_an_installation_without_rules_has_a_board_too(world: World) -> None:
    commit = world.repository.commit(
        world.revision("main").commit, {"gate.yaml": None}, "chore: no rules", "root", world.clock.now()
    )
    world.repository.move("refs/heads/main", commit)

    assert board(world.ports).product is None


def test_what_is_live_where(released: World) -> None:
    production, staging = place(released, PRODUCTION), place(released, STAGING)

    assert production.live and production.live.release == "v1.0.0"
    assert staging.live and staging.live.change == 1
    assert [deployment.id for deployment in production.recent] == ["production-1"]


def test_what_runs_and_what_waits_behind_it(released: World) -> None:
    for tag in ("v1.1.0", "v1.2.0"):
        released.ship_to_staging(f"feat: for {tag}")
        released.prepare_release(tag)
    seen: list[Board] = []

    def look() -> None:
        run = releasing.publish(released.ports, "v1.2.0", released.person("tess"))
        assert run is not None
        released.engine.wait(run, within=20)
        seen.append(board(released.ports))

    released.away["deploy target"].just_before("start", look)
    released.publish("v1.1.0")

    production = seen[0].places[1]
    assert production.busy and production.busy.deployment.release == "v1.1.0"
    assert production.busy.steps[-1].name == "start api beside what is live"
    assert [deployment.release for deployment in production.queued] == ["v1.2.0"]
    assert production.live and production.live.release == "v1.0.0"


def test_open_changes_with_every_required_check(world: World) -> None:
    world.checks.next_fails("zebra-smoke", "2 of 31 failed")
    world.change()
    [shown] = board(world.ports).changes

    assert [(check.name, str(check.verdict)) for check in shown.checks] == [
        ("zebra-smoke", "failed"),
        ("db-migrations", "passed"),
    ]


def test_what_is_held_and_what_is_bad(released: World) -> None:
    released.production.next_smoke_fails(where="public")
    released.release("v1.1.0")
    hold(released.ports, STAGING, "a demo is on", released.person("tess"))
    shown = board(released.ports)

    assert [found.tag for found in shown.quarantines] == ["v1.1.0"]
    assert [found.reason for found in place(released, STAGING).holds] == ["a demo is on"]
    assert len(place(released, PRODUCTION).holds) == 1
    assert [release.tag for release in shown.releases] == ["v1.1.0", "v1.0.0"]


def test_a_timeline_has_all_steps_with_their_times_and_compares_with_the_runbook(released: World) -> None:
    shown = timeline(released.ports, "production-1")

    assert shown and shown.live
    assert [step.number for step in shown.steps] == list(range(1, len(shown.steps) + 1))
    assert all(step.ended_at and step.started_at <= step.ended_at for step in shown.steps)
    assert [(took.what, took.expected, took.within) for took in shown.took] == [
        ("production deployment", "10-15 min", True),
        ("tag to verified in production", "30-45 min", True),
    ]


def test_a_timeline_of_what_never_was_is_none(world: World) -> None:
    assert timeline(world.ports, "staging-99") is None


def test_recent_deployments_of_one_place_or_all(released: World) -> None:
    assert [d.id for d in recent(released.ports, PRODUCTION, 10)] == ["production-1"]
    assert [d.id for d in recent(released.ports, None, 10)] == ["production-1", "staging-1"]
    assert len(recent(released.ports, None, 1)) == 1
