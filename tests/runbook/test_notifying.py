"""People are told: who, once or more, never not at all; and what is seen where they can not be."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from staging_gate.domain.actor import Actor
from staging_gate.domain.change import Change
from staging_gate.domain.incident import Severity
from staging_gate.domain.notification import Delivery, Notification
from staging_gate.ports.errors import Refused, Unavailable, Unclear
from staging_gate.runbook import approving, bypassing, changes, incidents, notifying, releasing, ticking
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.deciding import Closed
from staging_gate.testing.killing import Killed
from staging_gate.testing.policies import PEOPLE, ROLES, gate_yaml
from staging_gate.testing.world import World
from tests.runbook.conftest import Beginnings, check_whole
from tests.runbook.stories import actions

NOTIFY = {
    "people": {name: f"env:{name.upper()}_ALERTS" for name in PEOPLE},
    "channels": {"releases": "env:RELEASES", "checks": "env:CHECKS"},
    "events": {"checks": ["check_failed"]},
}
TESS, DORA, ADA, BEN, STAN, CLEO = (f"env:{name}_ALERTS" for name in ("TESS", "DORA", "ADA", "BEN", "STAN", "CLEO"))
CHANNEL, CHECKS = "env:RELEASES", "env:CHECKS"
VERA = Actor("vera", roles=frozenset({"viewer"}))
DOWN = Unavailable("There is no connection.")
POLICY = gate_yaml(notify=NOTIFY, roles={**ROLES, "on_call": ["dora"]})


def v1_0_0_and_addresses(world: World) -> None:
    """v1.0.0 is in production, and everybody can be reached."""
    give_addresses(world)
    world.release("v1.0.0")
    world.advance(seconds=1)
    world.notices.sent.clear()


def give_addresses(world: World) -> None:
    first = world.revision("main").commit
    told = world.repository.commit(first, {"gate.yaml": POLICY}, "chore: tell people", "root", world.clock.now())
    for branch in ("main", "staging"):
        world.repository.move(f"refs/heads/{branch}", told)


@pytest.fixture
def told(beginnings: Beginnings, tmp_path: Path) -> Iterator[World]:
    with beginnings.after(v1_0_0_and_addresses, tmp_path) as world:
        yield world
        check_whole(world)


def hotfix(world: World, by: str = "ada") -> Change:
    world.push("hotfix/login", {"app/login.py": "fixed\n"}, by, "fix: login", since="main")
    change = changes.open_change(world.ports, "hotfix/login", "main", world.person(by), reason="nobody can log in")
    world.settle()
    return change


def incident(world: World, severity: Severity = Severity.P0) -> int:
    return incidents.open_incident(world.ports, severity, "nobody can log in", world.person("ben")).id


def deliveries(world: World) -> list[Notification]:
    """Of pages to people, oldest first."""
    with world.store.reading() as tx:
        return [one for one in tx.notifications.recent(500)[::-1] if one.page]


def states(world: World) -> dict[str, Delivery]:
    return {one.recipient: one.state for one in deliveries(world)}


def page_id(world: World) -> int:
    with world.store.reading() as tx:
        (notice,) = tx.notices.unacknowledged()
    return notice.id


# --- who is told -------------------------------------------------------------------------------------------------


def test_a_hotfix_pages_exactly_its_reviewers_and_tells_the_channel(told: World) -> None:
    change = hotfix(told)
    told.advance(seconds=1)

    for reviewer in (TESS, DORA):
        message = told.notices.expect(reviewer, "Hotfix", "nobody can log in", "gate ack")
        assert message.urgent
    told.notices.expect(CHANNEL, "Hotfix", "nobody can log in")
    assert [one.to for one in told.notices.sent] == [TESS, DORA, CHANNEL]
    assert ("staging-gate", "paged", f"Hotfix, change {change.number}: fix: login") in told.record(
        f"change {change.number}"
    )


def test_who_wrote_the_hotfix_is_not_paged(told: World) -> None:
    hotfix(told, by="tess")
    told.advance(seconds=1)
    assert [one.to for one in told.notices.sent] == [DORA, CHANNEL]


def test_a_critical_incident_pages_who_operates_and_who_leads(told: World) -> None:
    incident(told)
    told.advance(seconds=1)
    assert [one.to for one in told.notices.sent] == [DORA, TESS, CHANNEL]


def test_a_small_incident_pages_nobody(told: World) -> None:
    incident(told, Severity.P2)
    told.advance(seconds=1)
    assert [one.to for one in told.notices.sent] == [CHANNEL]


def test_the_channel_is_told_each_step_of_a_release(told: World) -> None:
    told.ship_to_staging("feat: charts")
    told.prepare_release("v1.1.0")
    told.publish("v1.1.0")
    told.advance(seconds=1)
    assert told.notices.to(CHANNEL) == [
        "Proposed: Release v1.1.0 - charts (#3)",
        "v1.1.0 goes to production",
        "v1.1.0 is in production, and proved there",
    ]


def test_the_channel_is_told_of_a_release_that_takes_itself_back(told: World) -> None:
    told.ship_to_staging("feat: charts")
    told.prepare_release("v1.1.0")
    told.notices.sent.clear()
    told.production.next_smoke_fails("login")
    told.publish("v1.1.0")
    told.advance(seconds=1)

    said = told.notices.to(CHANNEL)
    assert [line.split(" (")[0] for line in said[-4:]] == [
        "v1.1.0 goes to production",
        "v1.1.0 failed in production",
        "Production goes back to v1.0.0",
        "Production is back at v1.0.0",
    ]
    told.notices.expect(TESS, "v1.1.0 failed in production", "login")


def test_a_rollback_by_a_person_is_told(told: World) -> None:
    told.release("v1.1.0")
    told.advance(seconds=1)
    told.notices.sent.clear()
    told.roll_back()
    told.advance(seconds=1)
    assert told.notices.to(CHANNEL) == ["Production goes back to v1.0.0", "Production is back at v1.0.0"]


def test_a_bypass_is_told_loudly(told: World) -> None:
    told.ship_to_staging("feat: charts", tested=False)
    change = told.prepare_release("v1.1.0", merged=False)
    bypassing.bypass(
        told.ports,
        str(change.number),
        "not_tested_by_a_person",
        "cleo is ill, and nobody else can",
        told.person("tess"),
    )
    told.advance(seconds=1)
    told.notices.expect(CHANNEL, "tess opens a closed gate for v1.1.0", "cleo is ill")


def test_who_is_asked_to_approve_is_told_once(told: World) -> None:
    change = told.change()
    for _ in range(2):
        approving.ask(told.ports, change.number, ["ben"], told.person("ada"))
        told.advance(seconds=1)
    assert told.notices.to(BEN) == [f"ada asks you to look at change {change.number}: feat: dark mode"]


def test_whose_check_failed_is_told_and_the_channel_that_wants_to_know(told: World) -> None:
    told.checks.next_fails("zebra-smoke", "2 of 31 failed")
    told.change()
    told.advance(seconds=1)
    told.notices.expect(ADA, "zebra-smoke failed", "2 of 31 failed")
    told.notices.expect(CHECKS, "zebra-smoke failed")
    assert told.notices.to(CHANNEL) == []


def test_whoever_asked_for_a_merge_that_is_given_up_is_told_why(told: World) -> None:
    told.approve(change := told.change())
    told.away["code host"].just_before("revision", lambda: told.push(change.source, {"more.py": "more\n"}))
    told.merge(change)
    told.advance(seconds=1)
    told.notices.expect(BEN, f"Change {change.number} is not merged", f"{change.source} was pushed to meanwhile.")
    assert told.notices.to(CHANNEL) == []


def test_an_owner_is_reminded(told: World) -> None:
    told.release("v1.1.0")
    told.roll_back()
    told.notices.sent.clear()
    told.advance(hours=2)
    told.advance(seconds=1)
    told.notices.expect(DORA, "To be done: Tell the team")


def test_a_release_that_waits_is_told_once(told: World) -> None:
    told.ship_to_staging("feat: charts")
    told.prepare_release("v1.1.0", merged=False)
    told.notices.sent.clear()
    for _ in range(2):
        releasing.publish(told.ports, "v1.1.0", told.person("tess"), when_ready=True)
    told.settle()
    told.advance(seconds=1)
    assert told.notices.to(CHANNEL).count("v1.1.0 waits to be published") == 1


# --- at least once -----------------------------------------------------------------------------------------------


def test_who_dies_between_the_commit_and_the_message_sends_it_afterwards(told: World) -> None:
    hotfix(told)
    assert told.notices.sent == [], "only the commit has been made"
    told.restart()
    told.advance(seconds=1)
    assert told.notices.to(TESS) == told.notices.to(DORA) != []


@pytest.mark.parametrize("arrives", [False, True], ids=["before it is sent", "after it is sent"])
def test_who_dies_while_sending_sends_it_again_and_says_so(told: World, arrives: bool) -> None:
    hotfix(told)
    told.notices.fail_next(TESS, Killed(), arrives=arrives)
    with pytest.raises(Killed):
        ticking.notify(told.ports)
    assert states(told)["tess"] is Delivery.PENDING

    told.advance(seconds=1)
    assert len(told.notices.to(TESS)) == arrives, "whoever claimed it may still be at it"
    told.advance(minutes=2)

    assert len(told.notices.to(TESS)) == 1 + arrives
    told.notices.expect(TESS, "It may have reached you before.")
    assert states(told) == {"tess": Delivery.SENT, "dora": Delivery.SENT}


def test_two_ticks_at_once_send_it_once(told: World) -> None:
    hotfix(told)
    ready = Barrier(2)

    def tick() -> None:
        ready.wait(20)
        ticking.notify(told.ports)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(tick) for _ in range(2)]:
            done.result()
    told.advance(seconds=1)
    assert sorted(one.to for one in told.notices.sent) == [DORA, CHANNEL, TESS]


def test_what_may_have_arrived_is_sent_again_and_that_is_on_the_row(told: World) -> None:
    hotfix(told)
    told.notices.fail_next(TESS, Unclear("There was no answer within 10 s."), arrives=True)
    told.advance(seconds=1)
    told.advance(seconds=10)
    assert len(told.notices.to(TESS)) == 2
    told.notices.expect(TESS, "It may have reached you before.")
    (to_tess,) = [one for one in deliveries(told) if one.recipient == "tess"]
    assert (to_tess.state, to_tess.attempts, to_tess.unclear) == (Delivery.SENT, 2, True)
    assert to_tess.problem == "There was no answer within 10 s."


def test_a_channel_that_was_down_for_an_hour_gets_it_late_and_is_told_so(told: World) -> None:
    told.notices.fail_next(CHANNEL, DOWN, times=100)
    incident(told, Severity.P2)
    for _ in range(12):
        told.advance(minutes=5)
    assert told.notices.to(CHANNEL) == []
    told.notices.recovers(CHANNEL)
    told.advance(minutes=5)
    told.notices.expect(CHANNEL, "P2 incident", "This comes late: it happened at")


def test_retries_wait_longer_and_longer(told: World) -> None:
    told.notices.fail_next(TESS, DOWN, times=100)
    hotfix(told)
    told.advance(seconds=1)
    tried = []
    for second in range(0, 1200, 10):
        told.clock.advance(seconds=10)
        before = len(told.notices.failed)
        notifying.send_what_is_due(told.ports)
        tried += [second + 10] * (len(told.notices.failed) - before)
    assert tried == [10, 30, 70, 150, 310, 610, 910]


def test_what_can_not_be_delivered_is_given_up_loudly(told: World, caplog: pytest.LogCaptureFixture) -> None:
    told.notices.fail_next(TESS, Refused("env:TESS_ALERTS is not set where Staging Gate runs."), times=1000)
    change = hotfix(told)
    told.approve(change, "tess", "tech_lead")
    for _ in range(50):
        told.advance(minutes=5)
    assert states(told)["tess"] is Delivery.FAILED
    given_up = [entry for entry in told.record(f"change {change.number}") if entry[1] == "notification given up"]
    assert [reason.partition(" tries: ")[2] for _, _, reason in given_up] == [
        "env:TESS_ALERTS is not set where Staging Gate runs."
    ]
    assert "tess was not told" in caplog.text


def test_one_dead_address_does_not_keep_the_others_back(told: World) -> None:
    told.notices.fail_next(CHANNEL, DOWN, times=100)
    for _ in range(5):
        incident(told, Severity.P2)
    incident(told)
    told.advance(seconds=1)
    assert len(told.notices.failed) == 1, "it is tried once in a tick, not for each message"
    assert [one.to for one in told.notices.sent] == [DORA, TESS]


# --- until somebody sees to it -----------------------------------------------------------------------------------


def test_a_page_is_told_again_until_somebody_acknowledges_it(told: World) -> None:
    hotfix(told)
    told.advance(seconds=1)
    told.advance(minutes=5)
    assert [len(told.notices.to(one)) for one in (TESS, DORA, CHANNEL)] == [2, 2, 1]
    told.notices.expect(DORA, "Told again (1): nobody has acknowledged it.")

    seen = notifying.acknowledge(told.ports, page_id(told), told.person("dora"))
    assert (seen.acknowledged_by, seen.repeat_at) == ("dora", None)
    assert ("dora", "page acknowledged", seen.title) in told.record(seen.subject)
    for _ in range(3):
        told.advance(minutes=5)
    assert [len(told.notices.to(one)) for one in (TESS, DORA)] == [2, 2]


def test_nobody_is_told_for_ever(told: World) -> None:
    change = hotfix(told)
    told.advance(seconds=1)
    for _ in range(12):
        told.advance(minutes=5)
    assert len(told.notices.to(TESS)) == 1 + notifying.REPEATS
    assert actions(told, f"change {change.number}").count("page given up") == 1
    with told.store.reading() as tx:
        assert len(tx.notices.unacknowledged()) == 1, "the board goes on showing it"


def test_whoever_approves_the_hotfix_has_seen_it(told: World) -> None:
    change = hotfix(told)
    told.advance(seconds=1)
    told.approve(change, "tess", "tech_lead")
    told.advance(minutes=10)
    assert [len(told.notices.to(one)) for one in (TESS, DORA)] == [1, 1]


def test_an_incident_that_is_resolved_pages_nobody_any_more(told: World) -> None:
    opened = incident(told)
    told.advance(seconds=1)
    incidents.resolve(told.ports, opened, "the secret was wrong", told.person("dora"))
    told.advance(minutes=10)
    assert [len(told.notices.to(one)) for one in (TESS, DORA)] == [1, 1]


def test_a_repetition_that_is_on_its_way_is_dropped_once_somebody_sees_to_it(told: World) -> None:
    hotfix(told)
    told.advance(seconds=1)
    told.notices.fail_next(TESS, DOWN, times=5)
    told.advance(minutes=5)
    notifying.acknowledge(told.ports, page_id(told), told.person("dora"))
    told.advance(minutes=10)
    last = [one for one in deliveries(told) if one.recipient == "tess"][-1]
    assert (last.repeat, last.state, last.problem) == (1, Delivery.DROPPED, "dora sees to it")


def test_of_two_who_acknowledge_the_second_learns_of_the_first(told: World) -> None:
    hotfix(told)
    told.advance(seconds=1)
    page = page_id(told)
    notifying.acknowledge(told.ports, page, told.person("dora"))
    with pytest.raises(Unusable, match="dora sees to it already, since .* UTC: Hotfix, change"):
        notifying.acknowledge(told.ports, page, told.person("tess"))


def test_only_pages_are_acknowledged_and_by_one_of_us(told: World) -> None:
    incident(told, Severity.P2)
    told.advance(seconds=1)
    with told.store.reading() as tx:
        last = max(one.notice for one in tx.notifications.recent())
    with pytest.raises(Unusable, match=rf"Notice {last} does not wait for anybody: P2 incident"):
        notifying.acknowledge(told.ports, last, told.person("dora"))
    with pytest.raises(Unknown, match="There is no notice 9999"):
        notifying.acknowledge(told.ports, 9999, told.person("dora"))
    with pytest.raises(Closed):
        notifying.acknowledge(told.ports, last, VERA)


# --- where people can not be told --------------------------------------------------------------------------------


def test_who_has_no_address_is_seen_not_to_be_told(made: Callable[..., World]) -> None:
    world = made(gate_yaml(notify={"people": {"dora": DORA}}))
    change = incident(world)
    world.advance(seconds=1)
    assert [one.to for one in world.notices.sent] == [DORA]
    (to_tess,) = [one for one in deliveries(world) if one.recipient == "tess"]
    assert (to_tess.state, to_tess.problem) == (
        Delivery.PENDING,
        "gate.yaml has no address for tess: add notify.people.tess.",
    )
    assert change == 1


def test_without_notify_nothing_is_sent_and_pages_are_seen_not_to_go_out(made: Callable[..., World]) -> None:
    world = made()
    incident(world, Severity.P2)
    incident(world)
    world.advance(seconds=1)
    assert world.notices.sent == []
    assert [(one.recipient, one.state) for one in deliveries(world)] == [
        ("dora", Delivery.PENDING),
        ("tess", Delivery.PENDING),
    ]


def test_an_address_that_is_given_later_still_gets_the_page(made: Callable[..., World]) -> None:
    world = made()
    incident(world)
    world.advance(seconds=1)
    give_addresses(world)
    world.advance(minutes=1)
    world.notices.expect(DORA, "P0 incident 1")


def test_where_nobody_could_be_paged_the_record_says_so(made: Callable[..., World]) -> None:
    world = made(gate_yaml(roles={"tech_lead": ["tess"], "stakeholder": ["stan"]}))
    world.release("v1.0.0")
    change = hotfix(world, by="tess")
    world.advance(seconds=1)
    assert "nobody to page" in actions(world, f"change {change.number}")


def test_a_trial_goes_out_at_once_and_says_what_is_wrong(told: World) -> None:
    tried = notifying.try_out(told.ports, "ben", told.person("ada"))
    assert (tried.name, tried.address, tried.problem) == ("ben", BEN, "")
    assert notifying.try_out(told.ports, "releases", told.person("ada")).name == "#releases"
    told.notices.expect(BEN, "Staging Gate can reach you here", "ada tries")

    told.notices.fail_next(BEN, DOWN)
    with pytest.raises(Unusable, match=r"ben was not reached\. There is no connection\."):
        notifying.try_out(told.ports, "ben", told.person("ada"))
    with pytest.raises(Unusable, match="gate.yaml says nowhere under `notify` how zoe is reached. It knows: ada, ben"):
        notifying.try_out(told.ports, "zoe", told.person("ada"))
    with pytest.raises(Closed):
        notifying.try_out(told.ports, "ben", VERA)


def test_who_can_be_reached_is_found_without_sending(told: World) -> None:
    told.notices.lacking.add(TESS)
    policy = told.ports.policy.read(POLICY.encode(), "gate.yaml")
    found = {one.name: one.problem for one in notifying.reach(told.ports, policy)}
    assert found["tess"] == "env:TESS_ALERTS is not set where Staging Gate runs."
    assert {name for name, problem in found.items() if not problem} == {
        "dora", "ada", "ben", "cleo", "stan", "#releases", "#checks",
    }  # fmt: skip
    assert told.notices.sent == []


def test_neither_the_record_nor_the_log_knows_an_address(told: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told.notices.fail_next(TESS, DOWN, times=3)
    hotfix(told)
    for _ in range(3):
        told.advance(minutes=5)
    with told.store.reading() as tx:
        addresses = {one.address for one in tx.notifications.recent()}
    assert addresses == {TESS, DORA, CHANNEL}, "references only"
