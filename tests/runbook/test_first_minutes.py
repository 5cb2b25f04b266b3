"""Five minutes after a rollback somebody looks at what the services have logged since."""

from collections.abc import Iterable

import pytest

from staging_gate.domain.deployment import Deployment
from staging_gate.domain.environment import Environment
from staging_gate.domain.incident import Incident
from staging_gate.domain.log_patterns import Found, look_for_patterns
from staging_gate.runbook import first_minutes
from staging_gate.testing.world import World
from tests.runbook.stories import actions

PRODUCTION = Environment.PRODUCTION
LOOKED = "looked at the first minutes of the logs"


def taken_back(world: World) -> Deployment:
    """v1.1.0 fails and takes itself back."""
    world.production.next_smoke_fails(where="public")
    world.release("v1.1.0")
    return world.deployments(PRODUCTION)[-1]


def incidents(world: World) -> list[Incident]:
    with world.store.reading() as tx:
        return tx.incidents.open()


def test_quiet_logs_are_on_the_record(released: World) -> None:
    world = released
    world.production.says("Deadlock detected")
    rollback = taken_back(world)
    world.production.says("GET / 200", "INFO Invalid token")
    world.advance(minutes=4)
    assert world.deployment(rollback.id).logs_found == ""
    world.advance(minutes=1)

    now = world.deployment(rollback.id)
    assert (now.logs_found, now.logs_due_at) == ("None of the runbook's patterns in 2 lines.", None)
    assert incidents(world) == []
    world.advance(minutes=10)
    assert actions(world, rollback.id).count(LOOKED) == 1


@pytest.mark.parametrize(
    ("line", "severity"),
    [("ERROR Deadlock detected", "p1"), ("WARN Unhandled exception", "p1"), ("WARN Invalid token", "p2")],
)
def test_what_still_goes_wrong_calls_a_person_and_takes_nothing_back(two: World, line: str, severity: str) -> None:
    rollback = two.roll_back("v1.0.0")
    two.production.says(line, "GET / 200", line)
    two.advance(minutes=5)

    [incident] = incidents(two)
    assert (incident.severity, incident.deployment, incident.opened_by) == (severity, rollback.id, "staging-gate")
    assert incident.title == "After production-3, the rollback to v1.0.0, the logs still show errors"
    assert incident.details == f"In 3 lines: {line.partition(' ')[2]} 2 times."
    assert two.deployment(rollback.id).logs_found == incident.details
    assert two.live(PRODUCTION) == two.deployment(rollback.id)


def test_two_who_look_at_the_same_moment_tell_it_once(two: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other one is done with it after we have found it due."""
    rollback = two.roll_back("v1.0.0")
    two.production.says("Deadlock detected")
    two.clock.advance(minutes=5)
    others = iter([lambda: first_minutes.look_at_logs(two.ports)])

    def counted_after_the_other(lines: Iterable[str]) -> Found:
        next(others, lambda: None)()
        return look_for_patterns(lines)

    monkeypatch.setattr("staging_gate.runbook.first_minutes.look_for_patterns", counted_after_the_other)
    first_minutes.look_at_logs(two.ports)

    assert len(incidents(two)) == 1
    assert actions(two, rollback.id).count(LOOKED) == 1


def test_what_is_not_live_any_more_calls_nobody(two: World) -> None:
    two.release("v1.2.0")
    first = two.roll_back("v1.1.0")
    two.production.says("Deadlock detected")
    two.roll_back("v1.0.0")
    two.advance(minutes=5)

    assert two.deployment(first.id).logs_found == "In 1 line: Deadlock detected once."
    assert incidents(two) == []


def test_where_nobody_can_tell_it_is_unknown(two: World) -> None:
    rollback = two.roll_back("v1.0.0")
    two.target.lose_processes()
    two.advance(minutes=5)

    assert two.deployment(rollback.id).logs_found == "Unknown: no service can tell what it has logged since."
    assert incidents(two) == []


def test_without_rules_it_is_unknown_and_other_ticks_go_on(two: World) -> None:
    rollback = two.roll_back("v1.0.0")
    broken = two.repository.commit(two.revision("main").commit, {"gate.yaml": "x"}, "oops", "root", two.clock.now())
    two.repository.move("refs/heads/main", broken)
    two.advance(minutes=5)

    assert two.deployment(rollback.id).logs_found == "Unknown: no service can tell what it has logged since."


def test_a_release_that_goes_forward_is_not_looked_at(released: World) -> None:
    released.release("v1.1.0")

    assert released.deployment("production-2").logs_due_at is None
