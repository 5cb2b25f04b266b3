"""A person's stops: set with a reason, lifted with a name and a reason."""

import pytest

from staging_gate.domain.actor import SYSTEM, Actor, ActorKind
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import Quarantine
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.holding import hold, lift_hold, lift_quarantine, put_in_quarantine
from staging_gate.runbook.redeploying import redeploy
from staging_gate.testing.world import World
from tests.runbook.stories import closed, closed_as_explained

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION


def test_a_hold_keeps_releases_out_until_it_is_lifted(released: World) -> None:
    world = released
    dora = world.person("dora")
    held = hold(world.ports, PRODUCTION, "the database is moved", dora)
    world.ship_to_staging("feat: two")
    world.prepare_release("v1.1.0")

    assert closed_as_explained(world, "v1.1.0", "tess", lambda: world.publish("v1.1.0")) == ("hold",)
    [reason] = world.explain("v1.1.0", "tess").reasons
    assert reason.sentence == "dora holds promotions to production: the database is moved"
    assert reason.opens_when == f'When the reason is gone: `gate hold lift {held.id} --reason "..."`.'
    lift_hold(world.ports, held.id, "it is moved", dora)
    assert world.publish("v1.1.0").state == "succeeded"
    assert [entry for entry in world.record("production") if entry[0] == "dora"] == [
        ("dora", "hold", "the database is moved"),
        ("dora", "hold lifted", "it is moved"),
    ]


def test_a_hold_on_staging_stops_what_a_merge_would_deploy(world: World) -> None:
    hold(world.ports, STAGING, "a demo is on", world.person("tess"))
    world.ship_to_staging(tested=False)

    [stopped] = world.deployments(STAGING)
    assert stopped.state == "aborted"
    assert stopped.failure.startswith("tess holds promotions to staging: a demo is on")


def test_the_same_reason_twice_is_one_hold(world: World) -> None:
    first = hold(world.ports, PRODUCTION, "not now", world.person("tess"))

    assert hold(world.ports, PRODUCTION, "not now", world.person("dora")) == first


def test_all_holds_are_told(released: World) -> None:
    hold(released.ports, PRODUCTION, "the database is moved", released.person("dora"))
    hold(released.ports, PRODUCTION, "the auditors are here", released.person("tess"))
    released.ship_to_staging("feat: two")
    released.prepare_release("v1.1.0")

    [reason] = released.explain("v1.1.0", "tess").reasons
    assert len(reason.evidence) == 2


def test_holding_needs_a_right_and_a_reason(world: World) -> None:
    assert closed(lambda: hold(world.ports, PRODUCTION, "why not", world.person("ada"))) == ("no_right",)
    with pytest.raises(Unusable, match="A reason is needed"):
        hold(world.ports, PRODUCTION, "  ", world.person("dora"))


def test_a_hold_that_is_not_there_is_told_with_those_that_are(world: World) -> None:
    with pytest.raises(Unknown, match="There is no hold hold-1 in force. In force: none."):
        lift_hold(world.ports, "hold-1", "gone", world.person("dora"))


def test_a_lifted_hold_is_lifted_once(world: World) -> None:
    held = hold(world.ports, PRODUCTION, "not now", world.person("dora"))
    lift_hold(world.ports, held.id, "now", world.person("dora"))

    with pytest.raises(Unknown):
        lift_hold(world.ports, held.id, "now", world.person("dora"))


def test_a_release_in_quarantine_is_not_published_until_it_is_lifted(released: World) -> None:
    world = released
    world.ship_to_staging("feat: two")
    world.prepare_release("v1.1.0")
    put_in_quarantine(world.ports, "v1.1.0", "legal says no", world.person("dora"))

    assert closed_as_explained(world, "v1.1.0", "tess", lambda: world.publish("v1.1.0")) == ("quarantined",)
    lift_quarantine(world.ports, "v1.1.0", "legal says yes", world.person("dora"))
    assert world.publish("v1.1.0").state == "succeeded"
    assert [(by, action) for by, action, _ in world.record("v1.1.0") if by == "dora"] == [
        ("dora", "quarantined"),
        ("dora", "quarantine lifted"),
    ]


@pytest.mark.parametrize("actor", [SYSTEM, Actor("the calendar", ActorKind.CALENDAR)])
def test_nothing_lifts_itself(released: World, actor: Actor) -> None:
    ports, dora = released.ports, released.person("dora")
    held = hold(ports, PRODUCTION, "not now", dora)
    put_in_quarantine(ports, "v1.0.0", "legal says no", dora)

    assert closed(lambda: lift_hold(ports, held.id, "why not", actor)) == ("needs_a_person",)
    assert closed(lambda: lift_quarantine(ports, "v1.0.0", "why not", actor)) == ("needs_a_person",)
    with pytest.raises(Unusable, match="A reason is needed"):
        lift_hold(ports, held.id, " ", dora)


def test_a_hotfix_with_the_code_of_one_in_quarantine_is_refused(released: World) -> None:
    change = released.hotfix()
    tree = change.mergeable_tree()
    assert tree
    with released.store.transaction() as tx:
        tx.releases.add_quarantine(Quarantine("v1.0.9", tree, "prices are wrong", "dora", tx.at))

    refused = released.explain(str(change.number), "tess")
    [reason] = [reason for reason in refused.reasons if reason.code == "quarantined"]
    assert reason.sentence.startswith("v1.0.9 is in quarantine: prices are wrong.")


def test_what_is_in_quarantine_is_not_deployed_again_though_it_is_live(released: World) -> None:
    world, dora = released, released.person("dora")
    put_in_quarantine(world.ports, "v1.0.0", "legal says no", dora)

    assert closed(lambda: redeploy(world.ports, PRODUCTION, dora)) == ("quarantined",)
    assert redeploy(world.ports, STAGING, dora).state == "queued"
    lift_quarantine(world.ports, "v1.0.0", "legal says yes", dora)
    assert redeploy(world.ports, PRODUCTION, dora).state == "queued"


def test_what_is_in_no_quarantine_is_not_lifted(released: World) -> None:
    with pytest.raises(Unknown, match="v1.0.0 is not in quarantine."):
        lift_quarantine(released.ports, "v1.0.0", "why not", released.person("dora"))


def test_quarantine_needs_code_a_right_and_a_reason(released: World) -> None:
    released.ship_to_staging("feat: two")
    released.prepare_release("v1.1.0", merged=False)
    ports, dora = released.ports, released.person("dora")

    with pytest.raises(Unusable, match=r"v1.1.0 has no code yet: withdraw it instead"):
        put_in_quarantine(ports, "v1.1.0", "why not", dora)
    with pytest.raises(Unknown, match="There is no release 'v9.9.9'"):
        put_in_quarantine(ports, "v9.9.9", "why not", dora)
    with pytest.raises(Unusable, match="A reason is needed"):
        put_in_quarantine(ports, "v1.0.0", "", dora)
    assert closed(lambda: put_in_quarantine(ports, "v1.0.0", "x", released.person("ada"))) == ("no_right",)
    assert closed(lambda: lift_quarantine(ports, "v1.0.0", "x", released.person("ada"))) == ("no_right",)
