"""People work with pull requests at GitHub; each is a change here, and what is said there feeds the gate."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from staging_gate.cli import show
from staging_gate.domain.change import Change, ChangeState
from staging_gate.domain.environment import Environment
from staging_gate.domain.pull_request import OUR_CHECK
from staging_gate.domain.release import ReleaseState
from staging_gate.ports.errors import Unavailable
from staging_gate.queries.changes import view
from staging_gate.queries.plain import plain
from staging_gate.runbook import changes, merging, reconcile, releasing
from staging_gate.runbook.changes import Unusable
from staging_gate.runbook.deciding import Closed, on_merging
from staging_gate.testing.connected import ConnectedWorld


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ConnectedWorld]:
    world = ConnectedWorld.begin(tmp_path / "world")
    yield world
    world.close()


def hear(world: ConnectedWorld) -> None:
    """What a webhook leads to, whatever it says."""
    world.clock.advance(seconds=10)
    reconcile.catch_up(world.ports, told=True)
    world.settle()


def opened(world: ConnectedWorld, branch: str = "feature/login", by: str = "ada", **more: object) -> int:
    """Pushed, opened by hand at GitHub, and heard of."""
    world.push(branch, {f"app/{branch[-5:]}.py": "x = 1\n"}, by)
    number = world.github.as_(by).opens(branch, **more)  # type: ignore[arg-type]
    hear(world)
    return number


def change(world: ConnectedWorld, number: int) -> Change:
    return changes.get(world.ports, number)


def why(world: ConnectedWorld, number: int) -> dict[str, tuple[str, ...]]:
    """The evidence of each reason, by its code."""
    decision = on_merging(world.ports, change(world, number), None, world.person("dana"))
    return {reason.code: (reason.sentence, *reason.evidence) for reason in decision.reasons}


def said(world: ConnectedWorld, number: int) -> list[tuple[str, str]]:
    with world.store.reading() as tx:
        return [(entry.action, entry.actor) for entry in tx.audit_log.about(f"change {number}")]


def status(name: str, state: str) -> dict[str, object]:
    return {"context": name, "state": state, "target_url": f"https://ci.example/{name}"}


def test_a_pull_request_becomes_a_change_under_its_own_number(world: ConnectedWorld) -> None:
    number = opened(world, by="Ada", title="Log in again", body="Because\r\nit broke")
    found = change(world, number)

    assert (found.number, found.title, found.description) == (number, "Log in again", "Because\nit broke")
    assert (found.author, found.last_pusher, found.source, found.target) == ("ada", "ada", "feature/login", "staging")
    assert ("change opened", "ada") in said(world, number)


def test_what_is_edited_closed_and_reopened_there_is_followed(world: ConnectedWorld) -> None:
    number = opened(world)
    world.github.as_("ada").edits(number, title="Better", labels=["needs migration"])
    hear(world)
    assert (change(world, number).title, change(world, number).labels) == ("Better", ("needs migration",))

    world.github.as_("ben").closes(number)
    hear(world)
    assert change(world, number).state is ChangeState.CLOSED
    assert ("change closed", "ben") in said(world, number)

    world.github.as_("ben").reopens(number)
    hear(world)
    assert change(world, number).is_open

    world.github.as_("ben").edits(number, base="main")
    hear(world)
    assert change(world, number).target == "main"
    assert "wrong_way" in why(world, number)


def test_labels_and_closing_here_are_seen_there(world: ConnectedWorld) -> None:
    number = opened(world)
    changes.label(world.ports, number, ["urgent"], [], world.person("ada"))
    assert world.github.pulls[number - 1].labels == ["urgent"]

    changes.close(world.ports, number, world.person("ada"), "not wanted")
    assert world.github.pulls[number - 1].state == "closed"
    hear(world)
    assert change(world, number).state is ChangeState.CLOSED


def test_a_change_that_is_opened_here_has_the_number_of_its_pull_request(world: ConnectedWorld) -> None:
    world.push("feature/other", {"o.py": "o\n"})
    world.github.as_("ben").opens("feature/other", "side")  # nobody of us follows that branch, and it has a number
    world.push("feature/login", {"l.py": "l\n"})
    world.github.loses_its_reply_after("POST", "/pulls$")
    made = changes.open_change(world.ports, "feature/login", "staging", world.person("ada"), labels=["needs migration"])

    assert made.number == 2
    assert [(one.head, one.labels) for one in world.github.pulls if one.base == "staging"] == [
        ("feature/login", ["needs migration"])
    ]
    hear(world)
    with world.store.reading() as tx:
        assert [(one.number, one.author) for one in tx.changes.recent()] == [(2, "ada")]


def test_reviews_are_approvals_of_exactly_what_was_read(world: ConnectedWorld) -> None:
    number = opened(world)
    review = world.github.as_("BEN").reviews(number, "APPROVED")
    hear(world)
    assert "approvals_missing" not in why(world, number)
    with world.store.reading() as tx:
        (given,) = tx.approvals.of_change(number)
    assert (given.by, given.role, given.source[-len(str(review)) :]) == ("ben", "review", str(review))

    world.push("feature/login", {"app/more.py": "y = 2\n"})
    hear(world)
    assert (
        "ben as review (at the code host): does not count, given to other code"
        in why(world, number)["approvals_missing"]
    )


def test_a_dismissed_review_counts_no_more(world: ConnectedWorld) -> None:
    number = opened(world)
    review = world.github.as_("ben").reviews(number, "APPROVED")
    hear(world)
    world.github.as_("dana").dismisses(number, review)
    hear(world)

    assert "ben as review (at the code host): does not count, withdrawn" in why(world, number)["approvals_missing"]


def test_machines_strangers_and_authors_do_not_count_and_the_reason_says_so(world: ConnectedWorld) -> None:
    number = opened(world)
    for who in ("octocat", "helper[bot]", "ada"):
        world.github.as_(who).reviews(number, "APPROVED")
    hear(world)

    assert why(world, number)["approvals_missing"][1:] == (
        "octocat approved at the code host: does not count, gate.yaml does not name this account among its people",
        "helper[bot] approved at the code host: does not count, a machine",
        "ada approved at the code host: does not count, by the author",
    )


def test_a_request_for_changes_closes_the_gate_until_it_is_lifted(world: ConnectedWorld) -> None:
    number = opened(world)
    world.github.as_("ben").reviews(number, "CHANGES_REQUESTED")
    world.github.as_("octocat").reviews(number, "CHANGES_REQUESTED")
    hear(world)
    assert why(world, number)["changes_requested"][0] == "Changes were requested at the code host, by ben."

    world.advance(minutes=1)
    changes.approve(world.ports, number, "review", world.person("ben"))
    assert "changes_requested" not in why(world, number)


def test_what_github_requires_is_waited_for_and_our_own_verdict_is_not(world: ConnectedWorld) -> None:
    contexts = [{"context": name} for name in ("lint", "e2e", OUR_CHECK)]
    parameters = {"required_status_checks": contexts, "strict_required_status_checks_policy": True}
    world.github.rules["staging"] = [{"type": "required_status_checks", "parameters": parameters}]
    world.github.classic["staging"] = {"strict": True, "contexts": ["legal"], "checks": []}
    number = opened(world)
    head = change(world, number).head.commit
    world.github.statuses[head] = [status("lint", "failure"), status("legal", "success")]
    world.github.check_runs[head] = [{"name": "lint", "status": "completed", "conclusion": "success", "id": 1}]
    hear(world)
    assert why(world, number)["host_checks"] == (
        "What the code host requires for staging has not passed: e2e missing, lint failed.",
        "e2e: missing",
        "lint: failed (https://ci.example/lint)",
    )

    world.github.statuses[head] = [status(name, "success") for name in ("lint", "legal", "e2e")]
    hear(world)
    assert "host_checks" not in why(world, number)


def test_a_draft_waits(world: ConnectedWorld) -> None:
    number = opened(world, draft=True)
    assert why(world, number)["draft"][0] == f"Pull request {number} is a draft."

    world.github.as_("ada").edits(number, draft=False)
    hear(world)
    assert "draft" not in why(world, number)


def test_a_fork_is_shown_and_none_of_its_code_is_run(world: ConnectedWorld) -> None:
    number = world.github.as_("linus").opens_from_fork("linus/marketedge", "feature/x", "f" * 40)
    hear(world)
    assert change(world, number).source == "linus:feature/x"
    assert "from_fork" in why(world, number)
    with pytest.raises(Closed, match="comes from a fork"):
        merging.merge(world.ports, number, None, world.person("dana"))
    with world.store.reading() as tx:
        assert tx.checks.of_tree("") == [] and not any("check" in run.procedure for run in tx.runs.unfinished())


def test_merging_reads_github_anew_and_does_nothing_where_it_does_not_answer(world: ConnectedWorld) -> None:
    number = opened(world)
    world.github.as_("ben").reviews(number, "APPROVED")
    hear(world)
    with world.down(world.github), pytest.raises(Unavailable):
        merging.merge(world.ports, number, None, world.person("ada"))
    assert change(world, number).is_open

    world.github.as_("ben").reviews(number, "CHANGES_REQUESTED")  # nobody told us of it
    with pytest.raises(Closed, match="Changes were requested"):
        merging.merge(world.ports, number, None, world.person("ada"))

    world.github.as_("ben").reviews(number, "APPROVED")
    merging.merge(world.ports, number, None, world.person("ada"))
    world.settle()
    assert change(world, number).state is ChangeState.MERGED
    assert world.github.pulls[number - 1].merged_as == change(world, number).merged.commit  # type: ignore[union-attr]


def test_a_merge_by_hand_is_seen_and_recorded_with_who_did_it(world: ConnectedWorld) -> None:
    number = opened(world)
    commit = world.github.as_("ben").merges(number)
    hear(world)

    found = change(world, number)
    assert (found.state, found.merged and found.merged.commit) == (ChangeState.MERGED, commit)
    assert found.counted == ()
    assert ("merged behind our back", "ben") in said(world, number)
    assert any("never deployed to staging" in line for line in world.differences())


def test_a_merge_at_github_that_the_gate_lets_through_is_deployed(world: ConnectedWorld) -> None:
    number = opened(world)
    world.github.as_("ben").reviews(number, "APPROVED")
    hear(world)
    commit = world.github.as_("ada").merges(number)
    hear(world)
    world.settle()

    found = change(world, number)
    assert (found.state, found.merged and found.merged.commit) == (ChangeState.MERGED, commit)
    assert ("merged at the code host", "ada") in said(world, number)
    with world.store.reading() as tx:
        live = tx.deployments.live(Environment.STAGING)
    assert live is not None and (live.revision.commit, live.change) == (commit, number)
    assert world.differences() == []


def test_reviews_count_as_they_stood_when_it_was_merged_however_late_we_hear_of_them(world: ConnectedWorld) -> None:
    objected, late, changed = (opened(world, f"feature/{name}") for name in ("one", "two", "three"))
    ada, ben = world.github.as_("ada"), world.github.as_("ben")
    ben.reviews(objected, "APPROVED")
    ben.reviews(changed, "CHANGES_REQUESTED")
    hear(world)
    world.advance(seconds=1)
    ben.reviews(objected, "CHANGES_REQUESTED")
    for number in (objected, late, changed):
        ada.merges(number)
    world.clock.advance(minutes=1)
    ben.reviews(late, "APPROVED")
    ben.reviews(changed, "APPROVED")
    hear(world)

    for number in (objected, late, changed):
        assert ("merged behind our back", "ada") in said(world, number)


def test_a_review_and_a_merge_that_are_heard_of_at_once(world: ConnectedWorld) -> None:
    number = opened(world)
    world.github.as_("ben").reviews(number, "APPROVED")
    world.github.as_("ada").merges(number)
    hear(world)

    assert ("merged at the code host", "ada") in said(world, number)
    assert ("approved as review", "ben") in said(world, number)
    assert change(world, number).counted is not None


def test_from_staging_to_main_goes_a_release(world: ConnectedWorld) -> None:
    world.push("staging", {"new.py": "n\n"}, "ben", "feat: new")
    number = world.github.as_("ben").opens("staging", "main", "all of it")
    hear(world)
    assert why(world, number)["no_version"][0] == (
        f"Change {number} goes from staging to main without a version: it is no release."
    )

    release = releasing.open_release(world.ports, world.person("ada"), "v1.0.0")
    assert (release.change, change(world, number).release) == (number, "v1.0.0")
    assert world.github.pulls[number - 1].title == release.title

    world.github.as_("ben").closes(number)
    hear(world)
    assert releasing.get(world.ports, "v1.0.0").state is ReleaseState.WITHDRAWN


def test_one_that_was_merged_meanwhile_can_not_be_closed(world: ConnectedWorld) -> None:
    number = opened(world)
    world.github.as_("ben").merges(number)
    with pytest.raises(Unusable, match="merged at the code host meanwhile"):
        changes.close(world.ports, number, world.person("ada"))


def test_hints_that_are_lost_doubled_or_late_lead_to_the_same(world: ConnectedWorld) -> None:
    world.push("feature/login", {"l.py": "l\n"})
    github = world.github
    number = github.as_("ada").opens("feature/login")
    github.as_("ben").reviews(number, "CHANGES_REQUESTED")
    github.as_("ben").closes(number)
    github.as_("ben").reopens(number)
    world.advance(hours=24)  # no hint came
    github.as_("ben").reviews(number, "APPROVED")
    hear(world)
    once = said(world, number)
    hear(world)
    hear(world)

    assert said(world, number) == once
    assert change(world, number).is_open and "approvals_missing" not in why(world, number)


def test_what_is_pushed_by_hand_is_on_the_record_with_who_did_it(world: ConnectedWorld) -> None:
    hear(world)
    commit = world.push("staging", {"by_hand.py": "h\n"}, "ben").commit
    hear(world)
    with world.store.reading() as tx:
        (noted,) = [entry for entry in tx.audit_log.about("staging") if entry.action == "branch moved behind our back"]
    assert (noted.actor, noted.data["commit"]) == ("ben", commit)
    assert noted.reason == f"staging is at {commit[:10]}, and no change of ours brought it there"


def test_a_hotfix_that_was_merged_by_hand_is_told_as_released_by_nobody(world: ConnectedWorld) -> None:
    world.push("hotfix/login", {"fix.py": "f\n"}, since="main")
    number = world.github.as_("ada").opens("hotfix/login", "main", body="nobody can log in")
    hear(world)
    assert change(world, number).hotfix_reason == "nobody can log in"
    world.github.as_("ben").merges(number)
    hear(world)
    told = f"Change {number}, a hotfix, was merged behind our back: nothing of it was tagged or released."
    assert f"change {number}: {told}" in world.differences()


def test_what_was_said_there_is_shown_with_where_it_was_said(
    world: ConnectedWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    number = opened(world, draft=True)
    world.github.as_("ben").reviews(number, "APPROVED")
    hear(world)

    shown = view(world.ports, number, world.person("dana"))
    assert shown.pull_request and shown.pull_request.pull.address.endswith(f"/pull/{number}")
    show.change(json.loads(json.dumps(plain(shown))))
    text = " ".join(capsys.readouterr().out.split())
    assert f"pull request {number}, a draft" in text
    assert "ben approved there" in text
