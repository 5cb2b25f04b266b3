"""What people and machines said at GitHub: whose word is the last, which checks are required, and how they stand."""

from typing import Any

import pytest

from staging_gate.adapters.github import GitHubCodeHost, shapes
from staging_gate.adapters.github.opinions import Check, Opinion, Required, checks, last_words, required, standing
from staging_gate.domain.check import Verdict
from staging_gate.ports.errors import Refused, Unavailable, Unclear
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.web import Reply
from tests.adapters.git.repositories import commit
from tests.adapters.github.test_merging import opened

HEAD, OLDER = "1" * 40, "2" * 40
ACTIONS, OTHER = 15368, 99


def review(by: str | None, state: str, of: str | None = HEAD, kind: str = "User") -> dict[str, Any]:
    return {"id": 1, "user": {"login": by, "type": kind} if by else None, "state": state, "commit_id": of}


def words(*reviews: dict[str, Any]) -> dict[str, str]:
    return {one.person: one.state for one in last_words([shapes.Review.model_validate(each) for each in reviews])}


class TestReviews:
    @pytest.mark.parametrize(
        ("said", "counts"),
        [
            ((review("ada", "APPROVED"),), {"ada": "APPROVED"}),
            ((review("ada", "CHANGES_REQUESTED"), review("ada", "APPROVED")), {"ada": "APPROVED"}),
            ((review("ada", "APPROVED"), review("ada", "CHANGES_REQUESTED")), {"ada": "CHANGES_REQUESTED"}),
            ((review("ada", "APPROVED"), review("ada", "COMMENTED"), review("ada", "PENDING")), {"ada": "APPROVED"}),
            ((review("ada", "DISMISSED"),), {}),
            ((review("ada", "APPROVED"), review("ada", "DISMISSED")), {}),
            ((review("ada", "approved"), review("ben", "COMMENTED")), {"ada": "APPROVED"}),
            ((review(None, "APPROVED"),), {}),
            ((review("ada", "BLESSED"),), {"ada": "BLESSED"}),
        ],
    )
    def test_the_last_word_of_each(self, said: tuple[dict[str, Any], ...], counts: dict[str, str]) -> None:
        assert words(*said) == counts

    def test_one_on_other_code_is_stale(self) -> None:
        told = [review("ada", "APPROVED"), review("ben", "APPROVED", OLDER), review("eve", "APPROVED", None)]

        found = last_words([shapes.Review.model_validate(one) for one in told])

        assert [one.is_stale(HEAD) for one in found] == [False, True, True]

    def test_only_a_person_approves_and_only_with_the_word(self) -> None:
        assert Opinion("ada", "APPROVED", HEAD, True).approves
        assert not Opinion("renovate[bot]", "APPROVED", HEAD, False).approves
        assert not Opinion("ada", "BLESSED", HEAD, True).approves

    def test_are_read_page_by_page(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        github.reviews[7] = [review("ada", "APPROVED"), review(None, "APPROVED")]

        assert [one.state for one in host.calls.reviews(7)] == ["APPROVED", "APPROVED"]


class TestChecks:
    @pytest.mark.parametrize(
        ("status", "conclusion", "verdict"),
        [
            ("queued", None, Verdict.PENDING),
            ("in_progress", None, Verdict.PENDING),
            ("waiting", None, Verdict.PENDING),
            ("completed", "success", Verdict.PASSED),
            ("completed", "neutral", Verdict.PASSED),
            ("completed", "skipped", Verdict.PASSED),
            ("completed", "failure", Verdict.FAILED),
            ("completed", "timed_out", Verdict.FAILED),
            ("completed", "action_required", Verdict.FAILED),
            ("completed", "cancelled", Verdict.ERRORED),
            ("completed", "stale", Verdict.ERRORED),
            ("completed", "sublimated", Verdict.ERRORED),
            ("completed", None, Verdict.PENDING),
            (None, "success", Verdict.PENDING),
        ],
    )
    def test_a_run(self, status: str | None, conclusion: str | None, verdict: Verdict) -> None:
        run = shapes.CheckRun(name="lint", status=status, conclusion=conclusion, app=shapes.App(id=ACTIONS))

        assert checks([run], []) == [Check("lint", verdict, ACTIONS)]

    @pytest.mark.parametrize(
        ("state", "verdict"),
        [
            ("success", "passed"),
            ("failure", "failed"),
            ("error", "errored"),
            ("pending", "pending"),
            ("new", "errored"),
        ],
    )
    def test_a_status(self, state: str, verdict: str) -> None:
        assert checks([], [shapes.Status(context="ci", state=state)]) == [Check("ci", Verdict(verdict))]

    def test_are_read(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        """Of a commit without any, the combined state says pending: it is none."""
        made = commit(github.host.path, "main", {"a": "1"})
        assert checks(host.calls.check_runs(made), host.calls.statuses(made)) == []
        github.check_runs[made] = [{"name": "lint", "status": "completed", "conclusion": None, "app": None}]
        github.statuses[made] = [{"context": "lint", "state": "success", "target_url": None}]

        found = checks(host.calls.check_runs(made), host.calls.statuses(made))

        assert found == [Check("lint", Verdict.PENDING), Check("lint", Verdict.PASSED)]


class TestRequired:
    def test_by_rulesets_and_classic_protection(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        wanted = [{"context": "lint", "integration_id": ACTIONS}, {"context": "ci"}]
        parameters = {"required_status_checks": wanted, "strict_required_status_checks_policy": True}
        github.rules["staging"] = [
            {"type": "required_status_checks", "parameters": parameters},
            {"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
            {"type": "deletion"},
            {"type": "a_rule_of_next_year", "parameters": {"required_status_checks": None}},
        ]
        bound = [{"context": "ci", "app_id": -1}, {"context": "db", "app_id": OTHER}]
        github.classic["staging"] = {"strict": False, "contexts": ["ci", "db", "old"], "checks": bound}
        commit(github.host.path, "staging", {"a": "1"})

        def found() -> set[Required]:
            return set(required(host.calls.rules("staging"), host.calls.classic_requirement("staging")))

        everything = {
            Required("lint", ACTIONS, strict=True),
            Required("ci", None, strict=True),
            Required("db", OTHER),
            Required("old"),
        }
        assert found() == everything
        github.shows_protection = False
        assert found() == everything

    @pytest.mark.parametrize("shows", [True, False])
    def test_none(self, github: GitHubStandIn, host: GitHubCodeHost, shows: bool) -> None:
        commit(github.host.path, "feature/x", {"a": "1"})
        github.shows_protection = shows

        assert required(host.calls.rules("feature/x"), host.calls.classic_requirement("feature/x")) == []

    def test_a_branch_that_is_not_there_is_not_unprotected(self, host: GitHubCodeHost) -> None:
        with pytest.raises(Refused, match="404"):
            host.calls.classic_requirement("gone")

    @pytest.mark.parametrize(
        ("wanted", "reported", "verdict"),
        [
            (Required("ci"), [], Verdict.MISSING),
            (Required("ci"), [Check("lint", Verdict.PASSED)], Verdict.MISSING),
            (Required("ci"), [Check("ci", Verdict.PASSED)], Verdict.PASSED),
            (Required("ci"), [Check("ci", Verdict.PASSED, ACTIONS), Check("ci", Verdict.PENDING)], Verdict.PENDING),
            (Required("ci"), [Check("ci", Verdict.ERRORED), Check("ci", Verdict.FAILED, OTHER)], Verdict.FAILED),
            (Required("ci", ACTIONS), [Check("ci", Verdict.PASSED, OTHER)], Verdict.MISSING),
            (Required("ci", ACTIONS), [Check("ci", Verdict.PASSED)], Verdict.MISSING),
            (
                Required("ci", ACTIONS),
                [Check("ci", Verdict.PASSED, ACTIONS), Check("ci", Verdict.FAILED)],
                Verdict.PASSED,
            ),
        ],
    )
    def test_how_one_stands(self, wanted: Required, reported: list[Check], verdict: Verdict) -> None:
        assert standing(wanted, reported) is verdict


class TestLabels:
    def test_are_put_on_and_taken_off_as_often_as_wanted(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        commit(github.host.path, "feature/x", {"a": "1"})
        pull = opened(github)
        for _ in range(2):
            host.calls.add_labels(7, ["hotfix", "needs review"])
        assert pull.labels == ["hotfix", "needs review"]

        for _ in range(2):
            host.calls.remove_label(7, "needs review")

        assert pull.labels == ["hotfix"]


class TestReleases:
    def test_one_is_published_once_although_the_reply_is_lost(
        self, github: GitHubStandIn, host: GitHubCodeHost
    ) -> None:
        github.loses_its_reply_after("POST", "/releases$")
        with pytest.raises(Unclear):
            host.calls.publish_release("v1.0.0", "Release v1.0.0", "## Features")

        made = host.calls.publish_release("v1.0.0", "Release v1.0.0", "## Features")

        assert (made.tag_name, made.name, made.body) == ("v1.0.0", "Release v1.0.0", "## Features")
        assert len(github.asked_for("POST", "/releases$")) == 1

    def test_somebody_was_faster(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        first = host.calls.publish_release("v1.0.0", "By hand", "")
        github.has_trouble(Reply(404), "GET", "/releases/tags")

        assert host.calls.publish_release("v1.0.0", "Release v1.0.0", "") == first

    def test_github_says_no(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        body = b'{"message": "Validation Failed", "errors": [{"resource": "Release", "code": "invalid"}]}'
        github.has_trouble(Reply(422, body, {"content-type": "application/json"}), "POST", "/releases$")

        with pytest.raises(Refused, match=r"422: Validation Failed \(Release invalid\)"):
            host.calls.publish_release("v1.0.0", "Release v1.0.0", "")

    def test_notes_are_only_asked_for(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        github.has_trouble(Reply(502), "POST", "/generate-notes")

        assert "Full Changelog" in host.calls.generated_notes("v1.1.0", HEAD, "v1.0.0").body
        assert github.releases == {}

    def test_a_storm_of_errors_ends(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        github.has_trouble(Reply(503), times=99)

        with pytest.raises(Unavailable, match="GitHub answered 503"):
            host.calls.release_of("v1.0.0")
