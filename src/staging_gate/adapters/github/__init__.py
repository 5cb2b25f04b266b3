"""GitHub as a code host, and GitHub Enterprise Server."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from staging_gate.adapters.github.access import Access, examine, examine_branch
from staging_gate.adapters.github.calls import Calls
from staging_gate.adapters.github.code_host import GitHubCodeHost, Mirror
from staging_gate.adapters.github.credentials import AppKey, AppToken, SignIn, Token
from staging_gate.adapters.github.deliveries import GitHubDeliveries
from staging_gate.adapters.github.provider import GITHUB, HEADERS
from staging_gate.adapters.github.pull_requests import GitHubPullRequests
from staging_gate.adapters.github.pushed import GitHubTagNews
from staging_gate.adapters.github.reporting import GitHubReports
from staging_gate.adapters.github.rights import examine_rights
from staging_gate.adapters.github.rulesets import GitHubProtection
from staging_gate.adapters.github.webhooks import GitHubWebhooks
from staging_gate.ports.clock import Clock
from staging_gate.ports.errors import Refused
from staging_gate.wire.answers import Call
from staging_gate.wire.http import Credentials, Http, Limits
from staging_gate.wire.memory import Memory

__all__ = [
    "Access",
    "Connection",
    "GitHubCodeHost",
    "GitHubPullRequests",
    "GitHubDeliveries",
    "GitHubProtection",
    "GitHubReports",
    "GitHubWebhooks",
    "GitHubTagNews",
    "Settings",
    "connect",
    "examine",
    "examine_branch",
    "examine_rights",
    "host",
    "repository_address",
]

API = "https://api.github.com"


@dataclass(frozen=True)
class Settings:
    """`repository` is OWNER/NAME. Either `token`, or `app` (client id or number) and its private `key` in PEM.

    `api` is `https://HOST/api/v3` on GitHub Enterprise Server. `fresh_for` is how old the copy of the branches may be.
    """

    repository: str
    token: str = field(default="", repr=False)
    app: str = ""
    key: str = field(default="", repr=False)
    api: str = API
    authorities: Path | None = None
    fresh_for: timedelta = timedelta(seconds=5)
    limits: Limits = Limits()


@dataclass(frozen=True)
class Connection:
    """What is signed in to GitHub: `calls` for the API, `sign_in` for git."""

    settings: Settings
    calls: Calls
    sign_in: SignIn

    def user_and_password(self) -> tuple[str, str]:
        """For git over HTTP."""
        return "x-access-token", self.sign_in.token()


def connect(settings: Settings, clock: Clock, record: Callable[[Call], None] | None = None) -> Connection:
    """Nothing is asked yet. Refused where the key or the file of authorities can not be used."""

    def http(credentials: Credentials) -> Http:
        return Http(
            GITHUB,
            settings.api,
            clock,
            credentials=credentials,
            headers=HEADERS,
            authorities=settings.authorities,
            limits=settings.limits,
            record=record,
            memory=Memory(),
        )

    sign_in: SignIn = Token(settings.token)
    if settings.app:
        sign_in = AppToken(http(AppKey(settings.app, settings.key, clock)), settings.repository, clock)
    return Connection(settings, Calls(http(sign_in), settings.repository), sign_in)


def host(connection: Connection, mirror: Mirror, fetch: Callable[[], None], clock: Clock) -> GitHubCodeHost:
    """`mirror` is a copy of the repository that `fetch` brings up to date."""

    def fetch_signed_in() -> None:
        """git says no to a revoked token as to a missing right: where a fresh one can be had, it is tried with that."""
        try:
            fetch()
        except Refused:
            if not connection.sign_in.refused():
                raise
            fetch()

    return GitHubCodeHost(connection.calls, mirror, fetch_signed_in, clock, connection.settings.fresh_for)


def repository_address(settings: Settings) -> str:
    """Where git fetches the repository from."""
    parts = urlsplit(settings.api)
    place = "https://github.com" if settings.api == API else f"{parts.scheme}://{parts.netloc}"
    return f"{place}/{settings.repository}.git"
