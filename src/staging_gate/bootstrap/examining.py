"""What `gate doctor` shows of the services at providers, one by one."""

from collections.abc import Iterator
from dataclasses import replace

from staging_gate.adapters import vercel
from staging_gate.adapters.render import Examined, RenderTarget
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import Policy
from staging_gate.ports import Ports


def examine_vercel(ports: Ports, policy: Policy) -> Iterator[tuple[str, vercel.Examined]]:
    """One for each service at Vercel in each environment."""
    at_vercel = ports.targets.get("vercel")
    if not isinstance(at_vercel, vercel.VercelTarget):
        return
    for environment in Environment:
        for service in policy.services_in(environment):
            target = service.target(environment)
            if target.provider == "vercel":
                wanted = replace(target, environ={**service.environ, **target.environ})
                yield f"{environment} {service.name}", at_vercel.examine(wanted)


def examine_render(ports: Ports, policy: Policy) -> Iterator[tuple[str, Examined]]:
    """What was looked at, and how it is; nothing where no service is at Render."""
    render = ports.targets.get("render")
    places = [
        (environment, service, service.target(environment))
        for environment in Environment
        for service in policy.services_in(environment)
        if service.target(environment).provider == "render"
    ]
    if not places or not isinstance(render, RenderTarget):
        return
    access = render.workspaces()
    yield "Render", access
    for environment, service, target in places if access.ok else ():
        wanted = replace(target, environ={**service.environ, **target.environ})
        branch = policy.lane(environment).branch
        for one in render.examine(wanted, policy.repository, branch):
            yield f"{environment} {service.name}", one
