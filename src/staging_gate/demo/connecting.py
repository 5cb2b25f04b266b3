"""The connected stage: a GitHub and a Render of the demo's own, and what the server and the people know of them."""

import base64
import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import yaml

from staging_gate.demo.people import Deviation
from staging_gate.demo.running import Lifeline, start_providers

ANSWER_WITHIN = 10.0
CHECK = "python -m alembic upgrade head"
"""What `db-migrations` is where no service has a schema: all migrations, on an empty database."""
NOT_AT_RENDER = ("way_back_proved",)
"""The product proves no way back for databases that it can not reach."""


@dataclass(frozen=True)
class Connection:
    """`settings` are for `gate up`, `policy` is the product's gate.yaml, `passwords` open the code by person.

    `github` is its API, `render` the API of Render, which `key` opens; `services` are the ids there by service and
    environment, `panel` tells the figures of both.
    """

    settings: dict[str, str] = field(repr=False)
    policy: str
    code: str
    passwords: dict[str, str] = field(repr=False)
    github: str
    render: str
    key: str = field(repr=False)
    services: dict[str, dict[str, str]]
    panel: str

    def asks_github(self, who: str, method: str, path: str, body: object = None) -> Any:
        """About the repository, in this person's name."""
        return _asked(method, f"{self.github}/repos/zebra/marketedge{path}", self.passwords[who], body)

    def asks_render(self, method: str, path: str, body: object = None) -> Any:
        """As whoever has an account there."""
        return _asked(method, f"{self.render}{path}", self.key, body)

    def figures(self) -> Any:
        """`calls` by provider, and `webhooks`: those `delivered` and `lost`."""
        return _asked("GET", self.panel)

    def loses_a_webhook(self, whose: str) -> None:
        """The next one."""
        _asked("POST", f"{self.panel}/lose/{whose}")


def connect(folder: Path, address: str, policy: str, known: dict[str, str], lifeline: Lifeline) -> Connection:
    """Start both. `policy` is that of services on this machine: so they are set up at Render. Raises NotSetUp."""
    blueprint = folder / "render.yaml"
    blueprint.write_text(policy)
    hooks = {
        "GATE_HOOK_GITHUB": secrets.token_urlsafe(24),
        "GATE_HOOK_RENDER": f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}",
    }
    found = start_providers(folder, address, blueprint, {**known, **hooks}, lifeline)
    github, render = found["github"], found["render"]
    settings = {
        **hooks,
        "GATE_REPOSITORY": "github:zebra/marketedge",
        "GATE_GITHUB_API": github["api"],
        "GATE_GITHUB_TOKEN": github["token"],
        "GATE_RENDER_API": render["api"],
        "GATE_RENDER_KEY": render["key"],
    }
    return Connection(
        settings=settings,
        policy=connected_policy(policy, render["services"]),
        code=github["code"],
        passwords=github["people"],
        github=github["api"],
        render=render["api"],
        key=render["key"],
        services=render["services"],
        panel=found["panel"],
    )


def connected_policy(text: str, services: dict[str, dict[str, str]]) -> str:
    """The same product where Render runs its services: it migrates their databases, and has their variables."""
    policy: dict[str, Any] = yaml.safe_load(text)
    policy["repository"] = {"git": "github:zebra/marketedge"}
    for name, service in policy["services"].items():
        service.pop("schema", None)
        service["targets"] = {
            environment: {"render": {"service": services[name][environment], "environ": _declared(target["local"])}}
            for environment, target in service["targets"].items()
        }
    policy["checks"]["db-migrations"] = {"command": CHECK, "within": "5m"}
    production = policy["flow"]["production"]
    production["requires"] = [one for one in production["requires"] if one not in NOT_AT_RENDER]
    return yaml.safe_dump(policy, sort_keys=False, allow_unicode=True)


def _asked(method: str, url: str, token: str = "", body: object = None) -> Any:
    """Raises Deviation where it is not done."""
    given = None if body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    request = Request(url, given, headers, method=method)  # noqa: S310 - an address of this demo
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=ANSWER_WITHIN) as answer:
            return json.loads(answer.read())
    except OSError as error:
        raise Deviation(f"{method} {url}: {error}") from error


def _declared(local: dict[str, Any]) -> dict[str, str]:
    """Without secrets: those are at Render only."""
    return {name: value for name, value in local.get("environ", {}).items() if not value.startswith("env:")}
