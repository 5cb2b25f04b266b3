"""Procedure 4: production goes back to a release that it has proved before."""

import pytest

from staging_gate.domain.actor import SYSTEM
from staging_gate.domain.deployment import Deployment, DeploymentKind, DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Quarantine, ReleaseState
from staging_gate.runbook import changes, releasing
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.holding import hold, lift_quarantine, put_in_quarantine
from staging_gate.runbook.reconcile import differences
from staging_gate.runbook.roll_back import roll_back
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import closed, closed_as_explained

PRODUCTION = Environment.PRODUCTION


def test_a_rollback_by_tag_brings_its_code_back(two: World) -> None:
    world = two
    rollback = world.roll_back("v1.0.0", reason="prices are wrong", by="dora")

    assert rollback.state is DeploymentState.SUCCEEDED
    assert rollback.kind is DeploymentKind.ROLLBACK
    assert rollback.why == "rollback to v1.0.0: prices are wrong"
    assert (rollback.requested_by, rollback.undoes, rollback.release) == ("dora", "production-2", "v1.0.0")
    assert rollback.revision == world.deployment("production-1").revision
    assert world.production.served() == ["v1.0.0", "v1.1.0", "v1.0.0"]
    assert world.live(PRODUCTION) == rollback


def test_what_was_kept_warm_is_not_started_anew(two: World) -> None:
    world = two
    processes = len(world.target.route(PRODUCTION, "api").processes)
    rollback = world.roll_back()

    assert len(world.target.route(PRODUCTION, "api").processes) == processes
    assert world.steps(rollback.id) == [
        "plan the rollback",
        "find the kept build of api",
        "start what is not warm",
        "wait until healthy",
        "switch the traffic",
        "smoke test through the public address",
        "let older processes go",
        "record the rollback",
    ]


def test_without_a_name_it_goes_to_the_last_verified_release(two: World) -> None:
    two.production.next_smoke_fails(where="candidate")
    two.release("v1.2.0")

    assert two.roll_back().release == "v1.0.0"


def test_a_release_in_quarantine_is_passed_over(two: World) -> None:
    two.release("v1.2.0")
    put_in_quarantine(two.ports, "v1.1.0", "prices are wrong", two.person("dora"))

    assert closed_as_explained(two, "rollback v1.1.0", "dora", lambda: two.roll_back("v1.1.0")) == ("quarantined",)
    assert two.roll_back().release == "v1.0.0"


def test_the_bad_release_goes_into_quarantine_and_promotions_wait_in_the_name_of_who_ordered_it(two: World) -> None:
    two.roll_back("v1.0.0", reason="prices are wrong", by="dora")

    with two.store.reading() as tx:
        [bad], [held] = tx.releases.quarantines(), tx.holds.in_force()
    assert (bad.tag, bad.by, bad.reason) == ("v1.1.0", "dora", "rollback to v1.0.0: prices are wrong")
    assert (held.environment, held.by) == ("production", "dora")
    assert ("dora", "quarantined", bad.reason) in two.record("v1.1.0")
    assert ("dora", "hold", held.reason) in two.record("production")
    assert releasing.get(two.ports, "v1.0.0").state is ReleaseState.VERIFIED


def test_no_hold_stops_a_rollback(two: World) -> None:
    hold(two.ports, PRODUCTION, "the database is moved", two.person("dora"))

    assert two.roll_back().state is DeploymentState.SUCCEEDED


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (None, "There is nothing to go back to: no release was verified in production yet."),
        ("v0.9.0", "There is nothing to go back to: v0.9.0 was never verified in production."),
    ],
)
def test_without_a_verified_release_there_is_nothing_to_go_back_to(
    world: World, name: str | None, sentence: str
) -> None:
    subject = f"rollback {name}" if name else "rollback"

    assert closed_as_explained(world, subject, "dora", lambda: world.roll_back(name)) == ("no_rollback_target",)
    assert world.explain(subject, "dora").reasons[0].sentence == sentence
    assert world.deployments(PRODUCTION) == []


def test_what_is_live_is_nothing_to_go_back_to(two: World) -> None:
    assert closed_as_explained(two, "rollback v1.1.0", "dora", lambda: two.roll_back("v1.1.0")) == ("already_live",)


def test_who_has_not_the_right_can_not_order_it(two: World) -> None:
    assert closed_as_explained(two, "rollback", "ada", lambda: two.roll_back(by="ada")) == ("no_right",)


def test_after_a_rollback_the_next_one_does_not_go_forward_to_the_bad_release(two: World) -> None:
    two.roll_back("v1.0.0")

    assert closed_as_explained(two, "rollback", "dora", two.roll_back) == ("no_rollback_target",)
    assert closed_as_explained(two, "rollback v1.1.0", "dora", lambda: two.roll_back("v1.1.0")) == ("quarantined",)


def test_a_quarantine_that_was_lifted_lets_it_come_back(two: World) -> None:
    two.roll_back("v1.0.0")
    lift_quarantine(two.ports, "v1.1.0", "it was the provider", two.person("dora"))

    assert two.roll_back("v1.1.0").state is DeploymentState.SUCCEEDED
    assert two.production.live() == "v1.1.0"


def test_so_many_releases_back(two: World) -> None:
    two.release("v1.2.0")

    assert two.roll_back(back=2).release == "v1.0.0"


def test_releases_are_counted_by_when_they_were_published_and_past_those_in_quarantine(two: World) -> None:
    two.release("v1.2.0")
    two.release("v1.3.0")
    put_in_quarantine(two.ports, "v1.2.0", "prices are wrong", two.person("dora"))
    two.roll_back("v1.1.0")
    lift_quarantine(two.ports, "v1.3.0", "it was the provider", two.person("dora"))

    assert two.roll_back(back=1).release == "v1.0.0"


def test_further_back_than_there_are_releases_is_refused_with_the_reason(two: World) -> None:
    assert closed_as_explained(two, "rollback 2", "dora", lambda: two.roll_back(back=2)) == ("no_rollback_target",)
    assert two.explain("rollback 2", "dora").reasons[0].sentence == (
        "There is nothing to go back to: fewer than 2 of the verified releases before v1.1.0 are free of quarantine."
    )
    put_in_quarantine(two.ports, "v1.0.0", "prices are wrong", two.person("dora"))
    assert two.explain("rollback 1", "dora").reasons[0].sentence == (
        "There is nothing to go back to: none of the verified releases before v1.1.0 is free of quarantine."
    )


def test_beforehand_it_is_said_how_far_back(two: World) -> None:
    assert two.explain("rollback 1", "dora").subject == "1 release back"
    assert two.explain("rollback 3", "dora").subject == "3 releases back"
    assert two.explain("rollback", "dora").subject == "the last verified release"


def test_a_name_and_a_number_are_one_too_many(two: World) -> None:
    with pytest.raises(Unusable, match="Name a release or say how many releases back, not both."):
        two.roll_back("v1.0.0", back=1)


def test_through_the_provider_nothing_is_proved_before_the_traffic_moves(two: World) -> None:
    rollback = two.roll_back(through_provider=True)

    assert (rollback.state, rollback.release) == (DeploymentState.SUCCEEDED, "v1.0.0")
    assert two.steps(rollback.id) == [
        "have the provider put it back",
        "smoke test through the public address",
        "let older processes go",
        "record the rollback",
    ]
    assert two.production.calls(rollback.id) == ["put_back api"]
    assert two.live(PRODUCTION) == rollback
    assert [q.tag for q in quarantines(two)] == ["v1.1.0"]


def test_nothing_takes_a_rollback_back_by_itself(two: World) -> None:
    two.release("v1.2.0")
    two.roll_back("v1.1.0")

    assert closed(lambda: roll_back(two.ports, "v1.0.0", "it is slow", SYSTEM)) == ("rollback_of_a_rollback",)
    assert two.roll_back("v1.0.0", by="dora").state is DeploymentState.SUCCEEDED


@pytest.mark.parametrize("name", [None, "v1.1.0"])
def test_a_release_on_its_way_is_stopped_by_going_back_to_what_is_still_live(two: World, name: str | None) -> None:
    world = two
    world.ship_to_staging("feat: three")
    world.prepare_release("v1.2.0")
    ordered: list[Deployment] = []
    world.away["smoke tests"].just_before(
        "run", lambda: ordered.append(roll_back(world.ports, name, "it is the wrong one", world.person("dora")))
    )
    stopped = world.publish("v1.2.0")

    assert stopped.state is DeploymentState.ABORTED
    assert stopped.failure == "dora cancelled it."
    [rollback] = ordered
    assert rollback.release == "v1.1.0"
    assert world.deployment(rollback.id).state is DeploymentState.SUCCEEDED
    assert world.production.served() == ["v1.0.0", "v1.1.0"]
    with world.store.reading() as tx:
        assert [held.environment for held in tx.holds.in_force()] == ["production"]
    assert [q.tag for q in quarantines(world)] == []


def test_a_rollback_goes_before_everything_that_waits(two: World) -> None:
    """A release that was published while another one was on its way comes after the rollback, and is held."""
    world = two
    world.ship_to_staging("feat: three")
    world.prepare_release("v1.2.0")
    world.away["deploy target"].just_before(
        "switch", lambda: roll_back(world.ports, None, "wrong", world.person("dora"))
    )
    assert world.publish("v1.2.0").state is DeploymentState.SUCCEEDED

    assert world.production.served() == ["v1.0.0", "v1.1.0", "v1.2.0", "v1.1.0"]
    assert [q.tag for q in quarantines(world)] == ["v1.2.0"]


def test_a_service_that_the_release_did_not_have_yet_is_closed(released: World) -> None:
    world = released
    change = world.change("feat: web", {"gate.yaml": gate_yaml(services=("api", "web"))})
    world.approve(change)
    world.approve(change, "tess", "tech_lead")
    world.merge(change)
    changes.mark_tested(world.ports, change.number, world.person("cleo"))
    world.prepare_release("v1.1.0")
    world.publish("v1.1.0")
    assert world.production.live("web") == "v1.1.0"
    world.roll_back("v1.0.0")

    assert world.production.live("api") == "v1.0.0"
    assert world.production.live("web") is None
    assert world.production.closed("web")
    assert differences(world.ports) == []


def test_a_service_that_left_the_policy_is_let_go_once_no_way_back_needs_it(released: World) -> None:
    world = released
    with_web = {"gate.yaml": gate_yaml(services=("api", "web"))}
    for tag, files in (("v1.1.0", with_web), ("v1.2.0", {"gate.yaml": gate_yaml()})):
        change = world.change(f"feat: services of {tag}", files)
        world.approve(change)
        world.approve(change, "tess", "tech_lead")
        world.merge(change)
        changes.mark_tested(world.ports, change.number, world.person("cleo"))
        world.prepare_release(tag)
        world.publish(tag)
    assert world.production.closed("web")
    assert world.production.running("web") == ["v1.1.0"]
    world.release("v1.3.0")

    assert world.production.running("web") == []
    assert world.staging.running("web") == []


def quarantines(world: World) -> list[Quarantine]:
    with world.store.reading() as tx:
        return tx.releases.quarantines()
