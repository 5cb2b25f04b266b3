"""Procedure 1, its first half: a change is opened, looked at, approved, tried in staging."""

from dataclasses import replace
from typing import Any, cast

import pytest

from staging_gate.domain.change import ChangeState
from staging_gate.ports.errors import Refused
from staging_gate.queries.changes import view
from staging_gate.runbook import changes
from staging_gate.runbook.changes import Unknown, Unusable
from staging_gate.testing.outsides import Reached
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.stories import actions, closed, closed_as_explained


def test_a_change_takes_its_title_from_the_first_commit(world: World) -> None:
    change = world.change("feat: dark mode", by="ada")

    assert (change.number, change.title, change.author) == (1, "feat: dark mode", "ada")
    assert (change.source, change.target) == ("feature/feat-dark-mode", "staging")
    assert change.head == world.revision("feature/feat-dark-mode")
    assert change.preview and change.preview.merged


def test_a_feature_does_not_go_to_main_and_the_gate_says_where_it_goes(world: World) -> None:
    world.push("feature/x", {"x": "x"})

    assert closed(lambda: changes.open_change(world.ports, "feature/x", "main", world.person("ada"))) == ("wrong_way",)
    with world.store.reading() as tx:
        assert tx.changes.open() == []


@pytest.mark.parametrize(
    ("source", "target", "code"),
    [("staging", "staging", "same_branch"), ("staging", "release", "no_such_lane"), ("feature/x", "main", "wrong_way")],
)
def test_the_flow_is_the_only_way(world: World, source: str, target: str, code: str) -> None:
    assert closed(lambda: changes.open_change(world.ports, source, target, world.person("ada"))) == (code,)


def test_a_branch_that_is_not_there_is_told_with_those_that_are(world: World) -> None:
    with pytest.raises(Unknown) as no:
        changes.open_change(world.ports, "feature/nowhere", "staging", world.person("ada"))

    assert str(no.value) == "There is no branch 'feature/nowhere'. Branches: main, staging."


def test_a_branch_with_nothing_new_opens_no_change(world: World) -> None:
    world.code_host.create_branch("feature/empty", world.revision("staging").commit)

    with pytest.raises(Unusable, match="feature/empty holds nothing that staging lacks: commit and push something"):
        changes.open_change(world.ports, "feature/empty", "staging", world.person("ada"))


def test_a_branch_with_a_history_of_its_own_opens_no_change(world: World) -> None:
    orphan = world.repository.commit(None, {"x.py": "x\n"}, "from nowhere", "eve", world.clock.now())
    world.repository.move("refs/heads/feature/orphan", orphan)

    with pytest.raises(Refused, match="share no history"):
        changes.open_change(world.ports, "feature/orphan", "staging", world.person("ada"))
    with world.store.reading() as tx:
        assert tx.changes.open() == []


def test_a_second_change_for_the_same_branch_is_not_opened(world: World) -> None:
    world.change("feat: x", branch="feature/x")

    with pytest.raises(Unusable, match="Change 1 from feature/x to staging is open already: push to feature/x"):
        changes.open_change(world.ports, "feature/x", "staging", world.person("ben"))


def test_a_change_that_is_not_there_is_told(world: World) -> None:
    with pytest.raises(Unknown, match="There is no change 7. `gate change list` shows the open ones."):
        changes.get(world.ports, 7)


# --- approvals ---------------------------------------------------------------------------------------------------


def test_the_author_can_not_approve(world: World) -> None:
    change = world.change(by="ada")

    assert closed(lambda: world.approve(change, "ada")) == ("own_change",)


def test_who_pushed_last_can_not_approve(world: World) -> None:
    change = world.change(by="ada", branch="feature/x")
    world.push("feature/x", {"more": "more"}, by="ben")

    assert closed(lambda: world.approve(change, "ben")) == ("own_change",)


def test_who_is_quicker_than_the_news_of_his_own_push_can_not_approve_either(world: World) -> None:
    """Anybody's look at the change (a merge, a recheck, the reconciler) may come before the push is passed on."""
    change = world.change(by="ada", branch="feature/x")
    evil = world.repository.commit(change.head.commit, {"evil.py": "evil"}, "feat: x", "ben", world.clock.now())
    world.repository.move("refs/heads/feature/x", evil, by="ben")
    changes.refresh(world.ports, change.number)

    assert closed(lambda: world.approve(change, "ben")) == ("own_change",)


def test_who_pushed_what_another_opened_can_not_approve_it(world: World) -> None:
    world.push("feature/x", {"x.py": "x"}, by="ben")
    change = changes.open_change(world.ports, "feature/x", "staging", world.person("ada"))

    assert closed(lambda: world.approve(change, "ben")) == ("own_change",)


def test_nobody_approves_in_a_role_of_others(world: World) -> None:
    change = world.change()

    assert closed(lambda: world.approve(change, "ben", "tech_lead")) == ("not_in_role",)


def test_a_push_of_other_code_voids_approvals(world: World) -> None:
    change = world.change(branch="feature/x")
    world.approve(change, "ben")
    assert world.explain("1", "ben").open
    world.push("feature/x", {"more": "more"})
    world.settle()

    assert closed_as_explained(world, "1", "ben", lambda: world.merge(change)) == ("approvals_missing",)
    assert world.explain("1", "ben").reasons[0].evidence == ("ben as review: does not count, given to other code",)


def test_a_push_of_the_same_code_keeps_them(world: World) -> None:
    change = world.change(branch="feature/x")
    world.approve(change, "ben")
    before = world.look(change).head
    world.push("feature/x", {}, message="chore: say it better")
    world.settle()

    assert world.look(change).head.commit != before.commit
    assert world.explain("1", "ben").open


def test_an_amended_message_keeps_them(world: World) -> None:
    change = world.change(branch="feature/x")
    world.approve(change, "ben")
    parent = world.revision("staging").commit
    files = {"app/feat-dark-mode.py": "# feat: dark mode\n"}
    amended = world.repository.commit(parent, files, "feat: darker mode", "ada", world.clock.now())
    world.repository.move("refs/heads/feature/x", amended, by="ada")
    changes.refresh(world.ports, 1)

    now = world.look(change)
    assert (now.head.commit, now.head.tree) == (amended, change.head.tree)
    assert world.explain("1", "ben").open


@pytest.mark.parametrize("detour", [False, True])
def test_the_same_files_on_another_history_void_them(world: World, detour: bool) -> None:
    """Merged, they would take back what others have merged since the change began."""
    change = world.change(branch="feature/x")
    world.approve(change, "ben")
    other = world.change("fix: a hole", {"app/hole.py": "mended\n"}, branch="feature/hole")
    world.approve(other, "ben")
    world.merge(other)
    if detour:
        world.push("feature/x", {"app/other.py": "other\n"}, by="dora")
    tip = world.revision("staging").commit
    files = {"app/feat-dark-mode.py": "# feat: dark mode\n", "app/hole.py": None}
    evil = world.repository.commit(tip, files, "feat: dark mode", "dora", world.clock.now())
    assert world.revision(evil).tree == change.head.tree
    world.repository.move("refs/heads/feature/x", evil, by="dora")
    changes.refresh(world.ports, 1)
    world.settle()

    assert closed_as_explained(world, "1", "dora", lambda: world.merge(change, "dora")) == ("approvals_missing",)
    assert ("staging-gate", "approval void", "the same files on another history") in world.record("change 1")


def test_an_approval_given_under_other_rules_does_not_count(world: World) -> None:
    change = world.change()
    world.approve(change, "ben")
    change_the_policy(world, gate_yaml(people=("ada", "ben", "cleo", "tess", "stan", "dora", "eve")))

    assert closed_as_explained(world, "1", "ben", lambda: world.merge(change)) == ("approvals_missing",)
    assert world.explain("1", "ben").reasons[0].evidence == ("ben as review: does not count, given under other rules",)


def test_what_let_a_change_in_stays_what_it_was_under_other_rules(world: World) -> None:
    change = world.change()
    world.approve(change, "cleo")
    changes.withdraw_approval(world.ports, 1, world.person("cleo"))
    world.approve(change, "ben")
    world.merge(change)
    change_the_policy(world, gate_yaml(people=("ada", "cleo", "tess", "stan", "dora", "eve")))

    shown = {one.approval.by: (one.counts, one.why_not) for one in view(world.ports, 1, world.person("ada")).approvals}
    assert shown == {"ben": (True, ""), "cleo": (False, "when it was merged it did not count")}


def test_an_approval_that_was_withdrawn_does_not_count(world: World) -> None:
    change = world.change()
    world.approve(change, "ben")
    assert changes.withdraw_approval(world.ports, 1, world.person("ben")) == 1

    assert closed_as_explained(world, "1", "ben", lambda: world.merge(change)) == ("approvals_missing",)
    assert changes.withdraw_approval(world.ports, 1, world.person("ben")) == 0


def test_approving_twice_is_one_approval(world: World) -> None:
    change = world.change()
    world.approve(change, "ben")
    world.approve(change, "ben")

    with world.store.reading() as tx:
        assert len(tx.approvals.of_change(1)) == 1


def test_what_was_pushed_between_a_look_and_a_yes_is_not_approved(world: World) -> None:
    change = world.change(branch="feature/x")
    seen = change.head.commit
    pushed = world.push("feature/x", {"evil.py": "evil"})
    with pytest.raises(Unusable) as no:
        changes.approve(world.ports, 1, "review", world.person("ben"), looked_at=seen)

    assert str(no.value) == (
        f"Change 1 is at {pushed.commit[:10]} now, not at {seen[:10]}: look at it again, then approve."
    )
    assert changes.approve(world.ports, 1, "review", world.person("ben"), looked_at=pushed.commit[:10])


def test_a_withdrawn_approval_can_be_given_again(world: World) -> None:
    change = world.change()
    world.approve(change, "ben")
    changes.withdraw_approval(world.ports, 1, world.person("ben"))
    world.approve(change, "ben")

    assert world.explain("1", "ben").open


def test_a_closed_change_is_not_approved(world: World) -> None:
    change = world.change()
    changes.close(world.ports, 1, world.person("ada"), "not now")

    assert closed(lambda: world.approve(change, "ben")) == ("change_closed",)


# --- the rest ----------------------------------------------------------------------------------------------------


def test_a_change_is_tried_once_it_is_in_staging(world: World) -> None:
    change = world.change()
    with pytest.raises(Unusable, match="Change 1 is open: it can be tried in staging once it is merged."):
        changes.mark_tested(world.ports, 1, world.person("cleo"))
    world.approve(change)
    merged = world.merge(change)
    tested = changes.mark_tested(world.ports, 1, world.person("cleo"), "looks fine")

    assert merged.merged
    assert tested.tree == merged.merged.tree
    assert ("cleo", "tested in staging", "looks fine") in world.record("change 1")


def test_what_staging_does_not_run_was_tried_by_nobody(world: World) -> None:
    change = world.change()
    world.approve(change)
    world.staging.next_build_fails()
    world.merge(change)
    with pytest.raises(Unusable, match="Change 1 is not in staging yet: `gate status` shows what staging runs."):
        changes.mark_tested(world.ports, 1, world.person("cleo"))


def test_a_title_is_one_line(world: World) -> None:
    """It begins a commit's message: what stands in further lines there could look like a word of ours."""
    world.push("feature/x", {"x.py": "x\n"})
    change = changes.open_change(
        world.ports, "feature/x", "staging", world.person("ada"), "feat: x\n\nReviewed-by: tess"
    )

    assert change.title == "feat: x Reviewed-by: tess"


def test_a_branch_that_was_deleted_closes_its_change(world: World) -> None:
    change = world.change(branch="feature/x")
    world.repository.delete("refs/heads/feature/x")
    changes.refresh(world.ports, 1)

    assert world.look(change).state is ChangeState.CLOSED
    assert ("staging-gate", "change closed", "the branch feature/x is gone") in world.record("change 1")


def test_two_who_look_at_the_same_moment_do_not_disturb_each_other(world: World) -> None:
    change = world.change(branch="feature/x")
    world.push("feature/y", {"y": "y"})
    host = Reached("code host", world.code_host, frozenset(), world.kills)
    host.just_before("preview_merge", lambda: world.push("feature/x", {"more": "more"}))
    world.repository.move("refs/heads/staging", world.revision("feature/y").commit)
    seen = changes.refresh(replace(world.ports, code_host=cast(Any, host)), change.number)

    assert seen and seen.head == world.revision("feature/x")


def test_labels_come_and_go(world: World) -> None:
    world.change()
    changes.label(world.ports, 1, ["hotfix", "urgent"], [], world.person("ada"))
    changes.label(world.ports, 1, ["urgent"], ["hotfix"], world.person("ada"))

    assert changes.get(world.ports, 1).labels == ("urgent",)


def test_everything_about_a_change_is_on_the_record(world: World) -> None:
    world.ship_to_staging()

    assert actions(world, "change 1") == [
        "change opened",
        "check passed",
        "check passed",
        "approved as review",
        "merge asked for",
        "merged",
        "tested in staging",
    ]


def test_the_view_shows_what_people_look_at(world: World) -> None:
    change = world.change("feat: dark mode", {"app/dark.py": "on"})
    world.approve(change, "ben")
    shown = view(world.ports, 1, world.person("ben"))

    assert [(check.name, str(check.verdict)) for check in shown.checks] == [
        ("zebra-smoke", "passed"),
        ("db-migrations", "passed"),
    ]
    assert [(a.approval.by, a.counts) for a in shown.approvals] == [("ben", True)]
    assert [commit.subject for commit in shown.commits] == ["feat: dark mode"]
    assert shown.files == ("app/dark.py",)
    assert shown.decision and shown.decision.open


def change_the_policy(world: World, text: str) -> None:
    """As an administrator with access to the machine would."""
    main = world.revision("main").commit
    commit = world.repository.commit(main, {"gate.yaml": text}, "chore: rules", "root", world.clock.now())
    world.repository.move("refs/heads/main", commit)
