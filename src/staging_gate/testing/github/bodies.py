"""JSON as GitHub gives it, with what the recordings hold and the specification does not say."""

from datetime import UTC, datetime
from typing import Any

from staging_gate.testing.github.state import Pull, Push

ZERO = "0" * 40


def moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def user(login: str, is_bot: bool = False) -> dict[str, Any]:
    kind = "Bot" if is_bot else "User"
    return {"login": login, "id": abs(hash(login)) % 10**6, "type": kind, "user_view_type": "public"}


def repository(name: str) -> dict[str, Any]:
    return {
        "id": 617210,
        "name": name.partition("/")[2],
        "full_name": name,
        "private": True,
        "default_branch": "main",
        "archived": False,
        "allow_merge_commit": True,
        "allow_squash_merge": True,
        "permissions": {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True},
        "custom_properties": {},
        "a_field_of_next_year": None,
    }


def pull(one: Pull, name: str, base_sha: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """As in lists; `details` are those that only the request for one pull request gives."""
    owner = name.partition("/")[0]
    side = {"user": user(owner), "repo": {"full_name": name, "name": name.partition("/")[2]}}
    return {
        "id": 10_000 + one.number,
        "node_id": f"PR_{one.number}",
        "number": one.number,
        "html_url": f"https://github.example/{name}/pull/{one.number}",
        "state": one.state,
        "locked": False,
        "title": one.title,
        "body": one.body,
        "user": user(one.user, is_bot=one.user.endswith("[bot]")),
        "labels": [{"id": number, "name": label, "color": "ededed"} for number, label in enumerate(one.labels)],
        "draft": one.draft,
        "assignee": None,
        "auto_merge": None,
        "active_lock_reason": None,
        "created_at": moment(one.opened_at),
        "updated_at": moment(one.updated_at),
        "closed_at": moment(one.closed_at),
        "merged_at": moment(one.closed_at) if one.merged_as else None,
        "merge_commit_sha": one.merged_as,
        "head": {**_head_side(one, side, owner), "ref": one.head, "sha": one.head_sha},
        "base": {**side, "label": f"{owner}:{one.base}", "ref": one.base, "sha": base_sha},
        "stack": None,
        **(details or {}),
    }


def _head_side(one: Pull, side: dict[str, Any], owner: str) -> dict[str, Any]:
    """The repository of a fork that is gone is null."""
    if not one.fork:
        return {**side, "label": f"{owner}:{one.head}"}
    whose, _, name = one.fork.partition("/")
    return {
        "user": user(whose),
        "repo": {"full_name": one.fork, "name": name} if name else None,
        "label": f"{whose}:{one.head}",
    }


def push(one: Push, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "node_id": f"PSH_{number}",
        "before": one.before,
        "after": one.after,
        "ref": f"refs/heads/{one.branch}",
        "timestamp": moment(one.at),
        "activity_type": one.kind,
        "actor": user(one.by, is_bot=one.by.endswith("[bot]")),
    }


def ref(name: str, sha: str, kind: str) -> dict[str, Any]:
    return {"ref": name, "node_id": "REF_1", "object": {"sha": sha, "type": kind}}


def error(message: str, *errors: dict[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": "4xx"}
    return {**told, **({"errors": list(errors)} if errors else {})}
