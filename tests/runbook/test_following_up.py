"""Follow-ups: one of a kind about each thing, reminded of when due and every second day, done by a word."""

from datetime import UTC, datetime, timedelta

import pytest

from staging_gate.domain.followup import FollowUp, FollowUpKind, working_days_after
from staging_gate.runbook import following_up
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.testing.world import World
from tests.runbook.stories import closed


def opened(world: World, kind: FollowUpKind = FollowUpKind.DOCUMENT, days: int = 2) -> FollowUp:
    with world.store.transaction() as tx:
        return following_up.open_follow_up(tx, kind, "v1.4.1", "Write it down", "ada", tx.at + timedelta(days=days))


def reminders(world: World) -> list[str]:
    return [reason for _, action, reason in world.record("v1.4.1") if action == "reminded"]


def test_there_is_one_of_a_kind_about_each_thing(world: World) -> None:
    assert opened(world) == opened(world)
    assert opened(world, FollowUpKind.REVIEW).id == 2
    assert [action for _, action, _ in world.record("v1.4.1")] == ["follow-up opened"] * 2


def test_the_owner_is_reminded_when_it_is_due_and_then_every_second_day(world: World) -> None:
    opened(world)
    world.advance(days=1, hours=23)
    assert reminders(world) == []

    world.advance(hours=1)
    world.advance(hours=5)
    assert reminders(world) == ["ada: Write it down is due today; when it is done: `gate followup done 1`"]

    world.advance(days=1)
    assert len(reminders(world)) == 1
    world.advance(days=1)
    assert reminders(world)[1:] == ["ada: Write it down is 2 days late; when it is done: `gate followup done 1`"]


def test_what_is_done_is_not_reminded_of(world: World) -> None:
    one = opened(world)
    done = following_up.finish(world.ports, one.id, " in the wiki ", world.person("ben"))
    assert (done.done_by, done.note, done.is_open) == ("ben", "in the wiki", False)

    world.advance(days=30)
    assert reminders(world) == []
    with pytest.raises(Unusable, match="Follow-up 1 is done already: ben said so at 20"):
        following_up.finish(world.ports, one.id, "", world.person("ada"))


def test_who_only_looks_on_does_not_say_that_it_is_done(world: World) -> None:
    one = opened(world)
    assert closed(lambda: following_up.finish(world.ports, one.id, "", world.person("a-stranger"))) == ("no_right",)


def test_a_follow_up_that_is_not_there_is_said_to_be_so(world: World) -> None:
    with pytest.raises(Unknown, match="There is no follow-up 7. `gate followups` lists the open ones."):
        following_up.finish(world.ports, 7, "", world.person("ada"))


@pytest.mark.parametrize(
    ("at", "days", "due"),
    [
        (datetime(2026, 11, 23, 15, tzinfo=UTC), 2, datetime(2026, 11, 25, 15, tzinfo=UTC)),
        (datetime(2026, 11, 26, 15, tzinfo=UTC), 2, datetime(2026, 11, 30, 15, tzinfo=UTC)),
        (datetime(2026, 11, 28, 15, tzinfo=UTC), 1, datetime(2026, 11, 30, 15, tzinfo=UTC)),
        (datetime(2026, 11, 27, 15, tzinfo=UTC), 10, datetime(2026, 12, 11, 15, tzinfo=UTC)),
        (datetime(2026, 3, 27, 9, tzinfo=UTC), 1, datetime(2026, 3, 30, 8, tzinfo=UTC)),  # summer time begins
    ],
)
def test_working_days_leave_out_weekends_and_keep_the_time_of_day(at: datetime, days: int, due: datetime) -> None:
    assert working_days_after(at, days, "Europe/London") == due
