"""A gate.yaml for a team whose code is at GitHub and whose services are at Render or Vercel."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from staging_gate.domain.environment import Environment
from staging_gate.testing.policies import gate_yaml

NOBODY: Mapping[str, str] = {}


def connected_yaml(
    services: Sequence[str] = ("api",), provider: str = "render", at: Mapping[str, str] = NOBODY, **over: Any
) -> str:
    """Like `gate_yaml`; all services are at the `provider`, but those that are `at` another. Databases are migrated
    there, so no service has a schema."""
    policy = yaml.safe_load(gate_yaml(services=services, **over))
    for name, service in policy["services"].items():
        service.pop("schema", None)
        where = at.get(name, provider)
        service["targets"] = {str(e): {where: _target(where, name, e)} for e in Environment}
    return yaml.safe_dump(policy, sort_keys=False)


def render_id(service: str, environment: Environment) -> str:
    """They have 20 letters and digits."""
    return "srv-" + f"{service}{environment}".ljust(20, "0")


def vercel_id(service: str) -> str:
    """One project has production and previews; they have 28 letters and digits."""
    return "prj_" + service.ljust(28, "0")


def vercel_domain(service: str, environment: Environment) -> str:
    return f"{service}.example" if environment is Environment.PRODUCTION else f"{environment}.{service}.example"


def _target(provider: str, service: str, environment: Environment) -> dict[str, str]:
    if provider == "vercel":
        return {"project": vercel_id(service), "domain": vercel_domain(service, environment)}
    return {"service": render_id(service, environment)}
