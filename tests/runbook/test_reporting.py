"""What we decide and do is seen at GitHub: told when it differs, once, and later where it could not be."""

import re
from dataclasses import replace
from typing import cast

import pytest

from staging_gate.ports.reports import Reports, Verdict
from staging_gate.queries.board import board
from staging_gate.runbook import reporting, ticking
from staging_gate.runbook.showing import Piece, tell_each
from staging_gate.testing.github.state import Pull
from staging_gate.testing.web import json_reply
from tests.runbook.shown import PAGE, TOKEN, Shown

LACKING = "Approvals are missing: 1 more"
DOWN = json_reply(503, {"message": "Unicorn!"})


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


def test_what_somebody_else_told_is_told_again(shown: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who changes from a token to an App needs the App's check run on what is open, though nothing else changed."""
    shown.change()
    before = len(shown.github.asked_for("GET", "/status$"))
    monkeypatch.setattr(type(shown.world.ports.reports), "voice", "App")
    shown.look()
    assert len(shown.github.asked_for("GET", "/status$")) == before + 1


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
    assert shown.problems() == []


def test_an_hour_without_github_and_then_everything_is_told_once(shown: Shown) -> None:
    shown.github.has_trouble(DOWN, times=10_000)
    change = shown.change()
    for _ in range(12):
        shown.look(minutes=5)
    assert shown.github.told.comments == {}
    assert any("verdict" in said for said in shown.problems())
    assert any("verdict 1 is not shown at the code host since" in said for said in board(shown.world.ports).untold)

    shown.world.approve(change)
    shown.world.merge(change)
    assert shown.world.staging.live() is not None

    shown.github.troubles.clear()
    for _ in range(2):
        shown.look(minutes=6)
    assert shown.deployments("staging") == [("staging-1", ["success"])]
    assert shown.problems() == []


def test_a_revoked_token_stops_nothing_else(shown: Shown) -> None:
    change = shown.change()
    shown.github.revoke()
    shown.world.approve(change)
    shown.look()
    shown.world.merge(change)
    assert shown.world.staging.live() is not None
    assert any("401" in said for said in shown.problems())
    assert ("staging-gate", "not shown at the code host") in [
        (by, what) for by, what, _ in shown.world.record(f"change {change.number}")
    ]

    shown.github.grant("gate[bot]", TOKEN, is_bot=True)
    shown.look(minutes=6)
    assert shown.problems() == []
    assert "staging-1](https://gate.example/deployments/staging-1) succeeded" in shown.comment(change)


def test_a_process_that_dies_while_it_tells_leaves_nothing_twice(shown: Shown) -> None:
    """GitHub has heard it, we never noted that."""
    change = shown.world.change()
    at = shown.world.clock.now()
    pull = Pull(change.number, change.source, change.target, change.title, "", "ada", at, change.head.commit)
    shown.github.pulls.append(pull)
    ports = shown.world.ports
    assert ports.reports
    dying = replace(ports, reports=cast(Reports, Dying(ports.reports)))
    with pytest.raises(SystemExit):
        reporting.verdicts(dying)
    shown.look()
    assert len(shown.github.asked_for("POST", "/statuses/")) == 1  # whoever tells it may still be at it

    for _ in range(2):
        shown.look(minutes=6)
    assert len(shown.github.asked_for("POST", "/statuses/")) == 1
    assert shown.problems() == []


class Dying:
    """Ends the process right after it has told a verdict."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self.voice = reports.voice

    def verdict(self, verdict: Verdict, key: str = "") -> str:
        self._reports.verdict(verdict, key)
        raise SystemExit


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
