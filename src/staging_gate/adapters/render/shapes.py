"""What Render says, read with patience: unknown fields and words are kept, and what is missing is None, never a guess.

Its specification denies nulls that it sends (`commit`, `finishedAt`), and details differ by the kind of service.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from staging_gate.ports.errors import Refused, Unclear

GOING_ON = {"created", "queued", "build_in_progress", "pre_deploy_in_progress", "update_in_progress"}
FAILED = {"build_failed", "update_failed", "pre_deploy_failed"}
INSIDE = {"private_service", "background_worker", "cron_job"}
"""Kinds of services that nobody can ask from outside: what Render says of them is all that there is."""


@dataclass(frozen=True)
class Hosted:
    """A service. `deploys_itself` is None where Render does not say; `suspended_by` is empty unless it is suspended.

    It is built from a `repository` (its address) and `branch`, or it runs an `image` that somebody else has built.
    """

    id: str
    name: str
    owner: str
    kind: str
    suspended: bool
    suspended_by: tuple[str, ...]
    deploys_itself: bool | None
    address: str | None
    repository: str | None
    branch: str | None
    image: str | None


@dataclass(frozen=True)
class Deploy:
    """`commit` is None for images, and sometimes where Render does not know it yet. `status` may be any word."""

    id: str
    status: str
    commit: str | None
    trigger: str

    @property
    def goes_on(self) -> bool:
        return self.status in GOING_ON

    def __str__(self) -> str:
        about = [word for word in (self.trigger, self.commit[:10] if self.commit else "") if word]
        return f"{self.id} ({', '.join(about)})" if about else self.id


def service(found: Any) -> Hosted:
    """Raises Refused for what is no service. Answers to making one have it below `service`."""
    told = mapping(found, "a service")
    told = mapping(told["service"], "a service") if isinstance(told.get("service"), dict) else told
    id, kind = _text(told.get("id")), _text(told.get("type")) or ""
    if id is None:
        raise Refused("Render answered with a service that has no id.", str(found)[:500])
    suspenders = told.get("suspenders")
    return Hosted(
        id=id,
        name=_text(told.get("name")) or id,
        owner=_text(told.get("ownerId")) or "",
        kind=kind,
        suspended=told.get("suspended") == "suspended",
        suspended_by=tuple(str(one) for one in suspenders) if isinstance(suspenders, list) else (),
        deploys_itself=_deploys_itself(told),
        address=None if kind in INSIDE else _address(told.get("serviceDetails")),
        repository=_text(told.get("repo")),
        branch=_text(told.get("branch")),
        image=_text(told.get("imagePath")),
    )


def deploy(found: Any) -> Deploy:
    """Raises Unclear where it can not be followed."""
    told = mapping(found, "a deploy")
    id, commit = _text(told.get("id")), told.get("commit")
    if id is None:
        raise Unclear("Render answered with a deploy that has no id, so it can not be followed.", str(found)[:500])
    return Deploy(
        id=id,
        status=_text(told.get("status")) or "",
        commit=_text(commit.get("id")) if isinstance(commit, dict) else None,
        trigger=_text(told.get("trigger")) or "",
    )


def variable(found: Mapping[str, Any]) -> tuple[str, str]:
    """Name and value, in clear text."""
    value = found.get("value")
    return str(found.get("key", "")), "" if value is None else str(value)


def messages(page: Mapping[str, Any]) -> list[str]:
    """The lines of a page of logs."""
    found = page.get("logs")
    return [str(one.get("message", "")) for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def items(found: Any, name: str) -> list[tuple[dict[str, Any], str]]:
    """What is on a page of a list, each with its cursor ("" where it has none)."""
    if found is not None and not isinstance(found, list):
        raise Refused(f"Render answered with something else where a list of {name}s was expected.", str(found)[:500])
    page = [mapping(one, name) for one in found or []]
    return [(mapping(one.get(name, one), name), _text(one.get("cursor")) or "") for one in page]


def mapping(found: Any, what: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Refused(f"Render answered with something else where {what} was expected.", str(found)[:500])
    return found


def about(found: Any) -> tuple[str, ...]:
    """The ids that a webhook names: of the service, and of what happened. None where it is of another shape."""
    data = found.get("data") if isinstance(found, dict) else None
    named = (data.get(name) for name in ("serviceId", "deployId", "id")) if isinstance(data, dict) else ()
    return tuple(one for one in named if isinstance(one, str) and one)


def _deploys_itself(told: Mapping[str, Any]) -> bool | None:
    """`autoDeployTrigger` is newer, in no specification, and may be `checksPass` where `autoDeploy` says yes, too."""
    if isinstance(trigger := told.get("autoDeployTrigger"), str):
        return trigger != "off"
    auto = told.get("autoDeploy")
    return auto == "yes" if isinstance(auto, str) else None


def _address(details: Any) -> str | None:
    url = details.get("url") if isinstance(details, dict) else None
    return url if isinstance(url, str) and url.startswith(("http://", "https://")) else None


def _text(found: Any) -> str | None:
    return found if isinstance(found, str) and found else None
