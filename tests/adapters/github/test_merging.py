"""Merging at GitHub: what goes wrong in the middle, what GitHub forbids, who was there before us."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from staging_gate.adapters.github import GitHubCodeHost
from staging_gate.domain.policy import MergeMethod
from staging_gate.domain.revision import Revision
from staging_gate.ports.code_host import HeadMoved, MergeOrder
from staging_gate.ports.errors import Refused, Unavailable, Unclear
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.github.state import Pull
from staging_gate.testing.web import Reply
from tests.adapters.git.repositories import commit

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture
def order(github: GitHubStandIn, host: GitHubCodeHost) -> MergeOrder:
    """Of feature/x into staging, which has moved on meanwhile."""
    start = commit(github.host.path, "staging", {"a": "1\n"}, "start")
    head = commit(github.host.path, "feature/x", {"b": "2\n"}, "feat: two", start)
    base = commit(github.host.path, "staging", {"a": "2\n"}, "on staging")
    merged = host.preview_merge(base, head).merged
    assert merged
    return MergeOrder(
        "merge-1", "staging", base, head, merged.tree, MergeMethod.SQUASH, "feat: two (#1)\n\nWhy.", "ada", AT
    )


def opened(github: GitHubStandIn, number: int = 7, **more: object) -> Pull:
    """A pull request that ada opened herself."""
    tip = github.host.branches()["feature/x"]
    pull = Pull(number, "feature/x", "staging", "Two", None, "ada", AT, tip, **more)  # type: ignore[arg-type]
    github.pulls.append(pull)
    return pull


def merges(github: GitHubStandIn) -> int:
    return len(github.asked_for("PUT", "/merge$"))


def tip(host: GitHubCodeHost) -> Revision:
    found = host.revision("staging")
    assert found
    return found


def test_what_is_asked_is_pinned_to_what_was_let_through(
    github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder
) -> None:
    opened(github)

    merged = host.merge(order)

    [asked] = github.asked_for("PUT", "/merge$")
    assert asked.path.endswith("/pulls/7/merge")
    assert asked.json() == {
        "sha": order.head,
        "merge_method": "squash",
        "commit_title": "feat: two (#1)",
        "commit_message": "Why.",
    }
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    assert (merged, merged.tree) == (tip(host), order.tree)


def test_a_change_without_a_pull_request_gets_one(
    github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder
) -> None:
    host.merge(order)

    [pull] = github.pulls
    assert (pull.head, pull.base, pull.title, pull.body) == ("feature/x", "staging", "feat: two (#1)", "Why.")
    assert pull.merged_as == tip(host).commit


class TestSeveralWithTheSameHead:
    """The order says which one is meant; its head and branches alone do not."""

    @pytest.mark.parametrize("other", [{"head": "feature/y"}, {"fork": "mallory/marketedge"}, {"base": "main"}])
    def test_only_the_one_that_was_let_through_is_merged(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder, other: dict[str, str]
    ) -> None:
        github.git("branch", "feature/y", order.head)
        github.git("branch", "main", order.base)
        theirs, ours = opened(github, 7), opened(github, 8)
        for name, value in other.items():
            setattr(theirs, name, value)

        merged = host.merge(replace(order, change=8))

        assert (ours.merged_as, theirs.merged_as, theirs.state) == (merged.commit, None, "open")
        assert host.merge(replace(order, change=8)) == merged

    def test_one_that_was_merged_before_does_not_count_for_one_opened_anew(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder
    ) -> None:
        earlier = opened(github, 7)
        earlier.state, earlier.merged_as, earlier.closed_at = "closed", order.base, AT
        opened(github, 8)
        later = commit(github.host.path, "staging", {"c": "3\n"}, "something else")

        with pytest.raises(HeadMoved) as raised:
            host.merge(replace(order, change=8))

        assert (raised.value.ref, raised.value.found) == ("staging", later)

    def test_one_that_was_closed_is_not_merged_for_one_opened_anew(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder
    ) -> None:
        closed, anew = opened(github, 7), opened(github, 8)
        closed.state, closed.closed_at = "closed", AT

        assert host.merge(replace(order, change=8)).commit == anew.merged_as
        assert closed.merged_as is None

    def test_one_that_goes_elsewhere_now_is_not_merged(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder
    ) -> None:
        github.git("branch", "main", order.base)
        opened(github, 7).base = "main"

        with pytest.raises(Refused, match="#7 goes to main at GitHub now, and no more to staging. Nothing was merged"):
            host.merge(replace(order, change=7))

        assert merges(github) == 0


class TestUnclear:
    @pytest.mark.parametrize("status", [None, 502])
    def test_the_reply_to_the_merge_is_lost(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder, status: int | None
    ) -> None:
        if status:
            github.has_trouble(Reply(status), "PUT", "/merge$", done=True)
        else:
            github.loses_its_reply_after("PUT", "/merge$")
        with pytest.raises(Unclear, match="so it is not known whether that was done"):
            host.merge(order)

        merged = host.merge(order)

        assert merged == tip(host)
        assert merges(github) == 1

    def test_the_merge_never_arrived(self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder) -> None:
        github.has_trouble(Reply(502), "PUT", "/merge$")
        with pytest.raises(Unclear):
            host.merge(order)

        assert host.merge(order) == tip(host)
        assert merges(github) == 2
        assert len(host.commits(order.base, "staging")) == 1

    def test_the_reply_to_opening_the_pull_request_is_lost(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder
    ) -> None:
        github.loses_its_reply_after("POST", "/pulls$")
        with pytest.raises(Unclear):
            host.merge(order)

        assert host.merge(order) == tip(host)
        assert len(github.pulls) == 1


class TestMergeableIsNotKnownYet:
    def test_it_is_asked_for_again(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder, clock: MovableClock
    ) -> None:
        opened(github, nulls=3)

        assert host.merge(order) == tip(host)
        assert clock.pauses == [1, 2, 4]

    def test_in_the_end_nothing_is_merged(self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder) -> None:
        opened(github, nulls=99)

        with pytest.raises(Unavailable, match="still computing whether #7 merges. Nothing was merged") as raised:
            host.merge(order)

        assert raised.value.retry_after == 15
        assert merges(github) == 0


class TestSomebodyElse:
    def test_merged_it_by_hand(self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder) -> None:
        pull = opened(github)
        other = commit(github.host.path, "staging", {"b": "2\n"}, "by hand, squashed")
        pull.state, pull.merged_as, pull.closed_at = "closed", other, AT

        assert host.merge(order).commit == other
        assert merges(github) == 0

    def test_merges_it_in_this_moment(self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder) -> None:
        pull = opened(github)

        def by_hand() -> None:
            if pull.state == "open":
                pull.merged_as = commit(github.host.path, "staging", {"b": "2\n"}, "by hand")
                pull.state, pull.closed_at = "closed", AT

        github.before_merging = by_hand

        assert host.merge(order).commit == pull.merged_as

    def test_pushes_to_the_branch_in_this_moment(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder
    ) -> None:
        opened(github)
        github.before_merging = lambda: commit(github.host.path, "feature/x", {"evil": "1"})

        with pytest.raises(HeadMoved) as raised:
            host.merge(order)

        assert (raised.value.ref, raised.value.found) == ("feature/x", github.host.branches()["feature/x"])
        assert tip(host).commit == order.base

    def test_pushed_to_the_branch_before(self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder) -> None:
        opened(github)
        later = commit(github.host.path, "feature/x", {"evil": "1"})

        with pytest.raises(Refused, match=f"No branch at GitHub is at {order.head[:10]}"):
            host.merge(order)

        assert github.host.branches()["feature/x"] == later
        assert merges(github) == 0

    def test_moves_the_base_in_this_moment_where_a_rule_forbids_it(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder
    ) -> None:
        opened(github)
        github.before_merging = lambda: commit(github.host.path, "staging", {"c": "3\n"})
        github.refusing_merges = "Base branch was modified. Review and try the merge again."

        with pytest.raises(HeadMoved) as raised:
            host.merge(order)

        assert (raised.value.ref, raised.value.found) == ("staging", tip(host).commit)

    def test_moves_the_base_in_this_moment_where_none_does(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder, caplog: pytest.LogCaptureFixture
    ) -> None:
        """GitHub can not be told which base is meant. Then the truth is what it made, and not what was let through."""
        opened(github)
        github.before_merging = lambda: commit(github.host.path, "staging", {"c": "3\n"})

        merged = host.merge(order)

        assert merged == tip(host)
        assert merged.tree != order.tree
        assert "staging moved while" in caplog.text


class TestGitHubSaysNo:
    REASONS: tuple[tuple[Callable[[GitHubStandIn], object], str], ...] = (
        (lambda github: github.forbidden_methods.add("squash"), "Squash commits are not allowed on this repository"),
        (
            lambda github: setattr(github, "refusing_merges", 'Required status check "lint" is expected.'),
            'Required status check "lint" is expected',
        ),
        (lambda github: setattr(github.pulls[0], "draft", True), "Pull Request is not mergeable"),
    )

    @pytest.mark.parametrize(("forbid", "said"), REASONS, ids=[said for _, said in REASONS])
    def test_405(
        self,
        github: GitHubStandIn,
        host: GitHubCodeHost,
        order: MergeOrder,
        forbid: Callable[[GitHubStandIn], object],
        said: str,
    ) -> None:
        opened(github)
        forbid(github)

        with pytest.raises(
            Refused, match=f"GitHub does not merge #7 into staging: {said}. Nothing was merged. Where a rule"
        ):
            host.merge(order)

        assert tip(host).commit == order.base

    def test_422(self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder) -> None:
        opened(github)
        body = b'{"message": "Validation Failed", "errors": [{"resource": "PullRequest", "code": "custom"}]}'
        github.has_trouble(Reply(422, body, {"content-type": "application/json"}), "PUT")

        with pytest.raises(
            Refused, match=r"into staging: Validation Failed \(PullRequest custom\). Nothing was merged"
        ):
            host.merge(order)

    def test_a_right_is_missing(self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder) -> None:
        opened(github)
        body = b'{"message": "Resource not accessible by integration"}'
        headers = {"content-type": "application/json", "x-accepted-github-permissions": "contents=write"}
        github.has_trouble(Reply(403, body, headers), "PUT")

        with pytest.raises(
            Refused,
            match="Resource not accessible by integration. The token lacks a right; this needs one of: contents=write",
        ):
            host.merge(order)

    @pytest.mark.parametrize("seconds", [10, 3000])
    def test_not_now(
        self, github: GitHubStandIn, host: GitHubCodeHost, order: MergeOrder, clock: MovableClock, seconds: int
    ) -> None:
        """A limit that is over soon is waited for; a long one is the caller's to wait for, and nothing happened."""
        opened(github, nulls=0)
        github.limit(seconds)

        if seconds < 20:
            assert host.merge(order) == tip(host)
            return
        with pytest.raises(Unavailable, match="GitHub limits how much we may ask") as raised:
            host.merge(order)
        assert raised.value.retry_after == pytest.approx(seconds, abs=2)
        clock.advance(seconds=seconds + 2)
        assert host.merge(order) == tip(host)
