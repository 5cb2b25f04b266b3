"""Asked for once, then it goes by itself: releases when the calendar opens, merges as soon as the gate does."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, cast

import pytest
import yaml

from staging_gate.domain.actor import Actor
from staging_gate.domain.change import ChangeState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import ReleaseState
from staging_gate.queries.waiting import waiting
from staging_gate.runbook import announcing, changes, holding, merging, releasing, ticking
from staging_gate.runbook.changes import Unusable
from staging_gate.testing.killing import Killed
from staging_gate.testing.outsides import KilledStore
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import actions, closed

PRODUCTION = Environment.PRODUCTION
WEEKLY = {"staging_cutoff": "wed 17:00", "production_windows": ["thu 10:00-16:00"]}


def rules(**calendar: Any) -> str:
    """gate.yaml with the runbook's week, in London."""
    said = yaml.safe_load(gate_yaml())
    return yaml.safe_dump({**said, "time_zone": "Europe/London", "calendar": {**WEEKLY, **calendar}}, sort_keys=False)


def go_to(world: World, moment: str) -> None:
    """A UTC time that is to come; what comes due meanwhile is done there, once."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    world.advance(seconds=(at - world.clock.now()).total_seconds())


def change_rules(world: World, **calendar: Any) -> None:
    """By hand on main, so that no story has to tell how new rules get there."""
    tip = world.revision("main").commit
    commit = world.repository.commit(tip, {"gate.yaml": rules(**calendar)}, "chore: rules", "root", world.clock.now())
    world.repository.move("refs/heads/main", commit)


def weekly(world: World) -> None:
    """v1.0.0 went out last Thursday; the week has begun, and v1.1.0 is merged: it is Tuesday."""
    world.release("v1.0.0")
    go_to(world, "2026-03-10 12:00")
    world.ship_to_staging("feat: charts")
    world.prepare_release("v1.1.0")


@pytest.fixture
def week(made: Callable[..., World]) -> World:
    world = made(rules())
    weekly(world)
    return world


def publish(world: World, tag: str, by: str = "tess", when_ready: bool = False) -> str | None:
    return releasing.publish(world.ports, tag, world.person(by), when_ready)


def state(world: World, tag: str) -> ReleaseState:
    return releasing.get(world.ports, tag).state


# --- releases ----------------------------------------------------------------------------------------------------


def test_a_release_that_is_early_waits_and_goes_when_the_window_opens(week: World) -> None:
    assert publish(week, "v1.1.0") is None
    [waits] = waiting(week.ports)
    assert (waits.subject, waits.by) == ("v1.1.0", "tess")
    assert waits.until == datetime(2026, 3, 12, 10, tzinfo=UTC)
    assert waits.said == "v1.1.0 waits until Thu 2026-03-12 10:00 GMT."

    go_to(week, "2026-03-12 09:59:30")
    assert week.production.live() == "v1.0.0"
    go_to(week, "2026-03-12 10:00:05")

    assert week.production.live() == "v1.1.0"
    released = releasing.get(week.ports, "v1.1.0")
    assert (released.state, released.published_by) == (ReleaseState.VERIFIED, "tess")
    assert actions(week, "v1.1.0")[-3:] == ["publishing asked for", "publishing begun", "published"]
    assert [actor for actor, *_ in week.record("v1.1.0")][-2:] == ["calendar", "calendar"]
    assert week.deployments(PRODUCTION)[-1].why == (
        "v1.1.0 was published by the calendar: tess asked for it on Tue 2026-03-10 12:00 UTC"
    )
    assert waiting(week.ports) == ()


def test_in_the_week_in_which_the_clocks_change_it_goes_at_ten_by_the_clocks(week: World) -> None:
    publish(week, "v1.1.0")
    week.clock.advance(days=20)  # nobody was there on the Thursdays before: the machine was off

    go_to(week, "2026-04-02 08:59:50")
    assert week.production.live() == "v1.0.0"
    go_to(week, "2026-04-02 09:00:05")  # British Summer Time since Sunday

    assert week.production.live() == "v1.1.0"


def test_what_is_taken_back_does_not_go(week: World) -> None:
    publish(week, "v1.1.0")
    releasing.do_not_publish(week.ports, "v1.1.0", week.person("tess"))
    go_to(week, "2026-03-12 10:00:05")

    assert state(week, "v1.1.0") is ReleaseState.MERGED
    assert waiting(week.ports) == ()
    with pytest.raises(Unusable, match=r"v1.1.0 does not wait to be published \(merged\)"):
        releasing.do_not_publish(week.ports, "v1.1.0", week.person("tess"))


def test_not_everybody_takes_it_back(week: World) -> None:
    publish(week, "v1.1.0")

    assert closed(lambda: releasing.do_not_publish(week.ports, "v1.1.0", week.person("ben"))) == ("no_right",)
    releasing.do_not_publish(week.ports, "v1.1.0", week.person("dora"))


def test_once_its_tag_is_made_it_is_too_late_to_take_it_back(week: World) -> None:
    publish(week, "v1.1.0")
    told = []

    def take_back() -> None:
        with pytest.raises(Unusable) as late:
            releasing.do_not_publish(week.ports, "v1.1.0", week.person("tess"))
        told.append(str(late.value))

    week.away["code host"].just_before("create_tag", take_back)
    go_to(week, "2026-03-12 10:00:05")

    assert week.production.live() == "v1.1.0"
    assert told == [
        "tess is publishing v1.1.0 at this moment: it can not be taken back any more. To go back once it is out: "
        "`gate rollback`."
    ]


def test_a_freeze_that_comes_meanwhile_keeps_it(week: World) -> None:
    """It is decided anew, with the rules of that moment."""
    publish(week, "v1.1.0")
    change_rules(week, freezes=[{"from": "2026-03-11", "until": "2026-03-14", "why": "audit"}])

    go_to(week, "2026-03-12 10:00:05")
    assert week.production.live() == "v1.0.0"
    assert waiting(week.ports)[0].until == datetime(2026, 3, 19, 10, tzinfo=UTC)
    go_to(week, "2026-03-19 10:00:05")

    assert week.production.live() == "v1.1.0"


def test_what_else_keeps_it_is_said_once_and_looked_at_again(week: World) -> None:
    publish(week, "v1.1.0")
    stop = holding.hold(week.ports, PRODUCTION, "the database is moved", week.person("dora"))
    go_to(week, "2026-03-12 10:00:05")
    week.advance(minutes=1)

    said = "dora holds promotions to production: the database is moved"
    assert releasing.get(week.ports, "v1.1.0").held_back == said
    assert [each for each in week.record("v1.1.0") if each[1] == "held back"] == [("calendar", "held back", said)]
    assert waiting(week.ports)[0].said == f"v1.1.0 goes as soon as the gate opens: {said}"
    holding.lift_hold(week.ports, stop.id, "it is moved", week.person("dora"))
    week.advance(seconds=10)

    assert week.production.live() == "v1.1.0"
    assert releasing.get(week.ports, "v1.1.0").held_back == ""


def test_two_that_wait_go_one_after_the_other_in_the_order_of_being_asked_for(week: World) -> None:
    week.ship_to_staging("feat: more")
    week.prepare_release("v1.2.0")
    publish(week, "v1.1.0")
    publish(week, "v1.2.0")
    assert [each.subject for each in waiting(week.ports)] == ["v1.1.0", "v1.2.0"]

    go_to(week, "2026-03-12 10:00:05")
    assert week.production.live() == "v1.1.0"
    week.advance(seconds=10)

    assert week.production.served() == ["v1.0.0", "v1.1.0", "v1.2.0"]


def test_one_that_fails_keeps_the_others_back(week: World) -> None:
    week.ship_to_staging("feat: more")
    week.prepare_release("v1.2.0")
    publish(week, "v1.1.0")
    publish(week, "v1.2.0")
    week.production.next_smoke_fails(where="public")
    go_to(week, "2026-03-12 10:00:05")
    week.advance(seconds=10)

    assert state(week, "v1.1.0") is ReleaseState.FAILED
    assert state(week, "v1.2.0") is ReleaseState.MERGED
    assert "staging-gate holds promotions" in releasing.get(week.ports, "v1.2.0").held_back


def test_who_publishes_it_himself_takes_it_out_of_the_queue(week: World) -> None:
    publish(week, "v1.1.0")
    week.clock.advance(hours=48)  # Thursday noon, and nobody has looked yet
    publish(week, "v1.1.0", "dora")
    week.settle()
    week.advance(seconds=10)

    assert [d.release for d in week.deployments(PRODUCTION)] == ["v1.0.0", "v1.1.0"]
    assert releasing.get(week.ports, "v1.1.0").published_by == "dora"


def test_a_no_that_time_does_not_open_is_a_no(week: World) -> None:
    holding.hold(week.ports, PRODUCTION, "not now", week.person("dora"))

    assert closed(lambda: publish(week, "v1.1.0")) == ("hold", "outside_window")
    assert waiting(week.ports) == ()


def test_two_ticks_at_once_publish_it_once(week: World) -> None:
    publish(week, "v1.1.0")
    week.clock.advance(hours=48)
    tick_in_between = KilledStoreBefore(week, lambda: ticking.tick(week.ports))
    ticking.tick(replace(week.ports, store=cast(Any, tick_in_between)))
    week.settle()

    assert [d.release for d in week.deployments(PRODUCTION)] == ["v1.0.0", "v1.1.0"]
    assert actions(week, "v1.1.0").count("publishing begun") == 1


class KilledStoreBefore:
    """Somebody else acts right before the first transaction."""

    def __init__(self, world: World, first: Callable[[], object]) -> None:
        self._store, self._first = world.store, first

    def transaction(self) -> Any:
        first, self._first = self._first, lambda: None
        first()
        return self._store.transaction()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize("point", ["before the commit", "after the commit"])
def test_killed_while_it_claims_nothing_is_lost_and_nothing_done_twice(week: World, point: str) -> None:
    publish(week, "v1.1.0")
    week.clock.advance(hours=48)
    week.kills.enter("tick")
    week.kills.at = f"tick / : {point}"
    with pytest.raises(Killed):
        ticking.tick(replace(week.ports, store=cast(Any, KilledStore(week.store, week.kills))))
    week.restart()
    week.settle()
    week.advance(seconds=10)

    assert [d.release for d in week.deployments(PRODUCTION)] == ["v1.0.0", "v1.1.0"]
    assert week.production.live() == "v1.1.0"


# --- when it is ready ---------------------------------------------------------------------------------------------


def test_asked_for_once_a_release_goes_by_itself_when_it_is_approved_and_the_window_opens(week: World) -> None:
    releasing.withdraw(week.ports, "v1.1.0", week.person("ada"))
    week.ship_to_staging("feat: more")
    change = releasing.open_release(week.ports, week.person("ada"), "v1.2.0").change or 0
    week.settle()
    publish(week, "v1.2.0", when_ready=True)
    week.advance(seconds=10)
    assert state(week, "v1.2.0") is ReleaseState.PROPOSED

    changes.approve(week.ports, change, "tech_lead", week.person("tess"))
    week.advance(seconds=10)
    assert state(week, "v1.2.0") is ReleaseState.PROPOSED, "a stakeholder is missing"
    changes.approve(week.ports, change, "stakeholder", week.person("stan"))
    week.advance(seconds=10)
    assert state(week, "v1.2.0") is ReleaseState.MERGED
    go_to(week, "2026-03-12 10:00:05")

    assert week.production.live() == "v1.2.0"


def test_what_nobody_may_is_not_waited_for(week: World) -> None:
    assert closed(lambda: publish(week, "v1.0.0", when_ready=True)) == ("release_published",)
    assert closed(lambda: publish(week, "v1.1.0", "ben", when_ready=True)) == ("no_right",)


def merge_when_ready(world: World, number: int, by: str = "ada") -> str | None:
    return merging.merge_when_ready(world.ports, number, None, world.person(by))


def test_a_change_is_merged_as_soon_as_somebody_approves_it(world: World) -> None:
    change = world.change()
    assert merge_when_ready(world, change.number) is None
    assert waiting(world.ports)[0].subject == "change 1"
    world.advance(seconds=10)
    assert world.look(change).is_open

    world.approve(change)
    world.advance(seconds=10)

    merged = world.look(change)
    assert (merged.state, merged.merged_by) == (ChangeState.MERGED, "ada")
    assert world.staging.live() is not None


def test_a_change_that_is_ready_is_merged_now(world: World) -> None:
    world.approve(change := world.change())
    assert merge_when_ready(world, change.number) is not None
    world.settle()

    assert world.look(change).state is ChangeState.MERGED


def test_a_push_meanwhile_needs_its_own_yes(world: World) -> None:
    change = world.change(branch="feature/x")
    merge_when_ready(world, change.number)
    world.push("feature/x", {"more.py": "more\n"}, by="ada")
    world.settle()
    world.advance(seconds=10)
    assert world.look(change).is_open
    world.approve(world.look(change))
    world.advance(seconds=10)

    assert world.look(change).state is ChangeState.MERGED


def test_two_that_are_ready_go_one_after_the_other(world: World) -> None:
    pair = [world.change("feat: one"), world.change("feat: two")]
    for change in pair:
        merge_when_ready(world, change.number)
        world.approve(change)
    world.advance(seconds=10)
    world.advance(seconds=10)

    assert [world.look(change).state for change in pair] == [ChangeState.MERGED] * 2
    assert "merge given up" not in actions(world, "change 2")


def test_a_merge_that_waits_is_taken_back(world: World) -> None:
    change = world.change()
    merge_when_ready(world, change.number)
    merging.do_not_merge(world.ports, change.number, world.person("ben"))
    world.approve(change)
    world.advance(seconds=10)

    assert world.look(change).is_open
    with pytest.raises(Unusable, match=r"Change 1 does not wait to be merged \(open\)"):
        merging.do_not_merge(world.ports, change.number, world.person("ben"))


def test_what_can_never_be_merged_is_not_waited_for(world: World) -> None:
    change = world.change()
    eve = Actor("eve")

    assert closed(lambda: merging.merge_when_ready(world.ports, change.number, None, eve)) == ("no_right",)


def test_merges_that_wait_for_a_release_go_when_it_is_verified(week: World) -> None:
    late = week.change("feat: late")
    week.approve(late)
    merge_when_ready(week, late.number)
    publish(week, "v1.1.0")
    go_to(week, "2026-03-11 17:30")
    assert week.look(late).is_open
    go_to(week, "2026-03-12 10:00:05")
    week.advance(seconds=10)

    assert week.look(late).state is ChangeState.MERGED


# --- majors ------------------------------------------------------------------------------------------------------


@pytest.fixture
def major(made: Callable[..., World]) -> World:
    """It is Friday; v2.0.0 is merged, and nobody was told."""
    world = made(rules())
    world.release("v1.0.0")
    go_to(world, "2026-03-06 12:00")
    world.ship_to_staging("feat!: another login")
    change = world.prepare_release("v2.0.0", merged=False)
    assert [warning.code for warning in world.explain(str(change.number), "tess").warnings] == ["not_announced"]
    world.merge(change, "tess")
    return world


def announce(world: World, day: str, by: str = "tess") -> None:
    announcing.announce(world.ports, "v2.0.0", date.fromisoformat(day), world.person(by), "the old login goes")


def test_a_major_that_nobody_was_told_of_does_not_go(major: World) -> None:
    assert closed(lambda: publish(major, "v2.0.0")) == ("outside_window", "not_announced")
    reason = major.explain("v2.0.0", "tess").reasons[1]
    assert (reason.until, reason.bypass) == (None, ("tech_lead",))


def test_an_announced_major_goes_at_the_first_opening_after_its_day(major: World) -> None:
    announce(major, "2026-03-18")
    assert publish(major, "v2.0.0") is None
    go_to(major, "2026-03-12 10:00:05")
    assert major.production.live() == "v1.0.0", "announced for a week later"
    go_to(major, "2026-03-19 10:00:05")

    assert major.production.live() == "v2.0.0"
    assert ("tess", "announced", "the old login goes") in major.record("v2.0.0")


def test_it_can_be_put_off_but_not_brought_forward_at_short_notice(major: World) -> None:
    announce(major, "2026-03-13")
    go_to(major, "2026-03-12 12:00")
    announce(major, "2026-03-19")
    assert major.explain("v2.0.0", "tess").reasons[0].until == datetime(2026, 3, 19, tzinfo=UTC), "told on Friday"

    with pytest.raises(Unusable) as no:
        announce(major, "2026-03-18")
    assert str(no.value) == (
        "v2.0.0 can be announced for Thu 2026-03-19 at the earliest: majors are announced 7 days ahead "
        "(`calendar.announce_majors` in gate.yaml)."
    )


def test_who_may_announce_what(major: World) -> None:
    assert closed(lambda: announce(major, "2026-03-19", "ben")) == ("no_right",)
    with pytest.raises(Unusable, match="'2.0' is no release tag"):
        announcing.announce(major.ports, "2.0", date(2026, 3, 19), major.person("tess"))
    with pytest.raises(Unusable, match="v1.0.0 is verified already: there is nothing to announce any more"):
        announcing.announce(major.ports, "v1.0.0", date(2026, 3, 19), major.person("tess"))
