"""What people do at GitHub's own pages, and the calls that do the same."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from staging_gate.domain.policy import MergeMethod
from staging_gate.ports.code_host import MergeOrder
from staging_gate.testing.github import bodies
from staging_gate.testing.github.state import Asked, Pull
from staging_gate.testing.web import Reply, json_reply

if TYPE_CHECKING:
    from staging_gate.testing.github.stand_in import GitHubStandIn

NOT_FOUND = json_reply(404, bodies.error("Not Found"))


class Hands:
    """Acts on the stand-in as somebody who signed in there with a browser."""

    def __init__(self, github: "GitHubStandIn", login: str) -> None:
        self._github, self._login = github, login

    def opens(self, head: str, base: str = "staging", title: str = "", body: str = "", draft: bool = False) -> int:
        github, number = self._github, len(self._github.pulls) + 1
        at, sha = github.clock.now(), github.host.branches()[head]
        github.pulls.append(Pull(number, head, base, title or head, body, self._login, at, sha, draft=draft))
        return number

    def opens_from_fork(self, fork: str, head: str, commit: str, base: str = "staging") -> int:
        github, number = self._github, len(self._github.pulls) + 1
        at = github.clock.now()
        github.pulls.append(Pull(number, head, base, head, None, self._login, at, commit, fork=fork))
        return number

    def reviews(self, number: int, state: str, commit: str = "") -> int:
        """The id of the review."""
        given = self._github.reviews.setdefault(number, [])
        made = number * 1000 + len(given) + 1
        given.append(
            {
                "id": made,
                "user": bodies.user(self._login, is_bot=self._login.endswith("[bot]")),
                "state": state,
                "commit_id": commit or self._pull(number).head_sha,
                "submitted_at": bodies.moment(self._github.clock.now()),
                "html_url": f"https://github.example/{self._github.name}/pull/{number}#pullrequestreview-{made}",
                "body": "",
            }
        )
        return made

    def dismisses(self, number: int, review: int) -> None:
        for one in self._github.reviews[number]:
            if one["id"] == review:
                one["state"] = "DISMISSED"

    def edits(self, number: int, **fields: Any) -> None:
        pull = self._pull(number)
        for name, value in fields.items():
            setattr(pull, name, value)

    def closes(self, number: int) -> None:
        pull = self._pull(number)
        pull.state, pull.closed_at, pull.closed_by = "closed", self._github.clock.now(), self._login

    def reopens(self, number: int) -> None:
        pull = self._pull(number)
        pull.state, pull.closed_at, pull.closed_by = "open", None, None

    def merges(self, number: int, method: MergeMethod = MergeMethod.MERGE) -> str:
        """The commit that it made. GitHub's page asks nobody of us."""
        github, pull = self._github, self._pull(number)
        base, head = github.host.branches()[pull.base], github.host.branches()[pull.head]
        preview = github.host.preview_merge(base, head)
        assert preview.merged, "it does not merge"
        key, message = f"by-hand-{number}", f"Merge pull request #{number}"
        tree, at = preview.merged.tree, github.clock.now()
        order = MergeOrder(key, pull.base, base, head, tree, method, message, self._login, at)
        merged = github.host.merge(order).commit
        pull.state, pull.merged_as, pull.closed_at, pull.closed_by = "closed", merged, at, self._login
        pull.head_sha = head
        github.saw_push(pull.base, merged, self._login, "pr_merge")
        return merged

    def _pull(self, number: int) -> Pull:
        return next(one for one in self._github.pulls if one.number == number)


def edit_pull(github: "GitHubStandIn", asked: Asked) -> Reply:
    pull = next((one for one in github.pulls if one.number == asked.number()), None)
    if pull is None:
        return NOT_FOUND
    wanted = asked.request.json()
    pull.title, pull.body = wanted.get("title", pull.title), wanted.get("body", pull.body)
    pull.base = wanted.get("base", pull.base)
    if wanted.get("state") == "closed" and pull.state == "open":
        pull.state, pull.closed_at, pull.closed_by = "closed", github.clock.now(), asked.by.login
    return json_reply(200, bodies.pull(pull, github.name, github.host.branches().get(pull.base, bodies.ZERO)))


def issue(github: "GitHubStandIn", asked: Asked) -> Reply:
    pull = next((one for one in github.pulls if one.number == asked.number()), None)
    if pull is None:
        return NOT_FOUND
    by = bodies.user(pull.closed_by) if pull.closed_by else None
    told = {"number": pull.number, "title": pull.title, "state": pull.state, "user": bodies.user(pull.user)}
    return json_reply(200, {**told, "closed_by": by, "closed_at": bodies.moment(pull.closed_at), "pull_request": {}})


Answer = Callable[["GitHubStandIn", Asked], Reply]

ROUTES: tuple[tuple[str, str, bool, Answer], ...] = (
    ("PATCH", r"/pulls/(\d+)", False, edit_pull),
    ("GET", r"/issues/(\d+)", False, issue),
)
