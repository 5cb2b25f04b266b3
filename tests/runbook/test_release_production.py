"""Procedure 2, from the tag on: production runs a release that it has proved, or what it ran before."""

from collections.abc import Callable

from staging_gate.domain.deployment import DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Hold, Quarantine, Release, ReleaseState
from staging_gate.ports.errors import Refused
from staging_gate.runbook import releasing
from staging_gate.runbook.holding import hold, lift_hold
from staging_gate.runbook.redeploying import redeploy
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import closed_as_explained

PRODUCTION = Environment.PRODUCTION


def test_a_published_release_is_deployed_proved_and_verified(world: World) -> None:
    world.ship_to_staging()
    world.prepare_release("v1.0.0")
    deployment = world.publish("v1.0.0", by="tess")

    assert deployment.state is DeploymentState.SUCCEEDED
    assert deployment.why == "v1.0.0 was published by tess"
    assert deployment.revision.tree == world.revision("staging").tree
    assert world.production.live() == "v1.0.0"
    assert release_of(world, "v1.0.0").state is ReleaseState.VERIFIED
    with world.store.reading() as tx:
        assert tx.deployments.verification(PRODUCTION, deployment.revision.tree)
    assert world.steps(deployment.id)[0] == "check the production gate and plan"
    assert world.steps(deployment.id)[-1] == "record it as verified in production"


def test_what_staging_ran_is_not_built_again(world: World) -> None:
    world.release("v1.0.0")

    with world.store.reading() as tx:
        [run] = tx.runs.about("production-1")
        notes = {step.name: step.outcome for step in tx.runs.steps(run.id)}
    assert notes["build api"] == "kept: this tree is already built"


def test_smoke_tests_that_fail_on_the_candidate_leave_the_traffic_alone(released: World) -> None:
    world = released
    world.production.next_smoke_fails("login", where="candidate")
    failed = world.release("v1.1.0")

    assert failed.state is DeploymentState.FAILED
    assert failed.failure == "The smoke tests of api did not pass on their own address: login failed"
    assert failed.evidence.splitlines() == [
        "login failed",
        "--- the service's last words ---",
        "the last words of api in production-2",
    ]
    assert world.production.served() == ["v1.0.0"]
    assert world.production.running() == ["v1.0.0"]
    assert world.live(PRODUCTION) == world.deployment("production-1")
    assert release_of(world, "v1.1.0").state is ReleaseState.FAILED
    assert [(q.tag, q.tree) for q in quarantines(world)] == [("v1.1.0", failed.revision.tree)]
    assert holds(world) == []


def test_smoke_tests_that_fail_in_public_bring_the_previous_release_back_by_itself(released: World) -> None:
    world = released
    world.production.next_smoke_fails("login", where="public")
    failed = world.release("v1.1.0")

    assert world.production.served() == ["v1.0.0", "v1.1.0", "v1.0.0"]
    assert states(world) == [
        ("v1.0.0", DeploymentState.SUCCEEDED),
        ("v1.1.0", DeploymentState.ROLLED_BACK),
        ("v1.0.0", DeploymentState.SUCCEEDED),
    ]
    assert failed.failure == "The smoke tests of api did not pass through the public address: login failed"
    rollback = world.deployment("production-3")
    assert rollback.kind is DeploymentKind.ROLLBACK
    assert rollback.undoes == "production-2"
    assert rollback.why == "v1.1.0 did not pass (production-2)"
    assert world.live(PRODUCTION) == rollback
    assert release_of(world, "v1.1.0").state is ReleaseState.FAILED
    assert [q.tag for q in quarantines(world)] == ["v1.1.0"]
    assert [hold.environment for hold in holds(world)] == ["production"]
    assert world.steps("production-2")[-5:] == [
        "record the failed verdict",
        "put the previous api back",
        "smoke test what is back",
        "record what is back",
        "stop the candidates",
    ]
    assert world.production.smoke_tests("production-3") == ["api public"]


def test_what_came_back_is_warm_and_stays_warm_for_the_next_time(released: World) -> None:
    world = released
    world.production.next_smoke_fails(where="public")
    world.release("v1.1.0")
    lift(world)
    world.production.next_smoke_fails(where="public")
    world.release("v1.2.0")

    assert world.production.served() == ["v1.0.0", "v1.1.0", "v1.0.0", "v1.2.0", "v1.0.0"]
    assert len([p for p in world.target.route(PRODUCTION, "api").processes if p.release == "v1.0.0"]) == 1


def test_after_a_release_that_passed_the_one_before_it_stays_warm(released: World) -> None:
    world = released
    world.production.next_smoke_fails(where="public")
    world.release("v1.1.0")
    lift(world)
    world.release("v1.2.0")

    assert sorted(world.production.running()) == ["v1.0.0", "v1.2.0"]


def test_the_same_code_is_not_promoted_again_under_another_tag(released: World) -> None:
    world = released
    world.production.next_smoke_fails(where="candidate")
    world.release("v1.1.0")
    world.ship_to_staging("feat: more", {"more.txt": "more"})
    world.ship_to_staging("revert: more", {"more.txt": None})
    world.prepare_release("v1.1.1", merged=False)

    with world.store.reading() as tx:
        [change] = tx.changes.open()
    codes = closed_as_explained(world, str(change.number), "tess", lambda: world.merge(change, "tess"))
    assert codes == ("quarantined",)
    [reason] = world.explain(str(change.number), "tess").reasons
    assert reason.sentence.endswith("It has the same code as v1.1.1.")


def test_a_first_deployment_that_fails_leaves_the_route_closed_and_says_so(world: World) -> None:
    world.production.next_smoke_fails("login", where="public")
    failed = world.release("v1.0.0")

    assert failed.state is DeploymentState.FAILED
    assert failed.failure == (
        "The smoke tests of api did not pass through the public address: login failed. "
        "Nothing received the traffic before it, so there is nothing to put back: "
        "its address answers 503 until the next deployment."
    )
    assert world.production.closed()
    assert world.production.served() == ["v1.0.0", ""]
    assert world.live(PRODUCTION) is None
    assert len(world.deployments(PRODUCTION)) == 1
    assert [q.tag for q in quarantines(world)] == ["v1.0.0"]
    assert [hold.environment for hold in holds(world)] == ["production"]


def test_nothing_else_begins_while_the_route_of_a_failed_first_deployment_is_closed(world: World) -> None:
    occupied = []

    def look() -> None:
        with world.store.reading() as tx:
            occupied.append(tx.deployments.occupying(PRODUCTION))

    world.production.next_smoke_fails("login", where="public")
    world.away["deploy target"].just_before("close_route", look)
    world.release("v1.0.0")

    assert [d.id for d in occupied if d] == ["production-1"]


def test_a_route_that_can_not_be_closed_calls_for_a_person(world: World) -> None:
    world.production.next_smoke_fails("login", where="public")
    world.away["deploy target"].away_for(5, "close_route")
    failed = world.release("v1.0.0")

    assert failed.failure.endswith(
        "There is nothing to put back, and its address could not be closed: The deploy target does not answer. "
        "A person has to act now."
    )
    assert world.live(PRODUCTION) == failed


def test_services_that_moved_go_back_in_reverse_order(made: Callable[..., World]) -> None:
    world = made(policy=gate_yaml(services=("api", "web")))
    world.release("v1.0.0")
    world.production.next_smoke_fails("dashboard", where="public", service="web")
    world.release("v1.1.0")

    assert [service for call, _, service in world.target.known.calls if call == "put_back"] == ["web", "api"]
    assert (world.production.live("api"), world.production.live("web")) == ("v1.0.0", "v1.0.0")


def test_a_second_service_that_can_not_be_switched_takes_the_first_back_too(made: Callable[..., World]) -> None:
    world = made(policy=gate_yaml(services=("api", "web")))
    world.release("v1.0.0")
    world.production.next_call_fails("switch", Refused("The proxy said no."), service="web")
    world.release("v1.1.0")

    assert world.production.served("api") == ["v1.0.0", "v1.1.0", "v1.0.0"]
    assert world.production.served("web") == ["v1.0.0"]
    assert states(world)[1:] == [("v1.1.0", DeploymentState.ROLLED_BACK), ("v1.0.0", DeploymentState.SUCCEEDED)]


def test_our_own_error_before_the_switch_condemns_no_release(released: World) -> None:
    world = released
    prepare(world)
    world.away["deploy target"].away_for(5, "start")
    ended = world.publish("v1.1.0")

    assert ended.state is DeploymentState.ERRORED
    assert ended.failure == "The deploy target does not answer."
    assert release_of(world, "v1.1.0").state is ReleaseState.PUBLISHED
    assert quarantines(world) == []
    assert holds(world) == []


def test_our_own_error_after_the_switch_takes_it_back_and_condemns_no_release(released: World) -> None:
    world = released
    prepare(world)
    world.production.next_smoke_errors("took longer than 5 min", where="public")
    ended = world.publish("v1.1.0")

    assert ended.state is DeploymentState.ROLLED_BACK
    assert world.production.served() == ["v1.0.0", "v1.1.0", "v1.0.0"]
    assert release_of(world, "v1.1.0").state is ReleaseState.PUBLISHED
    assert quarantines(world) == []
    assert holds(world) == []


def test_our_own_machine_breaking_after_the_switch_takes_the_release_back_too(released: World) -> None:
    world = released
    prepare(world)
    world.production.next_smoke_breaks(OSError("no space left on device"))
    ended = world.publish("v1.1.0")

    assert ended.state is DeploymentState.ROLLED_BACK
    assert ended.failure == ("The step 'smoke test through the public address' broke: OSError: no space left on device")
    assert world.production.live() == "v1.0.0"
    assert quarantines(world) == []


def test_our_own_machine_breaking_before_the_switch_stops_the_candidates(released: World) -> None:
    world = released
    prepare(world)
    world.production.next_smoke_breaks(OSError("no space left on device"), where="candidate")
    ended = world.publish("v1.1.0")

    assert ended.state is DeploymentState.ERRORED
    assert world.production.served() == ["v1.0.0"]
    assert world.production.running() == ["v1.0.0"]


def test_where_not_even_the_record_can_be_written_a_person_is_called(released: World, a_run_breaks: None) -> None:
    world = released
    prepare(world)
    host = world.away["code host"]
    world.away["deploy target"].just_before("retire", lambda: host.just_before("file", disk_is_full))
    ended = world.publish("v1.1.0")

    assert ended.state is DeploymentState.ERRORED
    assert "OSError: no space left on device" in ended.failure
    with world.store.reading() as tx:
        assert [incident.title for incident in tx.incidents.open()] == [
            "production-2 broke after its traffic had moved, so v1.1.0 is live and not proved: a person has to look now"
        ]


def disk_is_full() -> None:
    raise OSError("no space left on device")


def test_a_release_that_our_own_error_kept_out_is_deployed_when_it_is_asked_for_again(released: World) -> None:
    world = released
    prepare(world)
    world.away["deploy target"].away_for(5, "start")
    world.publish("v1.1.0")
    redeploy(world.ports, PRODUCTION, world.person("tess"))
    world.settle()

    assert world.production.live() == "v1.1.0"
    assert release_of(world, "v1.1.0").state is ReleaseState.VERIFIED


def test_a_hold_that_was_set_meanwhile_stops_a_deployment_with_its_reason(released: World) -> None:
    world = released
    prepare(world)
    world.away["code host"].just_before(
        "create_tag", lambda: hold(world.ports, PRODUCTION, "the database is moved", world.person("dora"))
    )
    stopped = world.publish("v1.1.0")

    assert stopped.state is DeploymentState.ABORTED
    assert stopped.failure.startswith("dora holds promotions to production: the database is moved")
    assert world.production.served() == ["v1.0.0"]
    assert quarantines(world) == []


# --- what these stories have in common ---------------------------------------------------------------------------


def prepare(world: World, tag: str = "v1.1.0") -> None:
    """Everything but the tag."""
    world.ship_to_staging(f"feat: something for {tag}")
    world.prepare_release(tag)


def lift(world: World) -> None:
    """Somebody has looked."""
    for found in holds(world):
        lift_hold(world.ports, found.id, "it was the login", world.person("dora"))


def release_of(world: World, tag: str) -> Release:
    return releasing.get(world.ports, tag)


def quarantines(world: World) -> list[Quarantine]:
    with world.store.reading() as tx:
        return tx.releases.quarantines()


def holds(world: World) -> list[Hold]:
    with world.store.reading() as tx:
        return tx.holds.in_force()


def states(world: World) -> list[tuple[str, DeploymentState]]:
    """Of all production deployments, oldest first."""
    return [(d.release or "", d.state) for d in world.deployments(PRODUCTION)]
