"""Hotfixes beside regular releases, rollbacks and each other: nothing is carried along, nothing is taken back."""

from collections.abc import Callable

from staging_gate.domain.change import Change, ChangeState
from staging_gate.domain.deployment import DeploymentState
from staging_gate.domain.environment import Environment
from staging_gate.domain.release import ReleaseState
from staging_gate.runbook import changes, hotfixing, merging, releasing
from staging_gate.runbook.holding import lift_hold
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import actions, closed, closed_as_explained

PRODUCTION = Environment.PRODUCTION


def back_merge(world: World) -> Change:
    with world.store.reading() as tx:
        found = tx.changes.find_open("main", "staging")
    assert found, "no back-merge is open"
    return found


def bring_back(world: World) -> Change:
    """Approved and merged by ben, tried by cleo."""
    change = back_merge(world)
    world.approve(change)
    merged = world.merge(change)
    changes.mark_tested(world.ports, change.number, world.person("cleo"))
    return merged


def holds(world: World, path: str) -> bool:
    """Whether production runs code that has this file."""
    live = world.live(PRODUCTION)
    assert live
    return world.code_host.file(live.revision.commit, path) is not None


def unlocked(world: World) -> None:
    """Somebody lifts the hold that a rollback left."""
    with world.store.reading() as tx:
        left = tx.holds.in_force()
    for hold in left:
        lift_hold(world.ports, hold.id, "the cause is known", world.person("dora"))


# --- regular releases --------------------------------------------------------------------------------------------


def test_no_regular_release_goes_before_the_back_merge(released: World) -> None:
    released.ship_to_staging("feat: charts")
    released.merge(released.hotfix())
    change = released.prepare_release("v1.1.0", merged=False)
    wanted = ("back_merge_open", "not_verified_in_staging", "migrations_not_proved")
    codes = closed_as_explained(released, str(change.number), "tess", lambda: released.merge(change, "tess"))
    assert set(codes) <= {*wanted, "checks_pending"} and codes[0] == "back_merge_open"

    bring_back(released)
    assert "approvals_missing" in closed(lambda: released.merge(change, "tess"))


def test_a_release_in_preparation_goes_on_with_new_approvals(released: World) -> None:
    released.ship_to_staging("feat: charts")
    change = released.prepare_release("v1.1.0", merged=False)
    released.merge(released.hotfix())
    bring_back(released)

    assert closed(lambda: released.merge(change, "tess")) == ("approvals_missing",)
    released.approve(released.look(change), "tess", "tech_lead")
    released.approve(released.look(change), "stan", "stakeholder")
    released.merge(change, "tess")
    assert released.publish("v1.1.0").state is DeploymentState.SUCCEEDED
    assert holds(released, "app/fix-login.py") and holds(released, "app/feat-charts.py")


def test_a_release_that_is_merged_stays_behind_and_comes_after_it(merged: World) -> None:
    """v1.1.0 is on main, without a tag; production runs v1.0.0."""
    assert merged.merge(merged.hotfix()).release == "v1.0.1"
    assert holds(merged, "app/fix-login.py") and not holds(merged, "app/feat-charts.py")
    assert closed_as_explained(merged, "v1.1.0", "tess", lambda: merged.publish("v1.1.0")) == ("lacks_last_release",)

    releasing.withdraw(merged.ports, "v1.1.0", merged.person("tess"), "it lacks the hotfix")
    bring_back(merged)
    merged.prepare_release("v1.1.0")
    assert merged.publish("v1.1.0").state is DeploymentState.SUCCEEDED
    assert holds(merged, "app/fix-login.py") and holds(merged, "app/feat-charts.py")
    assert "charts" in releasing.get(merged.ports, "v1.1.0").notes


def test_a_hotfix_overtakes_what_waits_for_its_window(made: Callable[..., World]) -> None:
    world = made(gate_yaml() + "calendar: {production_windows: [thu 10:00-16:00]}\n")
    world.release("v1.0.0")
    world.ship_to_staging("feat: charts")
    world.prepare_release("v1.1.0")
    world.advance(days=1)
    assert releasing.publish(world.ports, "v1.1.0", world.person("tess")) is None, "it waits for Thursday"
    assert world.merge(world.hotfix()).release == "v1.0.1"

    world.advance(days=6)
    assert world.production.live() == "v1.0.1"
    assert world.explain("v1.1.0", "tess").codes == ("lacks_last_release",)
    assert "does not hold v1.0.1" in releasing.get(world.ports, "v1.1.0").held_back


def test_a_hotfix_waits_for_what_is_being_deployed(merged: World) -> None:
    hotfix = merged.hotfix()
    seen: list[tuple[str, ...]] = []
    merged.away["deploy target"].just_before(
        "start",
        lambda: seen.append(closed(lambda: merging.merge(merged.ports, hotfix.number, None, merged.person("ben")))),
    )
    merged.publish("v1.1.0")

    assert seen == [("hotfix_waits",)]
    assert closed(lambda: merged.merge(hotfix)) == ("hotfix_not_from_production",)
    merge_in(merged, hotfix, "v1.1.0")
    assert merged.merge(hotfix).release == "v1.1.1"
    assert holds(merged, "app/fix-login.py") and holds(merged, "app/feat-charts.py")


def merge_in(world: World, hotfix: Change, tag: str) -> None:
    """`git merge TAG` on the hotfix's branch, pushed by ada, and approved once more."""
    host = world.code_host
    preview = host.preview_merge(world.revision(hotfix.source).commit, world.revision(tag).commit)
    assert preview.merged
    world.repository.move(f"refs/heads/{hotfix.source}", preview.merged.commit, "ada")
    changes.refresh(world.ports, hotfix.number)
    world.settle()
    world.approve(world.look(hotfix), "tess", "tech_lead")
    world.settle()


# --- hotfixes and each other -------------------------------------------------------------------------------------


def test_the_second_of_two_hotfixes_takes_the_first_in(released: World) -> None:
    first, second = released.hotfix("fix: login"), released.hotfix("fix: prices")
    assert released.merge(first).release == "v1.0.1"
    assert closed_as_explained(released, str(second.number), "ben", lambda: released.merge(second)) == (
        "hotfix_not_from_production",
    )

    merge_in(released, second, "v1.0.1")
    assert released.merge(second).release == "v1.0.2"
    assert holds(released, "app/fix-login.py") and holds(released, "app/fix-prices.py")
    bring_back(released)
    assert released.code_host.is_ancestor("main", "staging")


def test_a_second_hotfix_waits_while_the_first_is_on_its_way(released: World) -> None:
    first, second = released.hotfix("fix: login"), released.hotfix("fix: prices")
    seen: list[tuple[str, ...]] = []
    released.away["code host"].just_before(
        "create_tag",
        lambda: seen.append(closed(lambda: merging.merge(released.ports, second.number, None, released.person("ben")))),
    )
    released.merge(first)

    assert seen == [("hotfix_waits",)]


def test_a_hotfix_on_a_hotfix(released: World) -> None:
    released.merge(released.hotfix("fix: login"))
    assert released.merge(released.hotfix("fix: prices")).release == "v1.0.2"
    assert holds(released, "app/fix-login.py") and holds(released, "app/fix-prices.py")


# --- rollbacks ---------------------------------------------------------------------------------------------------


def test_a_hotfix_that_fails_is_taken_back_as_any_release(released: World) -> None:
    hotfix = released.hotfix()
    released.production.next_smoke_fails("login", where="public")
    assert released.merge(hotfix).release == "v1.0.1"

    assert released.production.live() == "v1.0.0"
    assert releasing.get(released.ports, "v1.0.1").state is ReleaseState.FAILED
    assert "quarantined" in actions(released, "v1.0.1")

    better = released.hotfix("fix: login really")
    assert closed(lambda: released.merge(better)) == ("hold",)
    unlocked(released)
    assert released.merge(better).release == "v1.0.2"
    assert released.production.live() == "v1.0.2" and not holds(released, "app/fix-login.py")


def test_after_a_rollback_a_hotfix_starts_from_what_is_live(two: World) -> None:
    """v1.1.0 was bad; what it brought stays out, though main has it."""
    two.roll_back("v1.0.0")
    unlocked(two)
    branch = hotfixing.start(two.ports, "login", two.person("ada"))
    assert two.revision(branch) == two.revision("v1.0.0")
    hotfix = two.hotfix()

    assert two.merge(hotfix).release == "v1.1.1"
    assert two.production.live() == "v1.1.1"
    live, last = two.live(PRODUCTION), two.revision("v1.1.0")
    assert live and not two.code_host.is_ancestor(last.commit, live.revision.commit)


# --- the back-merge ----------------------------------------------------------------------------------------------


def test_conflicts_of_the_back_merge_are_named_and_solved_on_a_branch(released: World) -> None:
    released.ship_to_staging("feat: one", {"app/main.py": "one\n"})
    released.merge(released.hotfix(files={"app/main.py": "fixed\n"}))
    change = back_merge(released)
    assert released.record(f"change {change.number}")[-1] == (
        "staging-gate",
        "back-merge conflicts",
        "main does not merge into staging by itself: app/main.py",
    )
    [conflict] = [reason for reason in released.explain(str(change.number), "ben").reasons if reason.code == "conflict"]
    assert "git switch -c back-merge/" in conflict.opens_when

    own, main = released.revision("staging"), released.revision("main")
    solved = released.repository.commit(
        own.commit, {"app/main.py": "fixed one\n"}, "merge", "ada", released.clock.now(), also=main.commit
    )
    released.repository.move("refs/heads/back-merge/1", solved, "ada")
    solution = changes.open_change(released.ports, "back-merge/1", "staging", released.person("ada"))
    released.settle()
    released.approve(solution)
    released.merge(solution)

    assert released.look(change).state is ChangeState.CLOSED
    assert released.code_host.is_ancestor("main", "staging")
    changes.mark_tested(released.ports, solution.number, released.person("cleo"))
    released.prepare_release("v1.1.0")
    assert released.publish("v1.1.0").state is DeploymentState.SUCCEEDED
