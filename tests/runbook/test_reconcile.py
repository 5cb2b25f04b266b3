"""Our record, the branches, the traffic and the processes can disagree: each difference is shown, none is repaired."""

import pytest

from staging_gate.domain.environment import Environment
from staging_gate.ports.errors import Unavailable
from staging_gate.queries.board import board
from staging_gate.runbook import releasing
from staging_gate.runbook.reconcile import Difference, catch_up, differences
from staging_gate.testing.world import World

STAGING, PRODUCTION = Environment.STAGING, Environment.PRODUCTION


def found(world: World) -> list[Difference]:
    return differences(world.ports)


def test_where_all_is_as_recorded_there_is_no_difference(released: World) -> None:
    assert found(released) == []
    released.release("v1.1.0")
    released.roll_back("v1.0.0")
    assert found(released) == []


def test_a_tag_that_was_moved(released: World) -> None:
    released.repository.move("refs/tags/v1.0.0", released.revision("staging").commit)

    [difference] = found(released)
    at = released.deployment("production-1").revision.short
    assert difference.what == f"The tag v1.0.0 was moved from {at} to {released.revision('staging').short}."
    assert difference.do.startswith(
        f"A release is never edited: find out who did it. An administrator puts it back to {at}"
    )


def test_a_tag_that_was_deleted(released: World) -> None:
    released.repository.delete("refs/tags/v1.0.0")

    [difference] = found(released)
    assert (difference.subject, difference.what) == ("v1.0.0", "The tag v1.0.0 was deleted.")


def test_what_became_of_a_tag_is_on_the_record_once(released: World) -> None:
    world = released
    world.repository.move("refs/tags/v1.0.0", world.revision("staging").commit)
    catch_up(world.ports)
    catch_up(world.ports)
    world.repository.delete("refs/tags/v1.0.0")
    catch_up(world.ports)

    said = [(by, action) for by, action, _ in world.record("v1.0.0") if action.startswith("tag ")]
    assert said == [("staging-gate", "tag moved"), ("staging-gate", "tag deleted")]


def test_a_tag_of_a_release_that_was_withdrawn(merged: World) -> None:
    """Somebody made it behind our back."""
    releasing.withdraw(merged.ports, "v1.1.0", merged.person("ada"))
    merged.repository.move("refs/tags/v1.1.0", merged.revision("main").commit)

    [difference] = found(merged)
    assert difference.what == "The tag v1.1.0 is there, but the release v1.1.0 is withdrawn: no deployment was begun."
    assert difference.do == "Publish it (`gate release publish v1.1.0`), or delete the tag in the repository."


def test_a_tag_that_stands_above_the_releases(released: World) -> None:
    for tag in ("v0.5.0", "v9.0.0", "v9.0.0-rc.1", "nightly"):
        released.repository.move(f"refs/tags/{tag}", released.revision("main").commit)

    [difference] = found(released)
    assert difference.what == (
        "The tag v9.0.0 was not published through the gate, and stands above v1.0.0, the last release."
    )
    assert difference.do == "Delete it in the repository, or the next release has to be greater."


def test_staging_that_was_pushed_to_behind_our_back(released: World) -> None:
    tip = released.revision("staging").commit
    other = released.repository.commit(tip, {"evil.py": "evil\n"}, "evil", "eve", released.clock.now())
    released.repository.move("refs/heads/staging", other)

    assert found(released) == [
        Difference(
            "staging",
            f"staging is at {other[:10]}, which was never deployed to staging.",
            "`gate redeploy staging` brings it there.",
        )
    ]


def test_traffic_that_goes_elsewhere(released: World) -> None:
    route = released.target.route(PRODUCTION, "api")
    route.traffic, route.sent_to = None, None

    [difference] = found(released)
    live = released.deployment("production-1")
    assert difference.subject == "production api"
    assert difference.what == (
        f"By our record production-1 ({live.revision.short}) is live, but nothing receives the traffic."
    )
    assert difference.do == "A crash, or somebody behind our back: `gate redeploy production`"


def test_a_process_that_died(released: World) -> None:
    released.production.process_dies()

    assert found(released) == [
        Difference(
            "production api",
            "production-1 does not answer: it has ended",
            "`gate redeploy production` or `gate rollback`",
        )
    ]


def test_a_target_that_does_not_answer_is_unknown(released: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Unavailable("The machine is away.")

    monkeypatch.setattr(released.target, "live", away)

    assert [difference.what for difference in found(released)] == [
        "What receives the traffic is unknown: The machine is away."
    ] * 2


def test_a_rollback_tag_that_nobody_carried_out(released: World) -> None:
    """We were killed between the push and what it sets off."""
    released.release("v1.1.0")
    commit = released.revision("v1.0.0").commit
    released.repository.move("refs/tags/v1.0.0-rollback", commit)

    assert found(released) == [
        Difference(
            "v1.0.0-rollback",
            "The tag v1.0.0-rollback orders a rollback that was never begun.",
            "If it is still wanted: `gate rollback v1.0.0`, or push the next tag, TAG-rollback.2.",
        )
    ]


def test_a_rollback_tag_that_was_carried_out_is_none(released: World) -> None:
    released.release("v1.1.0")
    released.push_tag("v1.0.0-rollback", at="v1.0.0")
    released.settle()

    assert found(released) == []


def test_pushes_that_nobody_told_us_about_are_seen(world: World) -> None:
    change = world.change(branch="feature/x")
    commit = world.repository.commit(change.head.commit, {"more.py": "more\n"}, "more", "ada", world.clock.now())
    world.repository.move("refs/heads/feature/x", commit)
    catch_up(world.ports)
    world.settle()

    assert world.look(change).head.commit == commit
    assert world.checks.ran[-1][0] == world.look(change).mergeable_tree()


def test_a_branch_that_lost_its_history_keeps_no_other_change_waiting(world: World) -> None:
    first, second = world.change("feat: one", branch="feature/one"), world.change("feat: two", branch="feature/two")
    orphan = world.repository.commit(None, {"x.py": "x\n"}, "from nowhere", "eve", world.clock.now())
    world.repository.move("refs/heads/feature/one", orphan)
    more = world.repository.commit(second.head.commit, {"y.py": "y\n"}, "more", "ada", world.clock.now())
    world.repository.move("refs/heads/feature/two", more)
    catch_up(world.ports)
    world.settle()

    assert world.look(first).state == "closed"
    [why] = [reason for _, action, reason in world.record("change 1") if action == "change closed"]
    assert "share no history" in why
    assert world.look(second).head.commit == more


def test_differences_are_on_the_board(released: World) -> None:
    released.production.process_dies()

    assert [difference.subject for difference in board(released.ports).differences] == ["production api"]
