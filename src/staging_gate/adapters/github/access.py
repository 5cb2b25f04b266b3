"""Whether what we are signed in as may do what a code host must; and what to grant where not."""

from dataclasses import dataclass

from staging_gate.adapters.github.calls import Calls
from staging_gate.adapters.github.code_host import GitHubCodeHost
from staging_gate.adapters.github.credentials import AppToken, SignIn
from staging_gate.adapters.github.opinions import required
from staging_gate.adapters.github.shapes import Repository, understood
from staging_gate.ports.errors import OutsideError

NEEDED = ("contents", "pull_requests")
"""Rights of an App that must be `write`."""

GRANT = "docs/adapters/github.md lists the rights that are needed."


@dataclass(frozen=True)
class Access:
    """`found` is what there is, `do` what to change where it is not enough."""

    ok: bool
    found: str
    do: str = ""


def examine(host: GitHubCodeHost, sign_in: SignIn) -> Access:
    """Asks the API and fetches; never raises for what GitHub says."""
    try:
        repository, left = _asked(host.calls)
        host.look_again()
    except OutsideError as error:
        return Access(False, error.message, GRANT)
    if repository.archived:
        do = "Unarchive it in its settings at GitHub, or name another one in GATE_REPOSITORY."
        return Access(False, f"{repository.full_name} is archived: nothing can be merged into it.", do)
    if isinstance(sign_in, AppToken):
        return _of_app(repository, sign_in.permissions(), left)
    return _of_token(repository, left)


def examine_branch(calls: Calls, branch: str) -> Access:
    """Whether GitHub closes the moment between our look at the branch and its merge; and what else it asks for."""
    try:
        wanted = required(calls.rules(branch), calls.classic_requirement(branch))
    except OutsideError as error:
        return Access(False, error.message, GRANT)
    if not any(one.strict for one in wanted):
        found = f"{branch} at GitHub may move while something is merged into it: branches need not be up to date."
        return Access(False, found, f"Switch on `Require branches to be up to date before merging` for {branch} there.")
    names = ", ".join(sorted({one.name for one in wanted}))
    return Access(True, f"{branch} at GitHub takes only branches that are up to date, and asks for {names}")


def _asked(calls: Calls) -> tuple[Repository, str]:
    answer = calls.http.get(f"/repos/{calls.name}")
    left, most = (answer.headers.get(f"x-ratelimit-{name}") for name in ("remaining", "limit"))
    return understood(Repository, answer), f"; {left} of {most} requests left this hour" if left and most else ""


def _of_app(repository: Repository, granted: dict[str, str] | None, left: str) -> Access:
    lacking = [right for right in NEEDED if (granted or {}).get(right) not in ("write", "admin")]
    if lacking:
        wanted = ", ".join(f"{right}: write" for right in lacking)
        do = "Grant that in the App's settings at GitHub (Permissions), and accept it where the App is installed."
        return Access(False, f"The App lacks rights on {repository.full_name}: {wanted}.", do)
    return Access(True, f"{repository.full_name} at GitHub, as an App that may write contents and pull requests{left}")


def _of_token(repository: Repository, left: str) -> Access:
    if repository.permissions is None:
        return Access(False, f"GitHub does not say what the token may do on {repository.full_name}.", GRANT)
    if not repository.permissions.get("push"):
        return Access(False, f"The token may read {repository.full_name} and not write to it.", GRANT)
    return Access(True, f"{repository.full_name} at GitHub, with a token of somebody who may push{left}")
