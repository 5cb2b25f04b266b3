"""Maintenance is announced, changed and cancelled; a release whose migrations shut people out goes in one only."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from staging_gate.domain.change import Change
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.maintenance import Maintenance
from staging_gate.domain.release import ReleaseState
from staging_gate.queries.board import board
from staging_gate.queries.waiting import waiting
from staging_gate.queries.what_if import Assumption, what_if
from staging_gate.runbook import bypassing, maintaining, redeploying, releasing
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.maintaining import Plan, Told
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.messages.said_migrations import REWRITE
from tests.runbook.stories import actions, closed, closed_as_explained

Made = Callable[..., World]
NEEDED = ("needs_maintenance_window",)


def announce(world: World, begins: str, ends: str = "+2h", by: str = "dora", **over: object) -> Told:
    plan = Plan("Move prices", begins, ends, **over)  # type: ignore[arg-type]
    return maintaining.announce(world.ports, plan, world.person(by))


def found(world: World, id: int) -> Maintenance:
    return maintaining.get(world.ports, id)


# --- the verbs ----------------------------------------------------------------------------------------------------


def test_it_is_announced_and_on_the_record(world: World) -> None:
    told = announce(world, "2026-03-12 12:00", "14:00", affected="prices can not be changed", services=("api",))

    one = told.maintenance
    assert (one.id, one.title, one.services) == (1, "Move prices", ("api",))
    assert one.starts_at == datetime(2026, 3, 12, 12, tzinfo=UTC)
    assert one.ends_at == datetime(2026, 3, 12, 14, tzinfo=UTC)
    assert one.announced_by == "dora"
    assert told.warnings == ()
    assert found(world, 1) == one
    assert world.record("maintenance 1") == [("dora", "maintenance announced", "Move prices")]


def test_a_short_notice_is_warned_about(world: World) -> None:
    assert [said.code for said in announce(world, "+1d").warnings] == ["short_notice", "unfit_day"]


def test_only_who_answers_for_it_announces_it(world: World) -> None:
    assert closed(lambda: announce(world, "+8d", by="ada")) == ("no_right",)
    assert closed(lambda: announce(world, "+8d", by="stan")) == ("no_right",)
    assert announce(world, "+7d", by="tess").maintenance.announced_by == "tess"


WRONG = {
    "no moment": ("soon", "+2h", {}, "'soon' is no moment; wanted one such as fri 15:00"),
    "over already": ("2026-03-05 09:00", "+2h", {}, "It would have begun on Thu 2026-03-05 09:00 UTC: maintenance is"),
    "no end": ("+7d", "+0m", {}, "wanted an end that is still to come, after its beginning"),
    "too long": ("+7d", "+8d", {}, "It would last longer than 7 days: announce it in parts"),
    "an unknown service": (
        "+7d", "+2h", {"services": ("apo",)}, "There is no service 'apo' in gate.yaml: wanted some of api, or none",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("begins", "ends", "over", "said"), WRONG.values(), ids=WRONG)
def test_times_that_can_not_be_meant(world: World, begins: str, ends: str, over: dict[str, Any], said: str) -> None:
    with pytest.raises(Unusable) as refused:
        announce(world, begins, ends, **over)
    assert said in str(refused.value)


def test_it_may_end_at_another_time(world: World) -> None:
    announce(world, "+7d")
    begins = found(world, 1).starts_at
    moved = maintaining.extend(world.ports, 1, "+3h", world.person("tess")).maintenance
    assert (moved.ends_at, moved.changes) == (begins + timedelta(hours=3), 1)

    world.advance(days=7, hours=2)
    maintaining.extend(world.ports, 1, "+90m", world.person("tess"))
    again = found(world, 1)
    assert again.changed_at
    assert again.ends_at - again.changed_at == pytest.approx(timedelta(minutes=90), abs=timedelta(seconds=1))
    assert again.changes == 2
    assert actions(world, "maintenance 1") == ["maintenance announced", "maintenance changed", "maintenance changed"]
    with pytest.raises(Unusable, match="wanted an end that is still to come"):
        maintaining.extend(world.ports, 1, (begins - timedelta(hours=1)).isoformat(), world.person("tess"))


def test_it_is_cancelled_with_a_reason(world: World) -> None:
    announce(world, "+7d")
    with pytest.raises(Unusable, match="A reason is needed"):
        maintaining.cancel(world.ports, 1, " ", world.person("dora"))
    assert closed(lambda: maintaining.cancel(world.ports, 1, "no", world.person("ada"))) == ("no_right",)
    gone = maintaining.cancel(world.ports, 1, "the plan was wrong", world.person("tess"))

    assert (gone.cancelled_by, gone.cancelled_reason, gone.changes) == ("tess", "the plan was wrong", 1)
    assert world.record("maintenance 1")[-1] == ("tess", "maintenance cancelled", "the plan was wrong")
    with pytest.raises(Unusable, match=r"Maintenance 1 is cancelled, so it can not be cancelled any more"):
        maintaining.cancel(world.ports, 1, "again", world.person("tess"))
    with pytest.raises(Unusable, match="Maintenance 1 is cancelled, so it can not be ended at another time"):
        maintaining.extend(world.ports, 1, "+1h", world.person("tess"))


def test_one_that_is_over_stays_as_it_was(world: World) -> None:
    announce(world, "+0m")
    world.advance(hours=3)
    with pytest.raises(Unusable, match="Maintenance 1 is completed, so it can not be cancelled any more"):
        maintaining.cancel(world.ports, 1, "too late", world.person("tess"))


def test_what_is_not_there_is_told(world: World) -> None:
    with pytest.raises(Unknown, match="There is no maintenance 9. `gate maintenance list` shows"):
        maintaining.get(world.ports, 9)


def test_the_board_shows_what_is_on_and_what_comes_soon(world: World) -> None:
    announce(world, "+0m", affected="prices can not be changed")
    announce(world, "+13d")
    announce(world, "+15d")
    shown = board(world.ports).maintenances

    assert [(each.maintenance.id, each.state) for each in shown] == [(1, "active"), (2, "announced")]
    assert shown[0].said == (
        "Production is in maintenance until Thu 2026-03-05 12:00 UTC: Move prices. "
        "What people will notice: prices can not be changed."
    )


# --- the release that needs one -----------------------------------------------------------------------------------


@pytest.fixture
def heavy(made: Made) -> World:
    """v1.0.0 is in production; v1.1.0, which writes a table anew, is merged and waits for its tag."""
    world = made(policy=gate_yaml(proof={}))
    world.release("v1.0.0")
    world.checks.next_report(REWRITE)
    world.ship_to_staging("feat: bigger amounts")
    world.prepare_release("v1.1.0")
    return world


def state(world: World, tag: str = "v1.1.0") -> ReleaseState:
    return releasing.get(world.ports, tag).state


def test_a_release_that_shuts_people_out_is_refused_outside_of_a_maintenance(heavy: World) -> None:
    assert closed_as_explained(heavy, "v1.1.0", "tess", lambda: heavy.publish("v1.1.0")) == NEEDED
    announce(heavy, "+2h")
    assert heavy.explain("v1.1.0", "tess").until == found(heavy, 1).starts_at
    assert heavy.explain("v1.1.0", "tess").codes == NEEDED


def test_it_goes_in_a_maintenance(heavy: World) -> None:
    announce(heavy, "+0m")
    assert heavy.explain("v1.1.0", "tess").open
    heavy.publish("v1.1.0")
    assert heavy.production.live() == "v1.1.0"


def test_it_waits_and_starts_by_itself_when_the_maintenance_begins(heavy: World) -> None:
    announce(heavy, "+2h")
    releasing.publish(heavy.ports, "v1.1.0", heavy.person("tess"), True)
    [waits] = waiting(heavy.ports)
    assert (waits.subject, waits.until) == ("v1.1.0", found(heavy, 1).starts_at)

    heavy.advance(minutes=119)
    assert state(heavy) is ReleaseState.MERGED
    heavy.advance(minutes=1)
    assert heavy.production.live() == "v1.1.0"
    assert state(heavy) is ReleaseState.VERIFIED


def test_a_release_that_waits_for_one_that_is_cancelled_waits_on(heavy: World) -> None:
    announce(heavy, "+2h")
    releasing.publish(heavy.ports, "v1.1.0", heavy.person("tess"), True)
    maintaining.cancel(heavy.ports, 1, "the plan was wrong", heavy.person("dora"))
    heavy.advance(hours=2)
    assert heavy.production.live() == "v1.0.0"
    [waits] = waiting(heavy.ports)
    assert waits.until is None
    assert "in an announced maintenance only" in waits.said

    announce(heavy, "+1h")
    heavy.advance(hours=1)
    assert heavy.production.live() == "v1.1.0"


def test_what_if_it_were_later(heavy: World) -> None:
    announce(heavy, "+1d")
    begins = found(heavy, 1).starts_at
    for minutes, codes in ((-1, NEEDED), (0, ()), (119, ()), (120, NEEDED)):
        at = (begins + timedelta(minutes=minutes)).isoformat()
        asked = what_if(heavy.ports, "v1.1.0", heavy.person("tess"), Assumption(at=at))
        assert asked.decision.codes == codes
        assert asked.present.codes == NEEDED


def test_a_tech_lead_may_bypass_it(heavy: World) -> None:
    assert closed(lambda: bypass(heavy, "dora")) == ("no_right",)
    bypass(heavy, "tess")
    heavy.publish("v1.1.0")
    assert heavy.production.live() == "v1.1.0"


def bypass(world: World, by: str) -> None:
    bypassing.bypass(world.ports, "v1.1.0", "needs_maintenance_window", "the table has ten rows", world.person(by))


def test_a_rollback_is_never_asked(heavy: World) -> None:
    announce(heavy, "+0m", "+30m")
    heavy.publish("v1.1.0")
    heavy.advance(hours=1)
    heavy.roll_back("v1.0.0")
    assert heavy.production.live() == "v1.0.0"


def test_a_hotfix_waits_for_one_before_it_is_merged(made: Made) -> None:
    world = made(policy=gate_yaml(proof={}))
    world.release("v1.0.0")
    world.checks.next_report(REWRITE)
    change: Change = world.hotfix("fix: amounts")

    assert closed_as_explained(world, str(change.number), "ben", lambda: world.merge(change)) == NEEDED
    announce(world, "+0m")
    world.merge(change)
    live = world.live(Environment.PRODUCTION)
    assert live
    assert live.revision.tree == change.head.tree


def test_staging_needs_none(made: Made) -> None:
    world = made(policy=gate_yaml(proof={}))
    world.checks.next_report(REWRITE)
    merged = world.ship_to_staging("feat: bigger amounts")
    live = world.live(Environment.STAGING)
    assert live
    assert live.change == merged.number


def come_to_its_turn_too_late(world: World) -> None:
    """v1.1.0 was queued behind another deployment in its maintenance, which ended meanwhile."""

    def queue_it_and_wait() -> None:
        run = releasing.publish(world.ports, "v1.1.0", world.person("tess"))
        assert run
        world.engine.wait(run, within=20)
        world.clock.advance(hours=3)

    announce(world, "+0m")
    world.away["deploy target"].just_before("start", queue_it_and_wait)
    redeploying.redeploy(world.ports, Environment.PRODUCTION, world.person("dora"))
    world.settle()


def test_what_comes_to_its_turn_when_its_maintenance_is_over_waits_for_the_next(heavy: World) -> None:
    announce(heavy, "+1d")
    come_to_its_turn_too_late(heavy)
    heavy.advance(seconds=10)
    assert heavy.deployment("production-3").state is DeploymentState.QUEUED
    assert waiting(heavy.ports)[0].until == found(heavy, 1).starts_at

    heavy.advance(hours=21, minutes=30)
    assert heavy.deployment("production-3").state is DeploymentState.SUCCEEDED
    assert heavy.production.live() == "v1.1.0"


def test_where_no_other_is_announced_it_ends_and_says_why(heavy: World) -> None:
    come_to_its_turn_too_late(heavy)
    ended = heavy.deployment("production-3")
    assert ended.state is DeploymentState.ABORTED
    assert "that is done in production in an announced maintenance only. Announce one: `gate maint" in ended.failure
