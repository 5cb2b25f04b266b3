"""Runs at GitHub that wait for our word: read again, decided like everything else, answered where we know them."""

from collections.abc import Callable
from pathlib import Path

from staging_gate.domain.environment import Environment
from staging_gate.ports.code_host import TagOrder
from staging_gate.store import SqliteInbox
from staging_gate.testing.github.told import Run, waiting_hint
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import World
from tests.runbook.shown import Shown, show


def waits(shown: Shown, commit: str, environment: str = "production", branch: str = "main") -> Run:
    run = Run(77, commit, branch, pending=[environment])
    shown.github.told.runs[77] = run
    return run


def test_a_run_that_deploys_what_is_verified_is_approved(merged_and_shown: Shown, inbox: SqliteInbox) -> None:
    shown = merged_and_shown
    shown.world.publish("v1.1.0")
    live = shown.world.live(Environment.PRODUCTION)
    assert live
    run = waits(shown, live.revision.commit, branch="v1.1.0")
    shown.hear(inbox, waiting_hint(shown.github, 77, "production"))
    shown.hear(inbox, waiting_hint(shown.github, 77, "production"), 2)
    assert [(name, state) for name, state, _ in run.said] == [("production", "approved")]


def test_a_run_that_deploys_what_is_no_release_is_rejected(merged_and_shown: Shown, inbox: SqliteInbox) -> None:
    """Whatever the hint claims of it."""
    shown = merged_and_shown
    run = waits(shown, shown.world.revision("staging").commit)
    shown.hear(inbox, {**waiting_hint(shown.github, 77, "production"), "deployment": {"sha": "0" * 40}})
    ((name, state, why),) = run.said
    assert (name, state) == ("production", "rejected")
    assert "closed" in why


def test_staging_takes_what_its_branch_holds_and_nothing_else(shown: Shown, inbox: SqliteInbox) -> None:
    change = shown.change()
    run = waits(shown, change.head.commit, "staging")
    shown.hear(inbox, waiting_hint(shown.github, 77, "staging"))
    run.pending.append("staging")
    shown.world.approve(change)
    shown.world.merge(change)
    run.head_sha = shown.world.revision("staging").commit
    shown.hear(inbox, waiting_hint(shown.github, 77, "staging"), 2)

    assert [state for _, state, _ in run.said] == ["rejected", "approved"]
    assert f"{change.head.commit[:10]} is not on staging: staging runs what was merged there." in run.said[0][2]


def test_an_environment_that_is_none_of_ours_is_rejected(shown: Shown, inbox: SqliteInbox) -> None:
    run = waits(shown, shown.world.revision("main").commit, "moon <b>")
    shown.hear(inbox, waiting_hint(shown.github, 77, "moon <b>"))
    ((_, state, why),) = run.said
    assert state == "rejected"
    assert why == r"Staging Gate knows no environment moon \<b\>: it decides on staging and production."


def test_a_hint_at_a_run_that_does_not_wait_asks_for_nothing(shown: Shown, inbox: SqliteInbox) -> None:
    shown.hear(
        inbox,
        waiting_hint(
            shown.github, 99, "production", "http://169.254.169.254/actions/runs/99/deployment_protection_rule"
        ),
    )
    assert shown.github.asked_for("POST", "deployment_protection_rule") == []
    with shown.world.store.reading() as tx:
        assert tx.tellings.of_kind("run") == []


def test_one_that_only_waits_for_its_time_is_told_until_when_and_let_go_then(
    made: Callable[..., World], tmp_path: Path, inbox: SqliteInbox
) -> None:
    """The clock of stories begins on a Thursday at ten."""
    world = made(gate_yaml(calendar={"production_windows": ["thu 10:00-16:00"]}))
    for shown in show(world, tmp_path):
        world.ship_to_staging("feat: charts")
        world.prepare_release("v1.0.0")
        commit = world.revision("main").commit
        world.code_host.create_tag(TagOrder("v1.0.0", commit, "by hand", "dora", world.clock.now()))
        world.clock.advance(hours=8)
        run = waits(shown, commit, branch="v1.0.0")
        shown.hear(inbox, waiting_hint(shown.github, 77, "production"))
        for _ in range(12):
            shown.look(minutes=61)
        assert [(state, "until Thu 2026-03-12 10:00" in said) for _, state, said in run.said] == [(None, True)]

        shown.look(hours=149)
        assert [state for _, state, _ in run.said] == [None, "approved"]
