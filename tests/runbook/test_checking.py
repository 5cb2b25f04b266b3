"""Checks run on the tree that a merge would have; their results belong to that tree."""

from collections.abc import Callable
from typing import Any

import pytest

from staging_gate.domain.change import Change
from staging_gate.domain.check import Check, Verdict
from staging_gate.domain.environment import Environment
from staging_gate.ports.errors import Unavailable
from staging_gate.runbook import changes, checking
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import closed_as_explained


def results(world: World, change: Change) -> dict[str, Check]:
    with world.store.reading() as tx:
        return {check.name: check for check in tx.checks.of_tree(world.look(change).mergeable_tree() or "")}


def verdicts(world: World, change: Change) -> dict[str, str]:
    return {name: str(check.verdict) for name, check in results(world, change).items()}


def test_checks_begin_by_themselves_and_say_what_they_found(world: World) -> None:
    change = world.change()
    found = results(world, change)["zebra-smoke"]

    assert found.tree == change.mergeable_tree()
    assert (found.verdict, found.summary, found.seconds, found.change) == (Verdict.PASSED, "31 passed", 1.5, 1)
    assert found.log == f"checks/{found.tree}/zebra-smoke"
    assert world.logs.tail(found.log) == "zebra-smoke: 31 passed"


def test_a_failing_check_blocks_and_is_quoted(world: World) -> None:
    world.checks.next_fails("zebra-smoke", "2 of 31 failed")
    change = world.change()
    world.approve(change)

    assert closed_as_explained(world, "1", "ben", lambda: world.merge(change)) == ("checks_failed",)
    [reason] = world.explain("1", "ben").reasons
    assert reason.sentence == "Required checks have not passed: zebra-smoke failed."
    assert reason.evidence[0].startswith("zebra-smoke: 2 of 31 failed (tree ")
    assert reason.opens_when == "Read its log, push a fix."


def test_a_check_that_our_machine_broke_is_told_apart(world: World) -> None:
    world.checks.next_errors("zebra-smoke", "took longer than 10 min")
    change = world.change()
    world.approve(change)

    assert closed_as_explained(world, "1", "ben", lambda: world.merge(change)) == ("checks_errored",)
    assert world.explain("1", "ben").reasons[0].opens_when.startswith("Our side broke, not the code: `gate change rec")


def test_checked_again_it_may_pass(world: World) -> None:
    world.checks.next_errors("zebra-smoke", "took longer than 10 min")
    change = world.change()
    asked = checking.recheck(world.ports, world.look(change), world.person("ada"))
    world.settle()

    assert asked == ["zebra-smoke"]
    assert verdicts(world, change) == {"zebra-smoke": "passed", "db-migrations": "passed"}
    assert ("ada", "checks asked for again", "zebra-smoke") in world.record("change 1")
    assert checking.recheck(world.ports, world.look(change), world.person("ada")) == []


def test_a_build_that_fails_fails_every_check_for_that_reason(world: World) -> None:
    world.checks.next_build_fails("No module named marketedge")
    change = world.change()

    found = results(world, change)
    assert {check.verdict for check in found.values()} == {Verdict.FAILED}
    assert found["zebra-smoke"].summary == "the build: No module named marketedge"
    assert world.checks.ran == []


def test_a_build_that_our_machine_broke_is_told_apart(world: World) -> None:
    world.away["checks"].away_for(1, "prepare")
    change = world.change()

    assert verdicts(world, change) == {"zebra-smoke": "errored", "db-migrations": "errored"}


def test_two_changes_that_give_the_same_tree_are_checked_once(world: World) -> None:
    world.change("feat: one", {"same.py": "same\n"}, branch="feature/one")
    world.change("feat: two", {"same.py": "same\n"}, branch="feature/two")

    assert len(world.checks.ran) == 2


def test_a_push_stops_the_checks_of_what_was_before(world: World) -> None:
    def push_again() -> None:
        world.push("feature/x", {"more.py": "more\n"})

    world.away["checks"].just_before("run", push_again)
    change = world.change("feat: x", branch="feature/x")

    assert verdicts(world, change) == {"zebra-smoke": "passed", "db-migrations": "passed"}
    assert [name for _, name in world.checks.ran] == ["zebra-smoke", "db-migrations"]


def test_what_was_stopped_is_checked_when_the_code_comes_back(world: World) -> None:
    world.away["checks"].just_before("prepare", lambda: world.push("feature/x", {"more.py": "more\n"}))
    change = world.change("feat: x", branch="feature/x")
    world.push("feature/x", {"more.py": None})
    world.settle()

    assert verdicts(world, change) == {"zebra-smoke": "passed", "db-migrations": "passed"}


def test_what_was_stopped_while_it_was_built_has_not_errored(world: World) -> None:
    trees = []

    def push_again() -> None:
        trees.append(changes.get(world.ports, 1).mergeable_tree())
        world.push("feature/x", {"more.py": "more\n"})

    world.away["checks"].just_before("prepare", push_again)
    world.change("feat: x", branch="feature/x")

    with world.store.reading() as tx:
        stopped = tx.checks.of_tree(trees[0] or "")
    assert {check.verdict for check in stopped} == {Verdict.SKIPPED}


def twins(world: World) -> tuple[Change, Change]:
    """Two changes with the same code; the checks of the first have not begun when the second is opened. Then the
    first is closed."""
    files = {"app/twin.py": "# twin\n"}
    opened = []

    def another_and_close() -> None:
        world.push("feature/two", files, "ben", "feat: twin")
        opened.append(changes.open_change(world.ports, "feature/two", "staging", world.person("ben")))
        changes.close(world.ports, 1, world.person("ada"), "ben has it too")

    world.away["checks"].just_before("prepare", another_and_close)
    first = world.change("feat: twin", files, branch="feature/one")
    return world.look(first), world.look(opened[0])


def test_a_change_with_the_same_code_does_not_lose_the_checks_of_one_that_closes(world: World) -> None:
    first, second = twins(world)

    assert (first.state, second.mergeable_tree()) == ("closed", first.mergeable_tree())
    assert verdicts(world, second) == {"zebra-smoke": "passed", "db-migrations": "passed"}
    assert len(world.checks.ran) == 2


def test_a_change_that_comes_while_the_checks_of_its_code_are_stopped_is_checked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They saw that nobody waits; the other came before they had written it down."""
    files = {"app/twin.py": "# twin\n"}
    world.push("feature/two", files, "ben", "feat: twin")
    stops = world.checks.prepare

    def close_and_open_another(*arguments: Any) -> None:
        changes.close(world.ports, 1, world.person("ada"))
        try:
            stops(*arguments)
        finally:
            monkeypatch.setattr(world.checks, "prepare", stops)
            changes.open_change(world.ports, "feature/two", "staging", world.person("ben"))

    monkeypatch.setattr(world.checks, "prepare", close_and_open_another)
    world.change("feat: twin", files, branch="feature/one")

    assert verdicts(world, changes.get(world.ports, 2)) == {"zebra-smoke": "passed", "db-migrations": "passed"}


def test_asked_for_again_while_others_run_nothing_is_left_pending(world: World) -> None:
    world.checks.next_errors("zebra-smoke", "took longer than 10 min")
    checks = world.away["checks"]

    def ask_again() -> None:
        checking.recheck(world.ports, changes.get(world.ports, 1), world.person("ada"))

    def wait_for_the_second() -> None:
        checks.just_before("run", ask_again)

    checks.just_before("run", wait_for_the_second)
    change = world.change()

    assert verdicts(world, change) == {"zebra-smoke": "passed", "db-migrations": "passed"}


def test_checks_that_our_own_error_broke_off_do_not_stay_pending(world: World, a_run_breaks: None) -> None:
    world.away["checks"].just_before("run", broken)
    change = world.change()

    found = results(world, change)
    assert found["zebra-smoke"].verdict is Verdict.ERRORED
    assert found["db-migrations"].verdict is Verdict.ERRORED
    assert "disk full" in found["zebra-smoke"].summary


def broken() -> None:
    raise OSError("disk full")


def test_a_check_that_is_not_in_the_policy_any_more_is_not_run(made: Callable[..., World]) -> None:
    world = made(policy=gate_yaml(checks=("db-migrations",)))
    change = world.change()

    assert verdicts(world, change) == {"db-migrations": "passed"}


def test_an_outside_that_is_away_is_an_error_and_no_failure(world: World) -> None:
    world.away["checks"].just_before("run", away)
    change = world.change()

    assert verdicts(world, change) == {"zebra-smoke": "errored", "db-migrations": "passed"}


def away() -> None:
    raise Unavailable("no space left")


def test_migrations_are_proved_from_those_of_production_on(made: Callable[..., World]) -> None:
    text = gate_yaml().replace("command: run db-migrations", "proves: migrations")
    world = made(policy=text)
    world.release("v1.0.0")
    change = world.change("feat: charts")

    with world.store.reading() as tx:
        live = tx.deployments.live(Environment.PRODUCTION)
    assert live
    assert world.checks.proved[0][1] is None
    assert world.checks.proved[-1] == (change.mergeable_tree(), live.revision.tree)
    assert verdicts(world, change)["db-migrations"] == "passed"
