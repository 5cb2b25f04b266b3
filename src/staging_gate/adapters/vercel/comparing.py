"""What stands at Vercel against deployments to a target, and how its variables differ from those of gate.yaml."""

from collections.abc import Callable, Iterator

from staging_gate.adapters.vercel.api import VercelApi
from staging_gate.adapters.vercel.shapes import Project, Variable
from staging_gate.domain.service import Target

PRODUCTION, PREVIEW = "production", "preview"
NAMES_NO_PROJECT = "The target names no project: give `vercel` one, such as `vercel: {project: prj_...}`."
WHEN_BUILT = "Set it there; a deployment has the variables of when it was built."


def environment_of(target: Target, project: Project) -> str | None:
    """As Vercel calls it: `production`, `preview`, or the id of a custom one; None where the project has none such."""
    wanted = target.settings.get("environment", PRODUCTION)
    if wanted in (PRODUCTION, PREVIEW):
        return wanted
    return next((place.id for place in project.places if wanted in (place.slug, place.id)), None)


def domain_of(target: Target, project: Project) -> str | None:
    """What the service is reached by: the one of gate.yaml, else the project's first of production."""
    named = target.settings.get("domain")
    if named or environment_of(target, project) != PRODUCTION:
        return named
    return next(iter(project.domains), None)


def objections(target: Target, project: Project) -> Iterator[str]:
    """Sentences: what is wrong, and what to do."""
    name = project.name
    if project.repository is None:
        yield f"{name} is linked to no repository at Vercel: connect it in its Git settings."
    elif not project.repository.type.startswith("github"):
        yield f"{name} is linked to {project.repository.type} at Vercel; only repositories at GitHub can be deployed."
    environment = environment_of(target, project)
    if environment is None:
        known = ", ".join(place.slug for place in project.places) or "none"
        yield (
            f"{name} has no environment `{target.settings['environment']}` at Vercel (custom ones: {known}): "
            "correct `environment` in gate.yaml, or make it there."
        )
    elif domain_of(target, project) is None:
        yield f"{name} has no domain that it is reached by: name one in gate.yaml (`domain`), and add it at Vercel."
    if environment == PRODUCTION and project.rolls_out_slowly:
        yield (
            f"{name} has rolling releases at Vercel, so a promotion would only begin a canary: switch them off in the "
            "project's settings; the gate's watch does that work."
        )
    if project.protected and not target.settings.get("bypass"):
        yield (
            f"{name} has Deployment Protection at Vercel, so nothing can be proved before it goes live: make a secret "
            "for automation under Deployment Protection there, and name it in gate.yaml: `bypass: env:NAME`."
        )


def differences(api: VercelApi, project: Project, target: Target, read: Callable[[str], str | None]) -> str | None:
    """Variables that gate.yaml declares and Vercel has not, or has otherwise. Values are secrets: never said.

    Sensitive ones can not be read by anybody: that they are there has to do.
    """
    if not target.environ:
        return None
    environment = environment_of(target, project) or ""
    there = {one.name: one for one in api.variables(project.id) if environment in one.environments and not one.branch}
    lacks = [name for name in target.environ if name not in there]
    wanted = {name: read(value) or value for name, value in target.environ.items() if name in there}
    differs = [name for name, value in wanted.items() if _value(api, project, there[name]) not in (None, value)]
    said = [f"{name} is not set" for name in lacks] + [f"{name} has another value" for name in differs]
    return f"The environment of {project.name} at Vercel: {', '.join(said)}. {WHEN_BUILT}" if said else None


def missing_secret(target: Target, read: Callable[[str], str | None]) -> str | None:
    named = target.settings.get("bypass")
    if not named or read(named):
        return None
    return f"`bypass` names {named}, and there is no secret: set it where Staging Gate runs, and start it again."


def _value(api: VercelApi, project: Project, variable: Variable) -> str | None:
    if variable.value is not None or variable.kind in ("sensitive", "secret", "system") or not variable.id:
        return variable.value
    return api.value(project.id, variable.id)
