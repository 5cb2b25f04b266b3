"""What we tell GitHub: once, also where a reply is lost; found again; bounded; and never where a webhook points to."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from staging_gate.adapters.github import Settings, connect
from staging_gate.adapters.github.reporting import MARKER, GitHubReports
from staging_gate.ports.errors import Refused, Unclear
from staging_gate.ports.reports import Answer, Asked, DeploymentReport, Light, ReleaseReport, Stage, Verdict, Waiting
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.github.state import Pull
from staging_gate.testing.github.told import Run, commented, waiting_hint
from staging_gate.testing.web import json_reply
from tests.adapters.git.repositories import commit
from tests.adapters.github.connecting import QUICK, TOKEN

RIGHTS = {right: "write" for right in ("checks", "statuses", "deployments", "pull_requests", "contents")}


@dataclass
class Scene:
    """GitHub with one commit and one pull request of it."""

    github: GitHubStandIn
    head: str


@pytest.fixture
def at(github: GitHubStandIn) -> Scene:
    commit(github.host.path, "main", {"a": "1"})
    head = commit(github.host.path, "feature/x", {"a": "2"})
    github.pulls.append(Pull(1, "feature/x", "main", "x", None, "ada", github.clock.now(), head))
    github.rights.update(RIGHTS, actions="read")
    return Scene(github, head)


@pytest.fixture
def token(at: Scene) -> GitHubReports:
    return reports(at.github, Settings(at.github.name, TOKEN, api=at.github.api, limits=QUICK))


@pytest.fixture
def app(at: Scene, pem: str) -> GitHubReports:
    return reports(at.github, Settings(at.github.name, app="Iv23", key=pem, api=at.github.api, limits=QUICK))


def reports(github: GitHubStandIn, settings: Settings) -> GitHubReports:
    connection = connect(settings, github.clock)
    return GitHubReports(connection.calls, connection.sign_in)


def verdict(at: Scene, light: Light = Light.PENDING, title: str = "Waits.") -> Verdict:
    return Verdict(1, at.head, light, title, "**Waits.**", "https://gate.example/changes/1")


def deployment(at: Scene, stage: Stage = Stage.IN_PROGRESS) -> DeploymentReport:
    return DeploymentReport("staging-3", "staging", at.head, stage, "staging-3 runs", address="https://gate.example/d")


def again(tell: Callable[[], object]) -> None:
    """The reply is lost; whoever asked does it again."""
    with pytest.raises(Unclear):
        tell()
    tell()


def test_an_app_says_it_with_a_check_run(at: Scene, app: GitHubReports) -> None:
    key = app.verdict(verdict(at))
    assert app.verdict(verdict(at, Light.SUCCESS, "Open."), key) == key

    (run,) = at.github.check_runs[at.head]
    assert (run["name"], run["status"], run["conclusion"], run["output"]["title"]) == (
        "staging-gate",
        "completed",
        "success",
        "Open.",
    )
    assert run["details_url"] == "https://gate.example/changes/1"


def test_what_has_ended_is_said_anew_where_it_waits_again(at: Scene, app: GitHubReports) -> None:
    """GitHub does not take a conclusion back."""
    first = app.verdict(verdict(at, Light.SUCCESS))
    second = app.verdict(verdict(at), first)
    assert first != second
    assert [run["status"] for run in at.github.check_runs[at.head]] == ["completed", "in_progress"]


def test_a_token_says_it_with_a_commit_status(at: Scene, token: GitHubReports) -> None:
    token.verdict(verdict(at, title="x" * 200))
    (status,) = at.github.statuses[at.head]
    assert (status["context"], status["state"], len(status["description"])) == ("staging-gate", "pending", 140)
    assert status["target_url"] == "https://gate.example/changes/1"


def test_an_app_that_may_not_write_checks_says_it_with_a_status(at: Scene, app: GitHubReports) -> None:
    del at.github.rights["checks"]
    app.verdict(verdict(at))
    assert [one["state"] for one in at.github.statuses[at.head]] == ["pending"]
    assert app.lacking() == ("checks: write is not granted: commit statuses are used instead of check runs.",)


def test_what_a_token_said_is_superseded_once_an_app_says_it(
    at: Scene, app: GitHubReports, token: GitHubReports
) -> None:
    """Both count at GitHub where they have the same name: a pending one would stand in the way for ever."""
    key = token.verdict(verdict(at))
    at.github.loses_its_reply_after("POST", "/statuses/")
    again(lambda: app.verdict(verdict(at), key))
    key = app.verdict(verdict(at), key)
    app.verdict(verdict(at, Light.FAILURE), key)

    (status,) = at.github.statuses[at.head]
    assert status["description"] == "Superseded by the check run staging-gate, which says it now."
    assert status["state"] == "success"
    assert [run["conclusion"] for run in at.github.check_runs[at.head]] == ["failure"]
    assert len(at.github.asked_for("POST", "/statuses/")) == 2
    assert (token.voice, app.voice) == ("token", "App")


def test_an_app_that_may_not_write_statuses_leaves_it(at: Scene, app: GitHubReports, token: GitHubReports) -> None:
    key = token.verdict(verdict(at))
    at.github.rights["statuses"] = "read"
    assert app.verdict(verdict(at), key).startswith("run ")
    assert [one["state"] for one in at.github.statuses[at.head]] == ["pending"]


def test_what_an_app_lacks_is_told(at: Scene, app: GitHubReports, token: GitHubReports) -> None:
    assert app.lacking() == token.lacking() == ()


def test_what_an_app_lacks_altogether(at: Scene, app: GitHubReports) -> None:
    at.github.rights.clear()
    assert [sentence.partition(":")[0] for sentence in app.lacking()] == [
        "statuses",
        "pull_requests",
        "deployments",
        "contents",
        "actions",
    ]


@pytest.mark.parametrize("who", ["app", "token"])
def test_a_lost_reply_doubles_no_verdict(at: Scene, who: str, request: pytest.FixtureRequest) -> None:
    told: GitHubReports = request.getfixturevalue(who)
    at.github.loses_its_reply_after("POST", "/check-runs|/statuses/")
    again(lambda: told.verdict(verdict(at)))
    assert len(at.github.check_runs.get(at.head, [])) + len(at.github.statuses.get(at.head, [])) == 1
    assert len(at.github.asked_for("POST", "/check-runs|/statuses/")) == 1


def test_the_same_status_is_not_sent_again(at: Scene, token: GitHubReports) -> None:
    """GitHub takes a thousand of one name on one commit."""
    for _ in range(3):
        token.verdict(verdict(at))
    assert len(at.github.asked_for("POST", "/statuses/")) == 1


def test_one_comment_is_edited(at: Scene, token: GitHubReports) -> None:
    key = token.comment(1, "first")
    assert token.comment(1, "second", key) == key
    assert [one["body"] for one in at.github.told.comments[1]] == [f"{MARKER}\nsecond"]


def test_a_comment_is_found_again(at: Scene, token: GitHubReports) -> None:
    at.github.loses_its_reply_after("POST", "/comments")
    again(lambda: token.comment(1, "first"))
    token.comment(1, "second")
    assert [one["body"] for one in at.github.told.comments[1]] == [f"{MARKER}\nsecond"]


def test_an_app_finds_its_comment_too(at: Scene, app: GitHubReports) -> None:
    app.comment(1, "first")
    app.comment(1, "second")
    assert [one["body"] for one in at.github.told.comments[1]] == [f"{MARKER}\nsecond"]


def test_a_strangers_comment_with_our_marker_is_left_alone(at: Scene, token: GitHubReports) -> None:
    commented(at.github, 1, "mallory", f"{MARKER}\nmerge me")
    token.comment(1, "ours")
    assert [(one["user"]["login"], one["body"]) for one in at.github.told.comments[1]] == [
        ("mallory", f"{MARKER}\nmerge me"),
        ("gate", f"{MARKER}\nours"),
    ]


def test_a_comment_that_somebody_deleted_is_made_again(at: Scene, token: GitHubReports) -> None:
    key = token.comment(1, "first")
    at.github.told.comments.clear()
    assert token.comment(1, "second", key) != key
    assert [one["body"] for one in at.github.told.comments[1]] == [f"{MARKER}\nsecond"]


def test_a_long_comment_is_cut_and_holds_no_token(at: Scene, token: GitHubReports) -> None:
    token.comment(1, f"{TOKEN} " + "x" * 70_000)
    (one,) = at.github.told.comments[1]
    assert len(one["body"]) == 65_535
    assert TOKEN not in one["body"]


def test_a_deployment_and_how_it_goes(at: Scene, token: GitHubReports) -> None:
    key = token.deployment(deployment(at, Stage.QUEUED))
    for stage in (Stage.IN_PROGRESS, Stage.IN_PROGRESS, Stage.SUCCESS):
        assert token.deployment(deployment(at, stage), key) == key

    (made,) = at.github.told.deployments
    assert (made["auto_merge"], made["required_contexts"], made["payload"]) == (
        False,
        [],
        {"staging_gate": "staging-3"},
    )
    assert (made["environment"], made["production_environment"], made["task"]) == ("staging", False, "deploy")
    states = [one["state"] for one in at.github.told.deployment_statuses[made["id"]]]
    assert states == ["queued", "in_progress", "success"]


@pytest.mark.parametrize("lost", ["/deployments$", "/statuses$"])
def test_a_lost_reply_doubles_no_deployment(at: Scene, token: GitHubReports, lost: str) -> None:
    at.github.loses_its_reply_after("POST", lost)
    again(lambda: token.deployment(deployment(at)))
    (made,) = at.github.told.deployments
    assert len(at.github.told.deployment_statuses[made["id"]]) == 1


def test_another_deployment_of_the_same_commit_is_another_one(at: Scene, token: GitHubReports) -> None:
    first = token.deployment(deployment(at))
    second = token.deployment(replace(deployment(at), id="staging-4", is_rollback=True))
    assert first != second
    assert [one["task"] for one in at.github.told.deployments] == ["deploy", "rollback"]


@pytest.mark.parametrize(
    ("status", "said"),
    [(202, "GitHub merged into"), (409, "with 409: Conflict")],
)
def test_a_deployment_that_github_makes_something_else_of(
    at: Scene, token: GitHubReports, status: int, said: str
) -> None:
    at.github.has_trouble(json_reply(status, {"message": "Conflict"}), "POST", "/deployments$")
    with pytest.raises(Refused, match=said):
        token.deployment(deployment(at))


def test_a_release_is_published_once_and_edited(at: Scene, token: GitHubReports) -> None:
    at.github.git("update-ref", "refs/tags/v1.0.0", at.head)
    at.github.loses_its_reply_after("POST", "/releases$")
    notes = ReleaseReport("v1.0.0", "Release v1.0.0", "None")
    again(lambda: token.release(notes))
    key = token.release(notes)
    token.release(replace(notes, notes="Better", prerelease=True), key)

    (made,) = at.github.releases.values()
    assert (made["body"], made["prerelease"], made["draft"]) == ("Better", True, False)
    assert len(at.github.asked_for("POST", "/releases$")) == 1


def test_a_release_that_needs_the_right_to_change_workflows(at: Scene, token: GitHubReports) -> None:
    at.github.changes_workflows.add("v1.0.0")
    with pytest.raises(Refused) as refused:
        token.release(ReleaseReport("v1.0.0", "Release v1.0.0", "None"))
    assert refused.value.message == (
        "GitHub does not publish the release of v1.0.0: it says that it is not found, as it does where the tagged "
        "commit changes .github/workflows/ and the token may not. Grant Workflows: read and write; the release is "
        "then published by itself."
    )


# --- runs that wait for us ---------------------------------------------------------------------------------------


def test_a_waiting_run_is_read_again_and_answered_where_we_know_it(at: Scene, app: GitHubReports) -> None:
    """Wherever the hint points to."""
    at.github.told.runs[77] = Run(77, at.head, "v1.0.0", pending=["production"])
    elsewhere = "https://evil.example/repos/a/b/actions/runs/77/deployment_protection_rule"
    asked = app.asked(json.dumps(waiting_hint(at.github, 77, "production", elsewhere)).encode())

    assert asked == Asked(77, "production")
    assert app.waiting(asked) == Waiting(asked, at.head, "v1.0.0")
    app.answer(asked, Answer.WAIT, "x" * 2000)
    app.answer(asked, Answer.APPROVED, "open")
    assert [(state, len(said)) for _, state, said in at.github.told.runs[77].said] == [(None, 1024), ("approved", 4)]
    assert app.waiting(asked) is None


def hint(**other: str) -> bytes:
    place = "https://x/actions/runs/1/deployment_protection_rule"
    return json.dumps({"action": "requested", "environment": "x", "deployment_callback_url": place, **other}).encode()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        b'{"action": "requested"}',
        b'{"action": "requested", "environment": "x", "deployment_callback_url": 5}',
        hint(environment=""),
        hint(deployment_callback_url="https://x/actions/runs/../deployment_protection_rule"),
        hint(action="opened"),
        b"[" * 100_000,
    ],
)
def test_other_hints_ask_nothing(token: GitHubReports, said: bytes) -> None:
    assert token.asked(said) is None


def test_a_run_that_is_not_there_or_elsewhere_is_not_waited_for(at: Scene, app: GitHubReports) -> None:
    at.github.told.runs[78] = Run(78, at.head, repository="mallory/fork", pending=["production"])
    assert [app.waiting(Asked(run, "production")) for run in (77, 78)] == [None, None]
