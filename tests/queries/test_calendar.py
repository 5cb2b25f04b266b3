"""Releases in the calendar: those that were, that wait, and that are announced."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

import pytest

from staging_gate.domain.announcement import Announcement
from staging_gate.domain.calendar import Calendar, CronWindow, Freeze, WeeklyTime, WeeklyWindow
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import Policy
from staging_gate.messages.calendar import NOTHING_STANDS
from staging_gate.ports.policy import PolicyReader
from staging_gate.queries.calendar import RELEASE, Entry, calendar, entries, standing
from staging_gate.queries.calendar_feed import feed
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World

MONDAYS = Calendar("Europe/London", production_windows=(WeeklyWindow((0,), time(10), time(16)),))
MONTH = timedelta(days=31)
NOW = datetime(2026, 3, 5, 10, tzinfo=UTC)
local = datetime.fromisoformat


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """v1.0.0 is live, v1.1.0 is merged and v2.0.0 announced."""
    world = World.begin(
        tmp_path_factory.mktemp("world"), gate_yaml() + "calendar: {production_windows: [thu 10:00-16:00]}"
    )
    world.ship_to_staging()
    world.prepare_release("v1.0.0")
    world.publish("v1.0.0")
    world.ship_to_staging()
    world.prepare_release("v1.1.0")
    yield world
    world.close()


@dataclass(frozen=True)
class NoCalendar:
    """Reads the rules without their calendar."""

    reader: PolicyReader

    def read(self, text: bytes, name: str) -> Policy:
        return replace(self.reader.read(text, name), calendar=Calendar())


def releases_of(world: World, rules: Calendar = MONDAYS) -> dict[str, Entry]:
    now = world.clock.now()
    found = entries(world.ports, rules, now - MONTH, now + MONTH)
    return {each.key: each for each in found if each.kind == RELEASE}


def test_what_was_published_stands_where_it_was(shipped: World) -> None:
    found = releases_of(shipped)["release-v1.0.0"]
    assert found.title == "v1.0.0 published by tess"
    assert found.starts_at == found.ends_at <= shipped.clock.now()
    assert b"v1.0.0 published by tess" in feed(shipped.ports).replace(b"\r\n ", b"")


def test_what_waits_stands_at_the_next_opening(shipped: World) -> None:
    assert "release-v1.1.0" not in releases_of(shipped)
    with shipped.store.transaction() as tx:
        release = tx.releases.get("v1.1.0")
        assert release is not None
        tx.releases.update(replace(release, publish_wanted_at=tx.at, publish_wanted_by="tess"), release)
    assert "release-v1.1.0" not in releases_of(shipped)  # it goes at once
    shipped.clock.advance(hours=6)
    found = releases_of(shipped)["release-v1.1.0"]
    assert found.title == "v1.1.0 waits, and starts by itself"
    assert found.starts_at == datetime(2026, 3, 12, 10, tzinfo=UTC)


def test_what_is_announced_stands_on_its_day_in_the_zone(shipped: World) -> None:
    day = shipped.clock.now().date() + timedelta(days=9)
    with shipped.store.transaction() as tx:
        tx.announcements.add(Announcement("v2.0.0", day - timedelta(days=2), tx.at, "tess"))
        tx.announcements.add(Announcement("v2.0.0", day, tx.at, "tess"))  # put off
    found = releases_of(shipped, replace(MONDAYS, zone="Asia/Kathmandu"))["announcement-v2.0.0"]
    assert found.title == "v2.0.0 is announced for this day"
    assert found.starts_at == datetime.fromisoformat(f"{day}T00:00+05:45")
    assert found.ends_at - found.starts_at == timedelta(days=1)


def test_days_show_releases_with_their_time(shipped: World) -> None:
    marks = [mark.text for day in calendar(shipped.ports, 1).days for mark in day.marks]
    assert any(text.endswith("v1.0.0 published by tess") and text[2] == ":" for text in marks)


def test_an_empty_calendar_says_so(shipped: World) -> None:
    assert calendar(replace(shipped.ports, policy=NoCalendar(shipped.ports.policy)), 1).now == (NOTHING_STANDS,)
    assert all(standing(Calendar(), environment, NOW) == () for environment in Environment)


def test_how_things_stand_is_said_in_the_zone_and_in_utc() -> None:
    summer = datetime(2026, 7, 4, 12, tzinfo=UTC)
    freeze = Freeze(local("2026-07-01"), local("2026-07-05"), "a fair", (Environment.STAGING,))
    rules = replace(MONDAYS, staging_cutoff=WeeklyTime(2, time(17)), freezes=(freeze,))
    assert standing(rules, Environment.PRODUCTION, summer) == (
        "Production is closed (outside its windows). It opens on Mon 2026-07-06 10:00 BST (09:00 UTC).",
    )
    assert standing(rules, Environment.STAGING, summer) == (
        "Staging is closed (a fair). It opens on Sun 2026-07-05 00:00 BST (Sat 2026-07-04 23:00 UTC).",
        "What staging holds on Wed 2026-07-08 17:00 BST (16:00 UTC) is the next release.",
    )
    assert standing(rules, Environment.PRODUCTION, datetime(2026, 7, 6, 9, tzinfo=UTC)) == (
        "Production is open until Mon 2026-07-06 16:00 BST (15:00 UTC).",
    )


def test_what_never_opens_is_said() -> None:
    christmas = Calendar(production_windows=(CronWindow("0 10 25 12 *", timedelta(hours=6)),), holidays=("GB",))
    assert standing(christmas, Environment.PRODUCTION, NOW) == (
        "Production is closed (outside its windows). It does not open in ten years.",
    )
