"""What we decide and do is seen at GitHub: told when it differs, once, and later where it could not be."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from staging_gate.adapters.git import GitCodeHost
from staging_gate.adapters.github import Settings, connect
from staging_gate.adapters.github.reporting import GitHubReports
from staging_gate.domain.change import Change
from staging_gate.domain.delivery import Delivery
from staging_gate.domain.environment import Environment
from staging_gate.ports.reports import Reports
from staging_gate.runbook import hearing, ticking
from staging_gate.runbook.showing import Piece, tell_each
from staging_gate.store import SqliteInbox
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.github.state import Pull
from staging_gate.testing.github.told import Run, waiting_hint
from staging_gate.testing.web import json_reply
from staging_gate.testing.world import World
from staging_gate.wire.http import Limits
from tests.adapters.github.specification import examination

TOKEN = "ghp_ofthestoriesandnobodyelse"
LACKING = "Approvals are missing: 1 more"
PAGE = "https://gate.example"
DOWN = json_reply(503, {"message": "Unicorn!"})


@dataclass
class Shown:
    """A world whose repository is also at GitHub, as far as it is told anything there."""

    world: World
    github: GitHubStandIn

    def change(self, title: str = "feat: dark mode") -> Change:
        """Opened here, with its pull request there."""
        change = self.world.change(title)
        at = self.world.clock.now()
        pull = Pull(change.number, change.source, change.target, change.title, "", "ada", at, change.head.commit)
        self.github.pulls.append(pull)
        self.look()
        return change

    def look(self, **later: float) -> None:
        self.world.advance(**(later or {"seconds": 1}))

    def verdict(self, change: Change) -> tuple[str, str]:
        (one,) = self.github.statuses[self.world.look(change).head.commit]
        return one["state"], one["description"]

    def comment(self, change: Change) -> str:
        (one,) = self.github.told.comments[change.number]
        return str(one["body"])

    def deployments(self, environment: str) -> list[tuple[str, list[str]]]:
        made = [one for one in self.github.told.deployments if one["environment"] == environment]
        return [(one["payload"]["staging_gate"], self._states(one)) for one in made]

    def writes(self) -> int:
        return len([one for one in self.github.web.asked if one.method != "GET"])

    def hear(self, inbox: SqliteInbox, hint: Any, number: int = 1) -> None:
        at = self.world.clock.now()
        inbox.keep([Delivery("github", str(number), "deployment_protection_rule", at, json.dumps(hint).encode())])
        hearing.look_again(self.world.ports, inbox)
        self.look()

    def _states(self, made: dict[str, Any]) -> list[str]:
        return [one["state"] for one in self.github.told.deployment_statuses[made["id"]]]


def show(world: World, folder: Path) -> Iterator[Shown]:
    examined = examination()
    github = GitHubStandIn(folder / "at-github", world.clock, examine=examined.look)
    github.host.close()
    github.host = cast(GitCodeHost, world.code_host)
    github.grant("gate[bot]", TOKEN, is_bot=True)
    with github.web:
        settings = Settings(github.name, TOKEN, api=github.api, limits=Limits(connect=2, read=2, whole=10, tries=2))
        connection = connect(settings, world.clock)
        reports = GitHubReports(connection.calls, connection.sign_in)
        world.ports = replace(world.ports, reports=reports, address=PAGE)
        yield Shown(world, github)
    assert examined.faults == []


@pytest.fixture
def shown(world: World, tmp_path: Path) -> Iterator[Shown]:
    yield from show(world, tmp_path)


@pytest.fixture
def released_and_shown(released: World, tmp_path: Path) -> Iterator[Shown]:
    yield from show(released, tmp_path)


@pytest.fixture
def merged_and_shown(merged: World, tmp_path: Path) -> Iterator[Shown]:
    yield from show(merged, tmp_path)


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[SqliteInbox]:
    inbox = SqliteInbox(tmp_path / "inbox.db")
    yield inbox
    inbox.close()


# --- verdicts ----------------------------------------------------------------------------------------------------


def test_the_verdict_follows_the_gate(shown: Shown) -> None:
    change = shown.change()
    assert shown.verdict(change) == (
        "pending",
        "Approvals are missing: 1 more as review; the author's own never counts.",
    )
    assert shown.github.statuses[change.head.commit][0]["target_url"] == f"{PAGE}/changes/{change.number}"

    shown.world.approve(change)
    shown.look()
    assert shown.verdict(change) == ("success", "The gate is open: anybody who takes part can merge it.")


def test_what_a_person_has_to_mend_is_a_failure(shown: Shown) -> None:
    shown.world.checks.next_fails("zebra-smoke", "2 of 3 failed")
    change = shown.change()
    assert shown.verdict(change)[0] == "failure"


def test_what_is_said_already_is_not_said_again(shown: Shown) -> None:
    """The clock alone changes nothing that is told."""
    shown.change()
    before = shown.writes()
    for _ in range(5):
        shown.look(hours=7)
    assert shown.writes() == before


def test_a_new_head_gets_a_verdict_of_its_own(shown: Shown) -> None:
    change = shown.change()
    shown.world.approve(change)
    shown.look()
    before = change.head.commit
    shown.world.push(change.source, {"app/more.py": "more\n"})
    shown.world.settle()
    shown.look()
    assert shown.verdict(change)[0] == "pending"
    assert shown.github.statuses[before][0]["state"] == "success"


def test_what_flaps_does_not_flood_github(shown: Shown) -> None:
    """GitHub takes a thousand statuses of one name on one commit. The last word is told in the end."""
    told: list[int] = []

    def piece(number: int) -> Piece:
        def tell(reports: Reports, key: str) -> str:
            told.append(number)
            return key

        return Piece("flag 1", "change 1", str(number), tell, "head")

    for number in range(300):
        tell_each(shown.world.ports, [piece(number)])
        shown.world.clock.advance(seconds=10)
    shown.world.clock.advance(minutes=10)
    tell_each(shown.world.ports, [piece(299)])
    assert len(told) < 60
    assert told[-1] == 299


# --- when GitHub is not there ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["/statuses/", "/comments$", "/deployments$", "/deployments/[0-9]+/statuses$"])
def test_a_lost_reply_doubles_nothing(shown: Shown, lost: str) -> None:
    shown.github.loses_its_reply_after("POST", lost)
    change = shown.change()
    shown.world.approve(change)
    shown.world.merge(change)
    for _ in range(3):
        shown.look(minutes=6)

    assert len(shown.github.told.comments[change.number]) == 1
    assert shown.deployments("staging") == [("staging-1", ["success"])]
    (sent,) = shown.github.told.statuses_sent.values()
    assert [one["state"] for one in sent] in (["pending"], ["pending", "success"])
    assert problems(shown) == []


def test_an_hour_without_github_and_then_everything_is_told_once(shown: Shown) -> None:
    shown.github.has_trouble(DOWN, times=10_000)
    change = shown.change()
    for _ in range(12):
        shown.look(minutes=5)
    assert shown.github.told.comments == {}
    assert any("verdict" in said for said in problems(shown))

    shown.world.approve(change)
    shown.world.merge(change)
    assert shown.world.staging.live() is not None

    shown.github.troubles.clear()
    for _ in range(2):
        shown.look(minutes=6)
    assert shown.deployments("staging") == [("staging-1", ["success"])]
    assert problems(shown) == []


def test_a_revoked_token_stops_nothing_else(shown: Shown) -> None:
    change = shown.change()
    shown.github.revoke()
    shown.world.approve(change)
    shown.look()
    shown.world.merge(change)
    assert shown.world.staging.live() is not None
    assert any("401" in said for said in problems(shown))
    assert ("staging-gate", "not shown at the code host") in [
        (by, what) for by, what, _ in shown.world.record(f"change {change.number}")
    ]

    shown.github.grant("gate[bot]", TOKEN, is_bot=True)
    shown.look(minutes=6)
    assert problems(shown) == []
    assert "staging-1](https://gate.example/deployments/staging-1) succeeded" in shown.comment(change)


def test_two_processes_tell_it_once(shown: Shown) -> None:
    change = shown.change()
    shown.world.approve(change)
    before = shown.writes()
    for _ in range(2):
        ticking.report(shown.world.ports)
    assert shown.writes() == before + 2  # the verdict and the comment


# --- the comment -------------------------------------------------------------------------------------------------


def test_one_comment_tells_the_whole_way(released_and_shown: Shown) -> None:
    shown = released_and_shown
    change = shown.change("feat: charts")
    assert "- gate: closed, for 1 reason\n" in shown.comment(change)
    assert "- Approvals are missing: 1 more as review; the author's own never counts. (`approvals_" in shown.comment(
        change
    )

    shown.world.approve(change)
    shown.look()
    assert "- approvals: ben as review\n- gate: open\n- staging: not yet\n" in shown.comment(change)

    shown.world.merge(change)
    shown.look()
    assert re.search(
        r"- gate: passed, merged by ben\n- staging: \[staging-\d+\]\(.*\) succeeded\n", shown.comment(change)
    )


def test_a_deleted_comment_is_made_again_at_the_next_difference(shown: Shown) -> None:
    change = shown.change()
    shown.github.told.comments.clear()
    shown.look()
    assert shown.github.told.comments == {}
    shown.world.approve(change)
    shown.look()
    assert "- gate: open" in shown.comment(change)


def test_strangers_format_nothing_and_call_nobody(shown: Shown) -> None:
    shown.world.checks.next_fails("zebra-smoke", "<script>alert(1)</script> @everybody look")
    change = shown.change("feat: @zebra/all <img src=x>")
    said = shown.comment(change)
    assert "<script" not in said.replace("\\<", "")
    assert "@everybody" not in said and "@zebra" not in said


# --- deployments and releases ------------------------------------------------------------------------------------


def test_deployments_of_both_environments_and_what_is_live(merged_and_shown: Shown) -> None:
    shown = merged_and_shown
    shown.world.publish("v1.1.0")
    shown.look()
    assert [states[-1] for _, states in shown.deployments("production")] == ["inactive", "success"]

    shown.world.roll_back()
    shown.look()
    *_, old, new = shown.deployments("production")
    assert (old[1][-1], new[1][-1]) == ("inactive", "success")
    made = shown.github.told.deployments[-1]
    assert (made["task"], made["production_environment"], made["auto_merge"]) == ("rollback", True, False)


def test_a_deployment_that_failed(shown: Shown) -> None:
    shown.world.staging.next_deploy_answers(500, path="/health")
    change = shown.change()
    shown.world.approve(change)
    shown.world.merge(change)
    shown.look()
    assert shown.deployments("staging") == [("staging-1", ["failure"])]


def test_a_release_with_our_notes(merged_and_shown: Shown) -> None:
    shown = merged_and_shown
    shown.github.loses_its_reply_after("POST", "/releases$")
    shown.world.publish("v1.1.0")
    for _ in range(3):
        shown.look(minutes=6)
    assert list(shown.github.releases) == ["v1.0.0", "v1.1.0"]
    made = shown.github.releases["v1.1.0"]
    assert made["name"].startswith("Release v1.1.0 - ")
    assert "## Features" in made["body"] and made["prerelease"] is False


def test_a_release_that_lacks_the_right_to_change_workflows_is_on_the_record(merged_and_shown: Shown) -> None:
    shown = merged_and_shown
    shown.github.changes_workflows.add("v1.1.0")
    shown.world.publish("v1.1.0")
    for _ in range(3):
        shown.look(minutes=6)
    why = [reason for _, what, reason in shown.world.record("v1.1.0") if what == "not shown at the code host"]
    assert len(why) == 1 and "Grant Workflows: read and write" in why[0]

    shown.github.changes_workflows.clear()
    shown.look(minutes=6)
    assert "v1.1.0" in shown.github.releases


# --- runs that wait for us ---------------------------------------------------------------------------------------


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


def problems(shown: Shown) -> list[str]:
    with shown.world.store.reading() as tx:
        return [f"{told.subject}: {told.problem}" for told in tx.tellings.failing()]
