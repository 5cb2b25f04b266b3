"""The port pull_requests, with every request examined by GitHub's own specification where that is at hand."""

from pathlib import Path

from staging_gate.adapters.github import GitHubPullRequests
from staging_gate.domain.pull_request import PullState, Word
from staging_gate.ports.pull_requests import PullRequestOrder
from staging_gate.testing.repository import Repository
from tests.adapters.github.connecting import connected, github_stand_in


def test_all_that_is_asked_of_a_pull_request(tmp_path: Path) -> None:
    with github_stand_in(tmp_path) as github:
        repository, at = Repository(github.host.path), github.clock.now()
        first = repository.commit(None, {"a.py": "a\n"}, "first", "ada", at)
        repository.move("refs/heads/staging", first)
        head = repository.commit(first, {"b.py": "b\n"}, "more", "ada", at)
        repository.move("refs/heads/feature/x", head)
        pulls = GitHubPullRequests(connected(github, tmp_path).calls, github.clock)

        order = PullRequestOrder("feature/x", "staging", "More", "of it")
        github.loses_its_reply_after("POST", "/pulls$")
        opened = pulls.open(order)
        again = pulls.open(order)
        assert (opened.ours, again.ours, opened.pull.number, again.pull.number) == (True, False, 1, 1)

        pulls.label(1, ["urgent", "hotfix"], ["gone"])
        pulls.edit(1, "Better", "words")
        github.as_("ben").reviews(1, "APPROVED")
        (listed,) = pulls.open_ones()
        read = pulls.read(1)
        assert read and read.without_details() == listed
        assert (read.title, read.labels, read.head, read.fork) == ("Better", ("urgent", "hotfix"), head, "")
        assert [(one.person, one.word) for one in read.opinions or ()] == [("ben", Word.APPROVED)]

        assert pulls.close(1) is PullState.CLOSED
        assert pulls.close(1) is PullState.CLOSED
        ended = pulls.read(1)
        assert ended and (ended.state, ended.ended_by) == (PullState.CLOSED, "gate")
        assert pulls.read(9) is None


def test_a_fork_that_is_gone_is_a_fork(tmp_path: Path) -> None:
    with github_stand_in(tmp_path) as github:
        repository = Repository(github.host.path)
        repository.move("refs/heads/staging", repository.commit(None, {"a": "a"}, "first", "ada", github.clock.now()))
        for fork in ("linus/marketedge", "linus/"):
            github.as_("linus").opens_from_fork(fork, "feature/x", "f" * 40)
        forks = [pull.fork for pull in GitHubPullRequests(connected(github, tmp_path).calls, github.clock).open_ones()]
        assert forks == ["linus/marketedge", "linus/unknown"]
