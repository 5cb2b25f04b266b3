"""What stands in the way of a service at Render, and what people should know of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from staging_gate.adapters.render.shapes import Hosted
from staging_gate.domain.service import Target

AT_GITHUB = "github:"


@dataclass(frozen=True)
class Examined:
    """One thing that was looked at; where it is not well, what to do."""

    ok: bool
    found: str
    do: str = ""


def objection(service: Hosted, closed_by_us: bool) -> str | None:
    """Why nothing can be deployed to it."""
    if service.suspended and not closed_by_us:
        by = f" (by {', '.join(service.suspended_by)})" if service.suspended_by else ""
        return f"{service.name} is suspended at Render{by}: resume it there."
    if service.image:
        return (
            f"{service.name} runs the image {service.image} at Render, so no commit can be deployed to it. "
            "Connect it to the repository."
        )
    return None


def differences(
    service: Hosted, declared: Mapping[str, str], there: Mapping[str, str], read: Callable[[str], str | None]
) -> str | None:
    """Variables that gate.yaml declares and Render has not, or has otherwise. Values are secrets: never said."""
    wanted = {name: read(value) or value for name, value in declared.items()}
    said = [f"{name} is not set" for name in wanted if name not in there]
    said += [f"{name} has another value" for name, value in wanted.items() if name in there and there[name] != value]
    return f"The environment of {service.name} at Render: {', '.join(said)}. Set it there." if said else None


def examine(
    service: Hosted,
    closed_by_us: bool,
    repository: str,
    branch: str,
    target: Target,
    there: Mapping[str, str],
    read: Callable[[str], str | None],
) -> list[Examined]:
    """`repository` is as gate.yaml names it, `branch` the environment's."""
    found = [_itself(service, closed_by_us), *_code(service, repository, branch), _deploys_itself(service)]
    if target.environ:
        said = differences(service, target.environ, there, read)
        found.append(Examined(said is None, said or f"{len(target.environ)} declared variables are as they should be"))
    return found


def _itself(service: Hosted, closed_by_us: bool) -> Examined:
    if said := objection(service, closed_by_us):
        return Examined(False, said)
    kind = service.kind.replace("_", " ") or "service"
    where = service.address or "nobody can ask it from outside, so what Render says of it is all that proves it"
    state = "; closed by us until the next deployment" if service.suspended else ""
    return Examined(True, f"{service.name}, a {kind}: {where}{state}")


def _code(service: Hosted, repository: str, branch: str) -> list[Examined]:
    """Render fetches commits from the repository that it is connected to, whichever branch is named there."""
    if service.image or not service.repository:
        return []
    where = f"built from {service.repository}" + (f", branch {service.branch}" if service.branch else "")
    if repository.startswith(AT_GITHUB) and not _same(service.repository, repository):
        do = f"Connect {service.name} at Render to {repository.removeprefix(AT_GITHUB)}: it can not fetch our commits."
        return [Examined(False, where, do)]
    if service.branch and service.branch != branch:
        do = f"Our branch is {branch}; that is no harm, as long as {service.name} does not deploy itself."
        return [Examined(service.deploys_itself is False, where, do)]
    return [Examined(True, where)]


def _deploys_itself(service: Hosted) -> Examined:
    if service.deploys_itself is False:
        return Examined(True, "auto-deploy is off: only what the gate lets through is deployed")
    state = "is on" if service.deploys_itself else "may be on"
    return Examined(
        False,
        f"auto-deploy {state}: every push to its branch is deployed, past the gate",
        f"Switch it off for {service.name} at Render; the first deployment by the gate does so, too.",
    )


def _same(address: str, repository: str) -> bool:
    path = address.removesuffix("/").removesuffix(".git").lower().replace(":", "/")
    return path.endswith("/" + repository.removeprefix(AT_GITHUB).lower())
