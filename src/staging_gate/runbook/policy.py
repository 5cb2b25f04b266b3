"""Whose rules hold: main's. What a revision says about itself: its own services."""

from dataclasses import replace

from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import Policy
from staging_gate.domain.service import Schema, Service, Target
from staging_gate.ports import Ports
from staging_gate.ports.errors import Refused
from staging_gate.ports.policy import PolicyProblems

POLICY_FILE = "gate.yaml"
MAIN = "main"
STAGING = "staging"
"""Branch names until a policy names others."""


class NoPolicy(Exception):
    """main has no gate.yaml, or none that can be read; `problems` are its errors."""

    def __init__(self, problems: tuple[str, ...] = ()) -> None:
        text = "main has no gate.yaml yet." if not problems else "main's gate.yaml can not be read:\n"
        super().__init__(text + "\n".join(problems))
        self.problems = problems


def policy_in_force(ports: Ports) -> Policy | None:
    """main's gate.yaml; None until main has one that can be read."""
    try:
        return policy_at(ports, MAIN)
    except PolicyProblems:
        return None


def needed_policy(ports: Ports) -> Policy:
    """The policy in force, for acts that can not be without. Raises NoPolicy."""
    try:
        policy = policy_at(ports, MAIN)
    except PolicyProblems as broken:
        raise NoPolicy(broken.problems) from broken
    if policy is None:
        raise NoPolicy()
    return policy


def policy_at(ports: Ports, commit: str) -> Policy | None:
    """The gate.yaml of a revision; None where it has none. Raises PolicyProblems."""
    revision = ports.code_host.revision(commit)
    text = ports.code_host.file(revision.commit, POLICY_FILE) if revision else None
    return None if text is None else ports.policy.read(text, POLICY_FILE)


def services_of(ports: Ports, policy: Policy, commit: str, environment: Environment) -> tuple[Service, ...]:
    """How the revision says it is built, run and proved; *where* it runs is what main says, so that no change can
    redirect itself. A service that main does not know yet brings its own targets. Raises Refused where it says nothing
    that can be read."""
    try:
        own = policy_at(ports, commit) or policy
    except PolicyProblems as broken:
        said = f"The gate.yaml of {commit[:10]} can not be read: {broken.problems[0]}"
        raise Refused(said, "\n".join(broken.problems)) from broken
    known = {service.name: service for service in policy.services}
    services = (_placed(service, known.get(service.name)) for service in own.services)
    return tuple(service for service in services if service.runs_in(environment))


def _placed(service: Service, by_main: Service | None) -> Service:
    schema = _with_data_of_main(service.schema, by_main.schema if by_main else None)
    if by_main is None:
        return replace(service, schema=schema)
    targets = {e: _target(service, e, target) for e, target in by_main.targets.items()}
    return replace(service, schema=schema, targets=targets)


def _with_data_of_main(schema: Schema | None, by_main: Schema | None) -> Schema | None:
    """Migrations of a change are tried on the rows that main names, so that no change reads what it wants to."""
    if schema is None:
        return None
    return replace(schema, dump=by_main.dump if by_main else "", template=by_main.template if by_main else "")


def _target(service: Service, environment: Environment, by_main: Target) -> Target:
    own = service.targets.get(environment)
    return replace(by_main, environ=own.environ) if own else by_main
