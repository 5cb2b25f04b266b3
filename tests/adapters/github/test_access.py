"""What `gate doctor` says about GitHub."""

from collections.abc import Callable

import pytest

from staging_gate.adapters.github import Access, GitHubCodeHost, examine, examine_branch
from staging_gate.adapters.github.credentials import AppToken, Token
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.web import Reply
from tests.adapters.git.repositories import commit
from tests.adapters.github.connecting import TOKEN, connected


def seen(host: GitHubCodeHost) -> Access:
    return examine(host, Token(TOKEN))


def test_a_token_that_may_push(github: GitHubStandIn, host: GitHubCodeHost) -> None:
    commit(github.host.path, "main", {"a": "1"})

    assert seen(host) == Access(
        True, "zebra/marketedge at GitHub, with a token of somebody who may push; 4999 of 5000 requests left this hour"
    )


PROBLEMS: dict[str, tuple[Callable[[GitHubStandIn], object], str]] = {
    "reads only": (
        lambda github: github.particulars.update(permissions={"pull": True, "push": False}),
        "The token may read zebra/marketedge and not write to it.",
    ),
    "nobody says": (
        lambda github: github.particulars.update(permissions=None),
        "GitHub does not say what the token may do on zebra/marketedge.",
    ),
    "archived": (
        lambda github: github.particulars.update(archived=True),
        "zebra/marketedge is archived: nothing can be merged into it.",
    ),
    "revoked": (
        lambda github: github.revoke(),
        "GitHub refused GET /api/v3/repos/zebra/marketedge with 401: Bad credentials. The token was revoked, has "
        "expired or is wrong: make a new one and put it where the settings say.",
    ),
    "may not fetch": (
        lambda github: github.has_trouble(Reply(403), path=r"\.git/"),
        "does not let us read the code: the token is wrong, was revoked, or may not read the contents of this",
    ),
    "another one": (
        lambda github: github.has_trouble(Reply(404, b'{"message": "Not Found"}'), path="/repos/"),
        "with 404: Not Found. It is not there, or the token may not see it: check the name, and the token's access",
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_is_missing_is_told(github: GitHubStandIn, host: GitHubCodeHost, problem: str) -> None:
    happens, said = PROBLEMS[problem]
    happens(github)

    access = seen(host)

    assert not access.ok
    assert said in access.found
    assert access.do


@pytest.mark.parametrize(
    ("rights", "lacking"),
    [
        ({"contents": "write", "pull_requests": "write"}, None),
        ({"contents": "read", "pull_requests": "write"}, "contents: write"),
        ({"metadata": "read"}, "contents: write, pull_requests: write"),
        (None, "contents: write, pull_requests: write"),
    ],
)
def test_rights_of_an_app(
    github: GitHubStandIn, app: GitHubCodeHost, rights: dict[str, str] | None, lacking: str | None
) -> None:
    github.rights = rights  # type: ignore[assignment]
    sign_in = app.calls.http.credentials
    assert isinstance(sign_in, AppToken)

    access = examine(app, sign_in)

    if lacking is None:
        assert access.found.startswith(
            "zebra/marketedge at GitHub, as an App that may write contents and pull requests"
        )
    else:
        assert access.found == f"The App lacks rights on zebra/marketedge: {lacking}."
        assert "Permissions" in access.do
    assert access.ok is (lacking is None)


def test_nobody_is_reached(github: GitHubStandIn, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("gone")
    host = connected(github, folder)
    github.has_trouble(Reply(503), times=99)

    access = examine(host, Token(TOKEN))

    assert (access.ok, access.found) == (
        False,
        "GitHub answered 503 to GET /api/v3/repos/zebra/marketedge. It may work later.",
    )
    host.close()


class TestABranch:
    def wants(self, github: GitHubStandIn, strict: bool) -> None:
        parameters = {
            "required_status_checks": [{"context": "lint"}, {"context": "ci"}],
            "strict_required_status_checks_policy": strict,
        }
        github.rules["staging"] = [{"type": "required_status_checks", "parameters": parameters}]

    @pytest.fixture(autouse=True)
    def staging(self, github: GitHubStandIn) -> None:
        commit(github.host.path, "staging", {"a": "1"})

    def test_that_must_be_up_to_date(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        self.wants(github, strict=True)

        assert examine_branch(host.calls, "staging") == Access(
            True, "staging at GitHub takes only branches that are up to date, and asks for ci, lint"
        )

    @pytest.mark.parametrize("rules", [True, False])
    def test_that_need_not_be(self, github: GitHubStandIn, host: GitHubCodeHost, rules: bool) -> None:
        if rules:
            self.wants(github, strict=False)

        access = examine_branch(host.calls, "staging")

        assert not access.ok
        assert access.found.startswith("staging at GitHub may move while something is merged into it")
        assert access.do == "Switch on `Require branches to be up to date before merging` for staging there."

    def test_that_can_not_be_asked_for(self, github: GitHubStandIn, host: GitHubCodeHost) -> None:
        github.revoke()

        assert "Bad credentials" in examine_branch(host.calls, "staging").found
