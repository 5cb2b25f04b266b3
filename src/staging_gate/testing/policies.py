"""A small gate.yaml for stories, with the few things that they vary."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

PEOPLE = ("ada", "ben", "cleo", "tess", "stan", "dora")
ROLES: Mapping[str, Sequence[str]] = {"tech_lead": ["tess"], "stakeholder": ["stan"], "devops": ["dora"]}
REQUIRED = ("verified_in_staging", "tested_by_a_person", "no_critical_bugs", "migrations_proved")


def gate_yaml(
    *,
    services: Sequence[str] = ("api",),
    checks: Sequence[str] = ("zebra-smoke", "db-migrations"),
    staging: Mapping[str, Any] | None = None,
    production: Mapping[str, Any] | None = None,
    people: Sequence[str] = PEOPLE,
    roles: Mapping[str, Sequence[str]] = ROLES,
    service: Mapping[str, Any] | None = None,
    proof: Mapping[str, Any] | None = None,
    calendar: Mapping[str, Any] | None = None,
    notify: Mapping[str, Any] | None = None,
) -> str:
    """The text of a valid gate.yaml. `staging` and `production` are laid over the flow, `service` over each service;
    with `proof` the check db-migrations proves migrations, by these rules."""
    commands: dict[str, dict[str, Any]] = {name: {"command": f"run {name}"} for name in checks}
    if proof is not None:
        commands["db-migrations"] = {"proves": "migrations", **proof}
    return yaml.safe_dump(
        {
            "product": "marketedge",
            "services": {name: _service(name, number, service or {}) for number, name in enumerate(services)},
            "checks": commands,
            "flow": {"staging": _staging(checks, staging or {}), "production": _production(production or {})},
            **({"calendar": dict(calendar)} if calendar else {}),
            "people": {name: f"{name}@marketedge.example" for name in people},
            "roles": {role: list(names) for role, names in roles.items()},
            **({"notify": notify} if notify else {}),
        },
        sort_keys=False,
    )


def _staging(checks: Sequence[str], over: Mapping[str, Any]) -> dict[str, Any]:
    return {"branch": "staging", "checks": list(checks), "approvals": {"review": 1}, **over}


def _production(over: Mapping[str, Any]) -> dict[str, Any]:
    approvals = {"tech_lead": 1, "stakeholder": 1}
    return {"branch": "main", "from": "staging", "requires": list(REQUIRED), "approvals": approvals, **over}


def _service(name: str, number: int, over: Mapping[str, Any]) -> dict[str, Any]:
    schema = {"schema": {"alembic": "alembic.ini", "database": "DATABASE_URL"}} if name == "api" else {}
    return {
        "run": f"serve {name} --port $PORT",
        "smoke": {"command": f"smoke/{name}.py $URL"},
        **schema,
        "targets": {
            "staging": {"local": {"port": 8101 + 2 * number, "environ": {"DATABASE_URL": "sqlite:///staging.db"}}},
            "production": {"local": {"port": 8100 + 2 * number, "environ": {"DATABASE_URL": "sqlite:///live.db"}}},
        },
        **over,
    }
