"""Where this installation keeps its state and how it is reached: a few variables, sensible without any."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from staging_gate.wire.signatures import SCHEMES

DATABASE = "gate.db"
INBOX = "inbox.db"
NOT_TO_BE_REACHED = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "::")  # noqa: S104 - nothing is bound by it
SYSTEM_STATE = Path("/var/lib/staging-gate")
"""As root: never under a home, because services run as another user."""


class CanNotStart(Exception):
    """This installation can not be opened here; the text says why, and what to do."""


class BadSetting(CanNotStart):
    """A variable holds what can not be meant; the text names it."""


@dataclass(frozen=True)
class Settings:
    """`state` holds everything. `environment` is what /health of Staging Gate itself says."""

    state: Path
    host: str = "127.0.0.1"
    port: int = 7070
    database_url: str = ""
    service_account: str = "nobody"
    build_account: str = ""
    environment: str = "production"
    public: str = ""
    proof_postgres: str = ""
    render_key: str = field(default="", repr=False)
    render_api: str = ""
    vercel_key: str = field(default="", repr=False)
    vercel_api: str = ""
    repository: str = ""
    github_api: str = ""
    github_token: str = field(default="", repr=False)
    github_app: str = ""
    github_key: str = field(default="", repr=False)
    authorities: Path | None = None
    hook_secrets: Mapping[str, tuple[bytes, ...]] = field(default_factory=dict, repr=False)
    lost_every: timedelta = timedelta(minutes=3)

    @property
    def public_address(self) -> str:
        """Where people reach the pages from their machines; empty where nobody said and only this machine can."""
        return self.public.rstrip("/") or ("" if self.host in NOT_TO_BE_REACHED else self.address)

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.state / DATABASE}"

    @property
    def database_kind(self) -> str:
        """Without the password that the address may hold."""
        return self.database.partition(":")[0].partition("+")[0]

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    @classmethod
    def read(
        cls, environ: Mapping[str, str] = os.environ, state: Path | None = None, port: int | None = None
    ) -> "Settings":
        """From the variables that docs/reference/settings.md lists; arguments win. Raises BadSetting."""
        return cls(
            state=(state or Path(environ.get("GATE_STATE") or default_state(environ))).absolute(),
            host=environ.get("GATE_HOST", cls.host),
            port=port or _port(environ.get("GATE_PORT", str(cls.port))),
            database_url=environ.get("GATE_DATABASE_URL", ""),
            service_account=environ.get("GATE_SERVICE_ACCOUNT", cls.service_account),
            build_account=environ.get("GATE_BUILD_ACCOUNT", cls.build_account),
            environment=environ.get("GATE_ENVIRONMENT", cls.environment),
            public=_address(environ.get("GATE_ADDRESS", "")),
            proof_postgres=environ.get("GATE_PROOF_POSTGRES", ""),
            render_key=environ.get("GATE_RENDER_KEY", "").strip(),
            repository=_repository(environ),
            github_api=_address(environ.get("GATE_GITHUB_API", ""), "GATE_GITHUB_API"),
            github_token=environ.get("GATE_GITHUB_TOKEN", "").strip(),
            github_app=environ.get("GATE_GITHUB_APP", "").strip(),
            github_key=environ.get("GATE_GITHUB_KEY", "").strip(),
            authorities=Path(ca) if (ca := environ.get("GATE_AUTHORITIES", "")) else None,
            render_api=_address(environ.get("GATE_RENDER_API", ""), "GATE_RENDER_API"),
            vercel_key=environ.get("GATE_VERCEL_KEY", "").strip(),
            vercel_api=_address(environ.get("GATE_VERCEL_API", ""), "GATE_VERCEL_API"),
            hook_secrets={provider: found for provider in SCHEMES if (found := _secrets(environ, provider))},
            lost_every=_minutes(environ.get("GATE_LOST_EVERY", "3")),
        )


def default_state(environ: Mapping[str, str] = os.environ) -> Path:
    if os.geteuid() == 0:
        return SYSTEM_STATE
    home = environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return Path(home) / "staging-gate"


def _secrets(environ: Mapping[str, str], provider: str) -> tuple[bytes, ...]:
    """The one of today, and the one before it, so that a new one can be set up before the old one goes."""
    name = f"GATE_HOOK_{provider.upper()}"
    return tuple(secret.encode() for key in (name, f"{name}_BEFORE") if (secret := environ.get(key, "").strip()))


def _repository(environ: Mapping[str, str]) -> str:
    """`github:OWNER/NAME`, or nothing for the repository on this machine."""
    text = environ.get("GATE_REPOSITORY", "").strip()
    if text and not re.fullmatch(r"github:[A-Za-z0-9-]+/(?!\.{1,2}$)[A-Za-z0-9._-]+", text):
        raise BadSetting(
            f"GATE_REPOSITORY is {text!r}; the repository at GitHub is wanted, such as github:zebra/marketedge. Leave "
            "it out for the one on this machine."
        )
    if (
        text
        and not environ.get("GATE_GITHUB_TOKEN")
        and not (environ.get("GATE_GITHUB_APP") and environ.get("GATE_GITHUB_KEY"))
    ):
        raise BadSetting(
            f"GATE_REPOSITORY is {text}, and nothing says how to sign in there: set GATE_GITHUB_TOKEN, or "
            "GATE_GITHUB_APP and GATE_GITHUB_KEY. docs/adapters/github.md says which rights they need."
        )
    return text


def _address(text: str, name: str = "GATE_ADDRESS") -> str:
    if text and not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", text):
        raise BadSetting(f"{name} is {text!r}; an address such as https://gate.example.com is wanted.")
    return text


def _minutes(text: str) -> timedelta:
    if not text.isdigit() or not 0 < int(text) <= 1440:
        raise BadSetting(f"GATE_LOST_EVERY is {text!r}; a number of minutes from 1 to 1440 is wanted.")
    return timedelta(minutes=int(text))


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise BadSetting(f"GATE_PORT is {text!r}; a port from 1 to 65535 is wanted.")
    return int(text)
