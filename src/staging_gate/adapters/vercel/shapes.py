"""What Vercel says, read with patience: unknown fields and words are kept, and what is missing is None, never a guess.

https://vercel.com/docs/rest-api; deployments are called `uid` in lists and `id` elsewhere, and times are milliseconds.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from staging_gate.ports.errors import Unclear

GOING_ON = {"QUEUED", "INITIALIZING", "BUILDING"}
OUR_KEY = "stagingGateKey"
"""In the `meta` of our deployments: by it we find again what a lost reply was about."""


@dataclass(frozen=True)
class Repository:
    """What a project builds from. `id` is a number at GitHub, where `org/repo` does as well."""

    type: str
    id: int | str | None
    org: str | None
    repo: str | None


@dataclass(frozen=True)
class Switching:
    """The last time that somebody had the production domains moved. `status` may be any word."""

    to: str
    status: str
    requested_at: int | None
    type: str


@dataclass(frozen=True)
class Place:
    """A custom environment of a project."""

    id: str
    slug: str


@dataclass(frozen=True)
class Project:
    """`assigns_itself` is None where Vercel does not say: then it does. `domains` are those of production."""

    id: str
    name: str
    paused: bool
    repository: Repository | None
    assigns_itself: bool | None
    protected: bool
    rolls_out_slowly: bool
    places: tuple[Place, ...]
    domains: tuple[str, ...]
    last_switching: Switching | None


@dataclass(frozen=True)
class Deployment:
    """`state` may be any word; `staged`: it has never been in production, None where Vercel does not say."""

    id: str
    state: str
    commit: str | None
    target: str | None
    address: str | None
    key: str | None
    made_by: str
    error: str

    @property
    def goes_on(self) -> bool:
        return self.state in GOING_ON


@dataclass(frozen=True)
class Variable:
    """`value` is None where it can not be read: it is sensitive, or not given in clear."""

    id: str
    name: str
    kind: str
    environments: frozenset[str]
    branch: str | None
    value: str | None


def project(found: Mapping[str, Any]) -> Project:
    slow = found.get("rollingRelease")
    return Project(
        id=_needed(found, "id", "a project"),
        name=text(found.get("name")) or str(found["id"]),
        paused=found.get("paused") is True or found.get("live") == "paused",
        repository=_repository(found.get("link")),
        assigns_itself=_flag(found.get("autoAssignCustomDomains")),
        protected=any(isinstance(found.get(name), dict) for name in ("ssoProtection", "passwordProtection")),
        rolls_out_slowly=isinstance(slow, dict) and bool(slow.get("stages")),
        places=tuple(
            Place(str(one["id"]), text(one.get("slug")) or "")
            for one in maps(found.get("customEnvironments"))
            if one.get("id")
        ),
        domains=_production_domains(found.get("targets")),
        last_switching=_switching(found.get("lastAliasRequest")),
    )


def deployment(found: Mapping[str, Any]) -> Deployment:
    meta = found.get("meta") if isinstance(found.get("meta"), dict) else {}
    source = found.get("gitSource") if isinstance(found.get("gitSource"), dict) else {}
    assert isinstance(meta, dict) and isinstance(source, dict)
    return Deployment(
        id=text(found.get("id")) or _needed(found, "uid", "a deployment"),
        state=text(found.get("readyState")) or text(found.get("status")) or text(found.get("state")) or "",
        commit=text(source.get("sha")) or text(meta.get("githubCommitSha")) or text(meta.get("gitCommitSha")),
        target=_environment(found),
        address=_address(found.get("url")),
        key=text(meta.get(OUR_KEY)),
        made_by=_maker(found),
        error=_error(found),
    )


def variable(found: Mapping[str, Any]) -> Variable:
    target = found.get("target")
    names = [target] if isinstance(target, str) else target if isinstance(target, list) else []
    custom = found.get("customEnvironmentIds")
    kind = text(found.get("type")) or ""
    clear = kind == "plain" or found.get("decrypted") is True
    return Variable(
        id=text(found.get("id")) or "",
        name=text(found.get("key")) or "",
        kind=kind,
        environments=frozenset(map(str, [*names, *(custom if isinstance(custom, list) else [])])),
        branch=text(found.get("gitBranch")),
        value=text(found.get("value"), empty=True) if clear else None,
    )


def about(body: object) -> Iterator[str]:
    """The deployments that a webhook is about; nothing where it says none. A rollback's says from which to which."""
    payload = body.get("payload") if isinstance(body, dict) else None
    if not isinstance(payload, dict):
        return
    made = payload.get("deployment")
    known = [made.get("id") if isinstance(made, dict) else None]
    known += [payload.get("fromDeploymentId"), payload.get("toDeploymentId")]
    yield from (id for id in known if isinstance(id, str) and id)


def lines(body: str) -> Iterator[str]:
    """Texts of build events, which come as an array, or as an object a line."""
    try:
        found: Any = json.loads(body) if body.strip() else []
    except ValueError:
        found = [_read(line) for line in body.splitlines()]
    for event in maps(found if isinstance(found, list) else [found]):
        payload = event.get("payload")
        said = event.get("text") or (payload.get("text") if isinstance(payload, dict) else None)
        if isinstance(said, str):
            yield said.rstrip("\n")


def maps(found: object) -> list[dict[str, Any]]:
    """Those of a list that are objects; nothing where it is no list."""
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def text(found: object, empty: bool = False) -> str | None:
    return found if isinstance(found, str) and (found or empty) else None


def _needed(found: Mapping[str, Any], name: str, what: str) -> str:
    if not text(found.get(name)):
        raise Unclear(f"Vercel answered with {what} that has no id, so it can not be followed.", str(found)[:500])
    return str(found[name])


def _repository(link: object) -> Repository | None:
    if not isinstance(link, dict) or not text(link.get("type")):
        return None
    id = next((link[name] for name in ("repoId", "projectId", "uuid") if isinstance(link.get(name), int | str)), None)
    org = text(link.get("org")) or text(link.get("owner"))
    return Repository(str(link["type"]), id, org, text(link.get("repo")) or text(link.get("slug")))


def _production_domains(targets: object) -> tuple[str, ...]:
    """Names of their own first: those below vercel.app may move without being asked."""
    production = targets.get("production") if isinstance(targets, dict) else None
    known = production.get("alias") if isinstance(production, dict) else None
    names = [name for name in known if isinstance(name, str)] if isinstance(known, list) else []
    return tuple(sorted(names, key=lambda name: name.endswith(".vercel.app")))


def _switching(found: object) -> Switching | None:
    if not isinstance(found, dict) or not text(found.get("toDeploymentId")):
        return None
    at = found.get("requestedAt")
    status, kind = text(found.get("jobStatus")) or "", text(found.get("type")) or ""
    return Switching(str(found["toDeploymentId"]), status, int(at) if isinstance(at, int | float) else None, kind)


def _environment(found: Mapping[str, Any]) -> str | None:
    custom = found.get("customEnvironment")
    if isinstance(custom, dict) and custom.get("id"):
        return str(custom["id"])
    return text(found.get("target"))


def _address(url: object) -> str | None:
    """Vercel gives a host's name alone."""
    if not isinstance(url, str) or not url:
        return None
    return url if "://" in url else f"https://{url}"


def _maker(found: Mapping[str, Any]) -> str:
    creator = found.get("creator")
    name = text(creator.get("username")) if isinstance(creator, dict) else None
    return ", ".join(filter(None, (text(found.get("source")), f"by {name}" if name else None)))


def _error(found: Mapping[str, Any]) -> str:
    named = [text(found.get(name)) for name in ("errorMessage", "readyStateReason", "errorCode")]
    return next((said for said in named if said), "")


def _flag(found: object) -> bool | None:
    return found if isinstance(found, bool) else None


def _read(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
