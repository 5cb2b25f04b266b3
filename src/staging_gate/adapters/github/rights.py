"""Which rights we have at GitHub besides those without which nothing goes, and what is lost without the others."""

from dataclasses import dataclass

from staging_gate.adapters.github.access import GRANT, Access
from staging_gate.adapters.github.calls import Calls
from staging_gate.adapters.github.credentials import AppToken, SignIn
from staging_gate.ports.errors import OutsideError

WRITES = ("write", "admin")
SCOPE = "repo"


@dataclass(frozen=True)
class Right:
    """Of an App, by GitHub's name; `without` is what does not go."""

    name: str
    level: str
    without: str

    def given(self, granted: dict[str, str]) -> bool:
        return granted.get(self.name) in (WRITES if self.level == "write" else ("read", *WRITES))


RIGHTS = (
    Right("checks", "write", "the gate's verdict is no check run, and `staging-gate` can not be bound to the App"),
    Right("statuses", "read", "results that are told as commit statuses are not seen"),
    Right("deployments", "write", "deployments are not shown at GitHub"),
    Right("administration", "read", "`gate github check` does not see who may pass the rules"),
)
FOR_SETUP = "`gate github setup` needs Administration: write while it runs, and nobody needs it afterwards"


def examine_rights(calls: Calls, sign_in: SignIn) -> Access:
    """Never raises for what GitHub says."""
    try:
        if isinstance(sign_in, AppToken):
            return _of_app(sign_in.permissions())
        return _of_token(calls.http.get(f"/repos/{calls.name}").headers.get("x-oauth-scopes"))
    except OutsideError as error:
        return Access(False, error.message, GRANT)


def _of_app(granted: dict[str, str] | None) -> Access:
    if granted is None:
        return Access(False, "GitHub does not say what the App may do.", GRANT)
    has = ", ".join(f"{name}: {level}" for name, level in sorted(granted.items()))
    lacking = [right for right in RIGHTS if not right.given(granted)]
    if not lacking:
        setup = "" if granted.get("administration") in WRITES else f"; {FOR_SETUP}"
        return Access(True, f"the App has {has}{setup}")
    lost = "; ".join(f"without {right.name}: {right.level}, {right.without}" for right in lacking)
    grant = ", ".join(f"{right.name}: {right.level}" for right in lacking)
    do = f"Grant {grant} in the App's settings at GitHub (Permissions), and accept it where the App is installed."
    return Access(False, f"The App has {has}; {lost}.", do)


def _of_token(scopes: str | None) -> Access:
    """A classic token comes with its scopes; of a fine-grained one GitHub tells nothing before it refuses."""
    if not scopes:
        return Access(True, "GitHub does not list the rights of this token: a call that it refuses names what it lacks")
    if SCOPE not in [one.strip() for one in scopes.split(",")]:
        return Access(False, f"The token has the scopes {scopes}.", f"Make one with the scope `{SCOPE}`. {GRANT}")
    return Access(True, f"a classic token with the scopes {scopes}: it reaches every repository of its owner")
