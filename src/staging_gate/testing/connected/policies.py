"""A gate.yaml for a team whose code is at GitHub and whose services are at Render."""

from collections.abc import Sequence
from typing import Any

import yaml

from staging_gate.domain.environment import Environment
from staging_gate.testing.policies import gate_yaml


def connected_yaml(services: Sequence[str] = ("api",), **over: Any) -> str:
    """Like `gate_yaml`; Render migrates databases itself, so no service has a schema."""
    policy = yaml.safe_load(gate_yaml(services=services, **over))
    for name, service in policy["services"].items():
        service.pop("schema", None)
        service["targets"] = {str(e): {"render": {"service": render_id(name, e)}} for e in Environment}
    return yaml.safe_dump(policy, sort_keys=False)


def render_id(service: str, environment: Environment) -> str:
    """They have 20 letters and digits."""
    return "srv-" + f"{service}{environment}".ljust(20, "0")
