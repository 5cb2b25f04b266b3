"""What `gate doctor` says of a project at Vercel: whether we may deploy it, and how it is set up."""

from collections.abc import Callable
from dataclasses import dataclass

from staging_gate.adapters.vercel.comparing import PRODUCTION, domain_of, environment_of
from staging_gate.adapters.vercel.shapes import Project
from staging_gate.domain.service import Target
from staging_gate.ports.errors import OutsideError

GRANT = "docs/adapters/vercel.md says which token and which settings of the project are needed."


@dataclass(frozen=True)
class Examined:
    """One project that was looked at; where it is not well, what to do."""

    ok: bool
    found: str
    do: str = ""


def examined(target: Target, objection: str | None, project: Callable[[Target], Project]) -> Examined:
    """`objection` is why deployments to the target can not work. Never raises for what Vercel says."""
    if objection:
        return Examined(False, objection, GRANT)
    try:
        return Examined(True, _found(target, project(target)))
    except OutsideError as error:
        return Examined(False, error.message, GRANT)


def _found(target: Target, project: Project) -> str:
    linked = project.repository
    where = "/".join(filter(None, (linked.org, linked.repo))) if linked else ""
    of = f" of {where}" if where else ""
    environment = target.settings.get("environment", PRODUCTION)
    said = f"{project.name}{of} can be deployed, {environment} at {domain_of(target, project)}"
    if environment_of(target, project) == PRODUCTION and project.assigns_itself is not False:
        return f"{said}; what is built there goes live by itself until our next deployment stops that"
    return said
