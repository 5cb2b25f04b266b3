"""Incidents: people open and resolve them, a rollback that fails opens one, and no release passes an open P0 or P1."""

import pytest

from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.incident import Incident, Phase, Severity
from staging_gate.runbook import incidents, releasing
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.testing.world import World
from tests.runbook.stories import actions, closed, closed_as_explained

PRODUCTION = Environment.PRODUCTION


def open_incident(world: World, severity: Severity, title: str = "login fails for some", by: str = "ada") -> Incident:
    return incidents.open_incident(world.ports, severity, title, world.person(by))


def resolve(world: World, incident: Incident, by: str = "dora") -> Incident:
    return incidents.resolve(world.ports, incident.id, "the token's audience was wrong", world.person(by))


def opened(world: World) -> list[Incident]:
    with world.store.reading() as tx:
        return tx.incidents.open()


@pytest.mark.parametrize("severity", [Severity.P0, Severity.P1])
def test_a_release_waits_for_an_open_p0_or_p1(world: World, severity: Severity) -> None:
    world.ship_to_staging()
    world.prepare_release("v1.0.0")
    incident = open_incident(world, severity)

    codes = closed_as_explained(
        world, "v1.0.0", "tess", lambda: releasing.publish(world.ports, "v1.0.0", world.person("tess"))
    )
    assert codes == ("critical_bugs",)
    [reason] = world.explain("v1.0.0", "tess").reasons
    assert reason.sentence == "A critical bug is open."
    assert reason.evidence == (f"{severity.upper()} incident 1: login fails for some (opened by ada)",)

    resolve(world, incident)
    assert world.explain("v1.0.0", "tess").open
    assert world.publish("v1.0.0").state is DeploymentState.SUCCEEDED


def test_its_change_is_not_merged_to_main_either(world: World) -> None:
    world.ship_to_staging()
    change = world.prepare_release("v1.0.0", merged=False)
    open_incident(world, Severity.P1)

    assert closed(lambda: world.merge(change, "tess")) == ("critical_bugs",)


def test_lesser_incidents_and_changes_to_staging_do_not_wait(world: World) -> None:
    open_incident(world, Severity.P2)
    open_incident(world, Severity.P3)
    assert world.release("v1.0.0").state is DeploymentState.SUCCEEDED
    open_incident(world, Severity.P0)
    assert world.ship_to_staging("feat: more").merged


def test_no_incident_stops_a_rollback(released: World) -> None:
    released.release("v1.1.0")
    open_incident(released, Severity.P0)
    assert released.roll_back("v1.0.0").state is DeploymentState.SUCCEEDED


def test_it_is_on_the_record_who_opened_and_who_resolved(world: World) -> None:
    incident = open_incident(world, Severity.P1)
    resolved = resolve(world, incident)

    assert (resolved.phase, resolved.resolved_by) == (Phase.RESOLVED, "dora")
    assert resolved.resolved_at is not None
    assert incident.opened_at < resolved.resolved_at
    assert incidents.get(world.ports, incident.id) == resolved
    assert world.record("incident 1") == [
        ("ada", "incident opened", "login fails for some"),
        ("dora", "incident resolved", "the token's audience was wrong"),
    ]


def test_who_opened_it_may_resolve_it_and_a_stranger_not(world: World) -> None:
    incident = open_incident(world, Severity.P3, by="ada")
    assert closed(lambda: resolve(world, incident, by="ben")) == ("no_right",)
    assert resolve(world, incident, by="ada").resolved_by == "ada"


def test_what_can_not_be_done_says_why(world: World) -> None:
    with pytest.raises(Unusable, match="An incident needs a title: what is wrong, in a few words"):
        open_incident(world, Severity.P1, "  ")
    with pytest.raises(Unknown, match=r"There is no deployment production-9. `gate status` shows the recent ones"):
        incidents.open_incident(world.ports, Severity.P1, "slow", world.person("ada"), "production-9")
    with pytest.raises(Unknown, match=r"There is no incident 9. `gate incident list` shows the open ones"):
        incidents.resolve(world.ports, 9, "over", world.person("dora"))
    incident = open_incident(world, Severity.P1)
    with pytest.raises(Unusable, match=r"A reason is needed: --reason"):
        incidents.resolve(world.ports, incident.id, " ", world.person("dora"))
    resolve(world, incident)
    with pytest.raises(Unusable, match="Incident 1 is resolved already, by dora: the token's audience was wrong"):
        resolve(world, incident)


def test_what_can_not_be_put_back_opens_a_p0(released: World) -> None:
    world = released
    nothing_of_v1_0_0_comes_up(world)
    world.release("v1.1.0")

    [incident] = opened(world)
    assert (incident.severity, incident.deployment) == (Severity.P0, "production-4")
    assert incident.title == "production-4, the rollback to v1.0.0, did not succeed: a person has to act now"
    assert incident.opened_by == "staging-gate"
    assert incident.details == (
        "production-3, v1.1.0 did not pass (production-2): v1.0.0 could not be put back: its database is gone. "
        "It is tried once more: its kept build is started anew.\n\n"
        "production-4, v1.1.0 did not pass (production-2) (second try: production-3 did not succeed, so the kept build "
        "is started anew): api was not healthy within 60 s.\n\n"
        "last answer of GET /health: 500"
    )


def test_dying_right_after_it_opens_no_second_one(released: World) -> None:
    world = released
    nothing_of_v1_0_0_comes_up(world)
    world.kills.at = "roll-back-run-production-4 / record why it did not go live: after the commit"
    world.release("v1.1.0")

    assert world.kills.at is None
    assert [incident.id for incident in opened(world)] == [1]


def test_a_second_rollback_that_does_not_pass_opens_a_p0_in_the_same_commit(released: World) -> None:
    world = released
    world.release("v1.1.0")
    world.target.never_healthy(world.revision("v1.0.0").commit)
    world.roll_back()

    failed, [incident] = world.deployments(PRODUCTION)[-1], opened(world)
    assert (incident.severity, incident.deployment, incident.opened_at) == (Severity.P0, failed.id, failed.ended_at)
    with world.store.reading() as tx:
        recorded = [(entry.action, entry.subject) for entry in tx.audit_log.entries()]
    ended = recorded.index(("deployment failed", failed.id))
    assert recorded[ended + 1] == ("incident opened", "incident 1")


def test_a_rollback_that_can_not_start_opens_a_p0(released: World) -> None:
    world = released
    world.release("v1.1.0")
    world.production.process_dies()
    world.away["deploy target"].away_for(99, "switch")
    world.roll_back()

    assert [d.state for d in world.deployments(PRODUCTION)[-2:]] == [DeploymentState.FAILED, DeploymentState.FAILED]
    assert [i.severity for i in opened(world)] == [Severity.P0]


def test_a_route_that_can_not_be_closed_opens_a_p0(world: World) -> None:
    world.production.next_smoke_fails(where="public")
    world.away["deploy target"].away_for(5, "close_route")
    world.release("v1.0.0")

    [incident] = opened(world)
    assert incident.severity is Severity.P0
    assert incident.title == "production-1 failed and still receives the traffic: a person has to act now"


def test_a_rollback_that_succeeds_opens_nothing(released: World) -> None:
    released.production.next_smoke_fails(where="public")
    released.release("v1.1.0")
    assert opened(released) == []


def test_staging_that_can_not_be_put_back_is_no_reason_to_stop_production(released: World) -> None:
    world = released
    world.staging.next_smoke_fails(where="public")
    world.staging.put_back_fails()
    world.target.never_healthy(world.revision("staging").commit)
    world.ship_to_staging("feat: broken", tested=False)

    assert [i.severity for i in opened(world)] == [Severity.P2]
    assert actions(world, "incident 1") == ["incident opened"]


def nothing_of_v1_0_0_comes_up(world: World) -> None:
    """What is released next fails in public, and neither way leads back."""
    world.production.next_smoke_fails(where="public")
    world.production.put_back_fails("its database is gone")
    world.target.never_healthy(world.revision("v1.0.0").commit)
