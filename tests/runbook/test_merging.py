"""A change is merged when the gate lets it through, exactly as it was let through."""

from dataclasses import replace
from typing import Any, cast

import pytest

from staging_gate.domain.actor import Actor
from staging_gate.domain.change import Change, ChangeState
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import MergeMethod
from staging_gate.ports import Ports
from staging_gate.ports.store import Stale
from staging_gate.runbook import changes, merging
from staging_gate.testing.outsides import Reached
from staging_gate.testing.world import World
from tests.runbook.stories import actions, closed, closed_as_explained


@pytest.fixture
def ready(world: World) -> World:
    """Change 1 may be merged."""
    world.approve(world.change("feat: dark mode", {"app/dark.py": "on\n"}, branch="feature/x"))
    assert world.explain("1", "ben").open
    return world


def the_change(world: World) -> Change:
    return changes.get(world.ports, 1)


def test_a_squash_is_one_commit_with_the_changes_title(ready: World) -> None:
    ready.push("feature/x", {}, message="wip")
    ready.settle()
    merged = ready.merge(the_change(ready), method=MergeMethod.SQUASH)

    [commit] = ready.code_host.commits(ready.revision("main").commit, "staging")
    assert commit.subject == "feat: dark mode (#1)"
    assert len(commit.parents) == 1
    assert merged.merged and merged.merged.commit == commit.id


def test_a_merge_keeps_the_commits(ready: World) -> None:
    head = the_change(ready).head
    ready.merge(the_change(ready), method=MergeMethod.MERGE)

    commits = ready.code_host.commits(ready.revision("main").commit, "staging")
    assert [commit.subject for commit in commits] == ["feat: dark mode (#1)", "feat: dark mode"]
    assert commits[0].parents[1] == head.commit


def test_nothing_missing_is_left_unsaid(world: World) -> None:
    world.checks.next_fails("zebra-smoke", "2 of 31 failed")
    change = world.change()

    codes = closed_as_explained(world, "1", "ben", lambda: world.merge(change))
    assert codes == ("checks_failed", "approvals_missing")
    assert world.look(change).state is ChangeState.OPEN


def test_a_conflict_is_told_with_its_files(world: World) -> None:
    first = world.change("feat: one", {"app/main.py": "one\n"}, branch="feature/one")
    second = world.change("feat: two", {"app/main.py": "two\n"}, branch="feature/two")
    world.approve(first)
    world.approve(second)
    world.merge(first)

    codes = closed_as_explained(world, "2", "ben", lambda: world.merge(second))
    assert codes == ("conflict", "checks_missing")
    reason = world.explain("2", "ben").reasons[0]
    assert reason.sentence == "feature/two does not merge into staging: 1 file conflicts."
    assert reason.evidence == ("app/main.py",)


def test_a_merge_that_moved_staging_asks_for_the_checks_of_others_again(world: World) -> None:
    first = world.change("feat: one", branch="feature/one")
    second = world.change("feat: two", branch="feature/two")
    world.approve(first)
    world.approve(second)
    before = world.look(second).mergeable_tree()
    world.merge(first)

    after = world.look(second).mergeable_tree()
    assert after != before
    assert after in [tree for tree, _ in world.checks.ran]
    assert world.merge(world.look(second)).merged


def test_a_release_is_not_squashed(world: World) -> None:
    world.ship_to_staging()
    change = world.prepare_release("v1.0.0", merged=False)

    assert closed(lambda: world.merge(change, "tess", MergeMethod.SQUASH)) == ("merge_method",)


def test_of_two_who_merge_at_once_one_wins_and_the_other_is_told(ready: World) -> None:
    told: list[tuple[str, ...]] = []

    def ben_comes_second() -> None:
        told.append(closed_as_explained(ready, "1", "tess", lambda: ask_for_merge(ready.ports, ready.person("tess"))))

    ready.away["code host"].just_before("merge", ben_comes_second)
    merged = ready.merge(the_change(ready), "ben")

    assert merged.state is ChangeState.MERGED
    assert merged.merged_by == "ben"
    assert told == [("being_merged",)]
    assert actions(ready, "change 1").count("merged") == 1
    assert len(ready.deployments(Environment.STAGING)) == 1


def test_of_two_in_the_same_moment_the_later_one_finds_it_changed(ready: World) -> None:
    """Both have asked the gate and been let through."""
    clock = Reached("clock", ready.clock, frozenset(), ready.kills)
    clock.just_before("now", lambda: ask_for_merge(ready.ports, ready.person("tess")))
    with pytest.raises(Stale):
        ask_for_merge(replace(ready.ports, clock=cast(Any, clock)), ready.person("ben"))
    ready.settle()

    assert the_change(ready).merged_by == "tess"
    assert actions(ready, "change 1").count("merged") == 1


def test_who_asks_twice_merges_once(ready: World) -> None:
    for _ in range(2):
        ask_for_merge(ready.ports, ready.person("ben"))
    ready.settle()

    assert the_change(ready).state is ChangeState.MERGED
    assert actions(ready, "change 1").count("merged") == 1
    assert len(ready.deployments(Environment.STAGING)) == 1


def ask_for_merge(ports: Ports, by: Actor) -> None:
    merging.merge(ports, 1, None, by)


def test_what_was_pushed_since_the_merge_was_asked_for_is_not_merged_unseen(ready: World) -> None:
    ready.away["code host"].just_before("revision", lambda: ready.push("feature/x", {"evil.py": "evil\n"}))
    left = ready.merge(the_change(ready))

    assert left.state is ChangeState.OPEN
    assert not left.is_being_merged
    assert ready.code_host.file("staging", "evil.py") is None
    assert ready.deployments(Environment.STAGING) == []
    assert closed_as_explained(ready, "1", "ben", lambda: ready.merge(left)) == ("approvals_missing",)
    given_up = [reason for _, action, reason in ready.record("change 1") if action == "merge given up"]
    assert given_up == ["feature/x was pushed to meanwhile."]


def test_a_base_that_moved_at_the_last_moment_lets_the_checks_run_again(ready: World) -> None:
    def somebody_elses_merge() -> None:
        tip = ready.revision("staging").commit
        other = ready.repository.commit(tip, {"other.py": "other\n"}, "feat: other", "cleo", ready.clock.now())
        ready.repository.move("refs/heads/staging", other)

    ready.away["code host"].just_before("merge", somebody_elses_merge)
    left = ready.merge(the_change(ready))

    assert left.state is ChangeState.OPEN
    assert left.preview and left.preview.base == ready.revision("staging").commit
    assert ready.explain("1", "ben").open
    assert ready.merge(left).state is ChangeState.MERGED


def test_a_gate_that_closed_meanwhile_leaves_its_reasons_on_the_record(ready: World) -> None:
    ready.away["code host"].just_before("file", lambda: changes.withdraw_approval(ready.ports, 1, ready.person("ben")))
    left = ready.merge(the_change(ready))

    assert left.state is ChangeState.OPEN
    assert not left.is_being_merged
    [reason] = [reason for _, action, reason in ready.record("change 1") if action == "merge given up"]
    assert reason.startswith("Approvals are missing: 1 more as review")


def test_a_code_host_that_stays_away_lets_the_change_go(ready: World, a_run_breaks: None) -> None:
    ready.away["code host"].away_for(5, "merge")
    left = ready.merge(the_change(ready))

    assert left.state is ChangeState.OPEN
    assert not left.is_being_merged
    assert [reason for _, action, reason in ready.record("change 1") if action == "merge given up"] == [
        "The code host does not answer."
    ]


def test_what_staging_will_run_is_got_ready_when_its_merge_is_asked_for(ready: World) -> None:
    ask_for_merge(ready.ports, ready.person("ben"))

    assert ready.target.known.expected == [("change-1", the_change(ready).mergeable_tree())]
    ready.settle()
    assert ready.deployments(Environment.STAGING)[0].revision.tree == the_change(ready).mergeable_tree()


def test_what_is_being_merged_is_not_closed(ready: World) -> None:
    told = []

    def close() -> None:
        with pytest.raises(changes.Unusable) as no:
            changes.close(ready.ports, 1, ready.person("ada"))
        told.append(str(no.value))

    ready.away["code host"].just_before("merge", close)

    assert ready.merge(the_change(ready)).state is ChangeState.MERGED
    assert told == ["ben is merging change 1: it can not be closed now."]


def test_a_branch_that_was_pushed_again_is_not_deleted(ready: World) -> None:
    ready.away["code host"].just_before("delete_branch", lambda: ready.push("feature/x", {"more.py": "more\n"}))
    merged = ready.merge(the_change(ready))

    assert merged.state is ChangeState.MERGED
    assert "feature/x" in ready.code_host.branches()


def test_branches_that_environments_follow_stay(world: World) -> None:
    world.release("v1.0.0")

    assert set(world.code_host.branches()) == {"main", "staging"}


def test_a_back_merge_keeps_the_commits_of_main(world: World) -> None:
    """Squashed, staging would still lack them, and no release would ever be let through."""
    hotfix = world.repository.commit(
        world.revision("main").commit, {"fix.py": "fix\n"}, "fix: login", "ada", world.clock.now()
    )
    world.repository.move("refs/heads/main", hotfix)
    change = changes.open_change(world.ports, "main", "staging", world.person("ada"))
    world.settle()
    world.approve(change)

    assert closed(lambda: world.merge(change, method=MergeMethod.SQUASH)) == ("merge_method",)
    assert world.merge(change).method is MergeMethod.MERGE
    assert world.code_host.is_ancestor("main", "staging")
    assert "main" in world.code_host.branches()
