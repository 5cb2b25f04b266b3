"""Bypasses: one reason of one change or release, one tree, once, for some hours, by somebody else; all on record."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from staging_gate.domain.bypass import Bypass
from staging_gate.domain.change import Change
from staging_gate.domain.environment import Environment
from staging_gate.domain.followup import FollowUp
from staging_gate.domain.incident import Incident, Severity
from staging_gate.messages.decisions import lines
from staging_gate.ports.errors import Refused
from staging_gate.ports.store import Stale
from staging_gate.queries.deployments import timeline
from staging_gate.runbook import bypassing, changes, releasing
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.runbook.deciding import Closed
from staging_gate.runbook.holding import hold, lift_quarantine
from staging_gate.runbook.incidents import open_incident, resolve
from staging_gate.runbook.redeploying import redeploy
from staging_gate.testing.policies import ROLES, gate_yaml
from staging_gate.testing.polling import eventually
from staging_gate.testing.world import World
from tests.runbook.stories import closed, closed_as_explained

PRODUCTION = Environment.PRODUCTION
UNTRIED = "not_tested_by_a_person"
FROZEN = "calendar:\n  freezes:\n    - {from: 2026-03-12, until: 2026-03-15, why: stock-taking}\n"
WHY = "customers can not log in"


def give(world: World, named: str, code: str = UNTRIED, by: str = "tess", why: str = WHY, hours: float = 4) -> Bypass:
    return bypassing.bypass(world.ports, named, code, why, world.person(by), timedelta(hours=hours))


def untried_release(world: World, tag: str = "v1.1.0") -> Change:
    """Open and approved, but nobody has tried in staging what it ships."""
    world.ship_to_staging(f"feat: two for {tag}", tested=False)
    return world.prepare_release(tag, merged=False)


def bypasses(world: World, named: str = "v1.1.0") -> list[Bypass]:
    with world.store.reading() as tx:
        return tx.bypasses.about(named)


def follow_ups(world: World) -> list[FollowUp]:
    with world.store.reading() as tx:
        return tx.followups.open()


# --- what it does ------------------------------------------------------------------------------------------------


def test_one_bypass_carries_a_release_through_and_is_used_up_by_its_deployment(released: World) -> None:
    world = released
    change = untried_release(world)
    assert closed_as_explained(world, str(change.number), "tess", lambda: world.merge(change, "tess")) == (UNTRIED,)

    given = give(world, "v1.1.0")
    assert world.explain(str(change.number), "tess").open
    world.merge(change, "tess")
    assert not bypasses(world)[0].was_used
    deployed = world.publish("v1.1.0")

    assert deployed.state == "succeeded"
    [used] = bypasses(world)
    assert (used.id, used.used_for) == (given.id, deployed.id)
    assert [entry for entry in world.record("v1.1.0") if "bypass" in entry[1]] == [
        ("tess", "bypass given", WHY),
        ("tess", "bypass used", WHY),
    ]


def test_somebody_else_reviews_it_afterwards(released: World) -> None:
    """Once it was used, and not before: what nobody used needs no review."""
    world = released
    give(world, str(untried_release(world).number))
    assert follow_ups(world) == []

    world.merge(proposed(world), "tess")
    deployed = world.publish("v1.1.0")

    [used] = bypasses(world)
    [review] = follow_ups(world)
    assert (review.kind, review.about, review.owner) == ("review", used.id, "dora")
    assert review.title == f"Review the bypass of {UNTRIED} by tess, used for {deployed.id}: {WHY}"
    assert review.due_at - world.clock.now() > timedelta(days=1)


def test_a_hotfix_is_passed_by_the_number_of_its_change_and_its_deployment_uses_that_up(released: World) -> None:
    """Staging is skipped: the runbook's option for extreme emergencies."""
    world = released
    world.staging.next_smoke_fails("login", where="candidate")
    change = world.hotfix()
    assert closed(lambda: world.merge(change, "ben")) == ("not_verified_in_staging",)

    give(world, str(change.number), "not_verified_in_staging")
    merged = world.merge(change, "ben")

    assert world.production.live() == merged.release == "v1.0.1"
    [used] = bypasses(world, f"change {change.number}")
    assert f"Gate-Bypass: {used.code} by tess, " in world.code_host.tags()["v1.0.1"].message
    shown = timeline(world.ports, "production-2")
    assert shown and [one.bypass for one in shown.bypasses] == [used]
    assert used.used_for == "production-2"
    assert [one.kind for one in follow_ups(world) if one.about == used.id] == ["review"]


def test_a_freeze_is_passed_by_the_release_and_by_no_other(made: Callable[..., World]) -> None:
    """Its publishing and its deployment, which the system admits, pass by the same bypass."""
    world = made(gate_yaml() + FROZEN)
    world.release("v1.0.0")
    world.ship_to_staging("feat: two")
    world.prepare_release("v1.1.0")
    world.advance(days=7)
    assert world.explain("v1.1.0", "tess").codes == ("freeze",)

    give(world, "v1.1.0", "freeze")

    deployed = world.publish("v1.1.0")
    assert deployed.state == "succeeded"
    assert bypasses(world)[0].used_for == deployed.id
    world.ship_to_staging("feat: three")
    world.prepare_release("v1.2.0")
    assert world.explain("v1.2.0", "tess").codes == ("freeze",)


def test_a_release_that_a_freeze_stopped_on_its_way_is_let_through_and_goes(
    made: Callable[..., World],
) -> None:
    world = made(gate_yaml() + FROZEN)
    world.ship_to_staging("feat: one")
    world.prepare_release("v1.1.0")
    world.kills.at = "release-to-production-run-production-1 / check the production gate and plan: before the step"
    releasing.publish(world.ports, "v1.1.0", world.person("tess"))
    eventually(world.kills.died.is_set)
    world.clock.advance(days=7)
    world.settle()
    assert world.deployment("production-1").state == "queued"

    given = give(world, "production-1", "freeze")
    world.advance(seconds=10)

    assert given.subject == "v1.1.0"
    assert world.deployment("production-1").state == "succeeded"
    assert [one.used_for for one in bypasses(world)] == ["production-1"]


def test_it_passes_one_reason_and_no_other(released: World) -> None:
    world = released
    change = untried_release(world)
    changes.withdraw_approval(world.ports, change.number, world.person("stan"))

    give(world, "v1.1.0")

    assert closed(lambda: world.merge(change, "tess")) == ("approvals_missing",)


def test_what_it_passes_is_said_with_who_why_and_until(released: World) -> None:
    world = released
    given = give(world, str(untried_release(world).number))

    head, reason, by = lines(world.explain(str(proposed(world).number), "tess"))
    assert head == "The gate is open only because a bypass lets one reason be passed: tess can merge the release."
    assert reason == "- Not every change was tried in staging by a person: 1 of 1 is left. [not_tested_by_a_person]"
    assert by == f"    passed by {given.id} of tess, until {given.expires_at:%a %Y-%m-%d %H:%M} UTC: {WHY}"


def test_the_tag_names_it(released: World) -> None:
    world = released
    give(world, str(untried_release(world).number))
    world.merge(proposed(world), "tess")
    world.publish("v1.1.0")

    message = world.code_host.tags()["v1.1.0"].message
    [line] = [line for line in message.splitlines() if line.startswith("Gate-Bypass: ")]
    assert line.startswith(f"Gate-Bypass: {UNTRIED} by tess, ")
    assert line.endswith(f" UTC: {WHY}")


# --- what ends it ------------------------------------------------------------------------------------------------


def test_other_code_is_not_passed(released: World) -> None:
    world = released
    given = give(world, str(untried_release(world).number))
    late = world.change("feat: three")
    world.approve(late)
    assert closed(lambda: world.merge(late)) == ("release_in_preparation",)
    give(world, str(late.number), "release_in_preparation")
    world.merge(late)

    assert closed(lambda: world.merge(proposed(world), "tess")) == ("approvals_missing", UNTRIED)
    assert given.tree != world.look(proposed(world)).mergeable_tree()


def test_it_expires(merged: World) -> None:
    world = merged
    critical(world)
    give(world, "v1.1.0", "critical_bugs", hours=1)
    assert world.explain("v1.1.0", "tess").open

    world.advance(minutes=61)

    assert closed_as_explained(world, "v1.1.0", "tess", lambda: world.publish("v1.1.0")) == ("critical_bugs",)


def test_it_is_withdrawn_by_whoever_gave_it(released: World) -> None:
    world = released
    given = give(world, str(untried_release(world).number))

    assert closed(lambda: bypassing.withdraw(world.ports, given.id, world.person("ben"))) == ("no_right",)
    bypassing.withdraw(world.ports, given.id, world.person("tess"))

    assert closed(lambda: world.merge(proposed(world), "tess")) == (UNTRIED,)
    with pytest.raises(Unusable, match=rf"{given.id} is withdrawn since .* UTC: there is nothing to withdraw."):
        bypassing.withdraw(world.ports, given.id, world.person("tess"))
    assert world.record("v1.1.0")[-1] == ("tess", "bypass withdrawn", WHY)


def test_a_deployment_that_fails_has_used_it_up(merged: World) -> None:
    world = merged
    critical(world)
    give(world, "v1.1.0", "critical_bugs")
    world.production.next_call_fails("build", Refused("no space left"))
    failed = world.publish("v1.1.0")
    assert failed.state == "failed"
    lift(world)

    with pytest.raises(Unusable, match=f"{bypasses(world)[0].id} was used for {failed.id}, .*: `gate rollback`"):
        bypassing.withdraw(world.ports, bypasses(world)[0].id, world.person("tess"))
    assert closed(lambda: redeploy(world.ports, PRODUCTION, world.person("tess"))) == ("critical_bugs",)
    give(world, "v1.1.0", "critical_bugs")
    again = redeploy(world.ports, PRODUCTION, world.person("tess"))
    world.settle()
    assert world.deployment(again.id).state == "succeeded"
    assert [one.used_for for one in bypasses(world)] == [failed.id, again.id]


def test_one_that_was_not_needed_is_not_used(merged: World) -> None:
    world = merged
    open_one = critical(world)
    give(world, "v1.1.0", "critical_bugs")
    resolve(world.ports, open_one.id, "it was none", world.person("tess"))

    world.publish("v1.1.0")

    assert not bypasses(world)[0].was_used
    assert follow_ups(world) == []


# --- who and what ------------------------------------------------------------------------------------------------


def test_nobody_passes_the_gate_for_code_of_his_own(made: Callable[..., World]) -> None:
    world = made(gate_yaml(roles={**ROLES, "tech_lead": ["tess", "ada"]}))
    change = untried_release(world)

    assert closed(lambda: give(world, str(change.number), by="ada")) == ("own_bypass",)
    assert closed(lambda: give(world, str(change.number), by="dora")) == ("no_right",)
    give(world, str(change.number))


def test_nobody_passes_the_gate_for_his_own_hotfix_after_it_has_its_tag(made: Callable[..., World]) -> None:
    world = made(gate_yaml(roles={**ROLES, "tech_lead": ["tess", "ada"]}))
    world.release("v1.0.0")
    world.staging.next_smoke_fails("login", where="candidate")
    change = world.hotfix()
    give(world, str(change.number), "not_verified_in_staging")
    world.production.next_call_fails("build", Refused("no space left"))
    world.merge(change, "ben")
    assert [one.owner for one in follow_ups(world) if one.about.startswith("bypass")] == ["dora"], "ada wrote it"
    lift_quarantine(world.ports, "v1.0.1", "the disk was full", world.person("dora"))

    assert closed(lambda: give(world, "v1.0.1", "not_verified_in_staging", by="ada")) == ("own_bypass",)
    give(world, "v1.0.1", "not_verified_in_staging")


@pytest.mark.parametrize("code", ["tag_exists", "hold", "approvals_missing", "no_such_reason"])
def test_only_what_closes_the_gate_and_may_be_passed(merged: World, code: str) -> None:
    world = merged
    hold(world.ports, PRODUCTION, "the database is moved", world.person("dora"))

    expected = "never_bypassed" if code == "hold" else "nothing_to_bypass"
    assert closed(lambda: give(world, "v1.1.0", code)) == (expected,)
    assert bypasses(world) == []


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("99", "There is no change 99. `gate change list` shows the open ones."),
        ("v9.9.9", "There is no release 'v9.9.9'."),
        ("production-99", "There is no deployment production-99. `gate status` shows the recent ones."),
        ("staging-1", "staging-1 brings no release: a bypass is for a change (`12`) or a release (`v1.4.0`)."),
        ("v1.0.0", "v1.0.0 is verified: there is nothing left to pass."),
    ],
)
def test_for_what(released: World, named: str, said: str) -> None:
    with pytest.raises((Unknown, Unusable)) as no:
        give(released, named)
    assert str(no.value).startswith(said)


@pytest.mark.parametrize("why", ["", "  soon \n", "x" * 1001])
def test_it_needs_a_justification_that_can_be_read(merged: World, why: str) -> None:
    with pytest.raises(Unusable) as no:
        give(merged, "v1.1.0", why=why)
    assert str(no.value) == (
        'A bypass needs a justification of 10 to 1000 letters: --reason "...". It goes on the record, and somebody '
        "else reviews it afterwards."
    )


@pytest.mark.parametrize("hours", [0, -1, 72.1])
def test_it_lasts_hours_not_weeks(merged: World, hours: float) -> None:
    with pytest.raises(Unusable) as no:
        give(merged, "v1.1.0", hours=hours)
    assert str(no.value) == (
        "A bypass lasts from 5 minutes to 72 hours: --for 2h. What waits longer needs a new one then."
    )


def test_nothing_can_be_passed_that_does_not_merge(released: World) -> None:
    world = released
    change = world.change("feat: a", {"app/main.py": "a\n"}, branch="hotfix/a", to="main", reason="it is urgent")
    main = world.repository.commit(
        world.revision("main").commit, {"app/main.py": "b\n"}, "fix: b", "root", world.clock.now()
    )
    world.repository.move("refs/heads/main", main)
    changes.refresh(world.ports, change.number)

    with pytest.raises(Unusable, match=f"change {change.number} does not merge, so there is no code yet"):
        give(world, str(change.number), "not_verified_in_staging")


# --- several at once, and death ----------------------------------------------------------------------------------


def test_two_tech_leads_at_once_give_one(merged: World) -> None:
    world = merged
    critical(world)

    given = at_once(lambda: give(world, "v1.1.0", "critical_bugs"), lambda: give(world, "v1.1.0", "critical_bugs"))

    assert [isinstance(one, Bypass) for one in given].count(True) == 1
    assert len(bypasses(world)) == 1


def test_it_is_used_at_the_same_moment_by_one(merged: World) -> None:
    """Two acts that were decided on it; the second has to be decided anew, and finds the gate closed."""
    world = merged
    critical(world)
    give(world, "v1.1.0", "critical_bugs")
    decision, tess = world.explain("v1.1.0", "tess"), world.person("tess")
    acts = [replace(decision, subject=f"production-{number}") for number in (7, 8)]

    won = at_once(*(lambda act=act: bypassing.used_up(world.ports, act, tess) for act in acts))

    assert sorted(won) == [False, True]
    assert len(follow_ups(world)) == 1
    assert closed(lambda: world.publish("v1.1.0")) == ("critical_bugs",)


def test_using_and_withdrawing_at_the_same_moment_has_one_winner(merged: World) -> None:
    world = merged
    critical(world)
    given = give(world, "v1.1.0", "critical_bugs")
    decision, tess = world.explain("v1.1.0", "tess"), world.person("tess")

    used, withdrawn = at_once(
        lambda: bypassing.used_up(world.ports, decision, tess), lambda: bypassing.withdraw(world.ports, given.id, tess)
    )

    assert used is not isinstance(withdrawn, Bypass)


def test_killed_after_it_was_used_the_same_deployment_goes_on(merged: World) -> None:
    world = merged
    critical(world)
    give(world, "v1.1.0", "critical_bugs")
    world.kills.at = "release-to-production-run-production-2 / check the production gate and plan: after the commit"

    deployed = world.publish("v1.1.0")

    assert world.kills.at is None, "it was not killed there"
    assert deployed.state == "succeeded"
    assert [one.used_for for one in bypasses(world)] == [deployed.id]
    assert len(follow_ups(world)) == 1


# --- what stories need -------------------------------------------------------------------------------------------


def proposed(world: World) -> Change:
    with world.store.reading() as tx:
        found = tx.changes.of_release("v1.1.0")
    assert found
    return found


def critical(world: World) -> Incident:
    return open_incident(world.ports, Severity.P1, "login fails", world.person("ben"))


def lift(world: World) -> None:
    """A release that failed is good again, says dora."""
    lift_quarantine(world.ports, "v1.1.0", "the disk was full", world.person("dora"))


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each answered, or Stale and Closed where it was second."""
    ready = Barrier(len(acts))

    def act(one: Callable[[], Any]) -> Any:
        ready.wait()
        try:
            return one()
        except (Stale, Closed, Unusable) as second:
            return second

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(act, acts))
