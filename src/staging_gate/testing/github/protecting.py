"""Rulesets of the stand-in: kept, checked for their form, and obeyed."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from zlib import crc32

from staging_gate.domain.protection import Ruleset
from staging_gate.testing.github import bodies
from staging_gate.testing.github.state import Asked, Grant
from staging_gate.testing.web import Reply, json_reply

if TYPE_CHECKING:
    from staging_gate.testing.github.stand_in import GitHubStandIn

Json = dict[str, Any]

NOT_FOUND = json_reply(404, bodies.error("Not Found"))
NO_PLAN = "Upgrade to GitHub Pro or make this repository public to enable this feature."
OUR_APP = 99
ENFORCEMENTS = ("disabled", "active", "evaluate")
ACTORS = ("Integration", "OrganizationAdmin", "RepositoryRole", "Team", "DeployKey", "User")
OF_PULL_REQUESTS = (
    "dismiss_stale_reviews_on_push",
    "require_code_owner_review",
    "require_last_push_approval",
    "required_approving_review_count",
    "required_review_thread_resolution",
)
NEEDED: Mapping[str, tuple[str, ...]] = {
    "creation": (),
    "update": (),
    "deletion": (),
    "non_fast_forward": (),
    "required_signatures": (),
    "pull_request": OF_PULL_REQUESTS,
    "required_status_checks": ("required_status_checks", "strict_required_status_checks_policy"),
}
VIOLATED = {
    "creation": "Cannot create ref due to creations being restricted.",
    "update": "Cannot update this protected ref.",
    "deletion": "Cannot delete this protected ref.",
}


@dataclass
class Guard:
    """What protects the repository. `protections` are classic ones, whole; `strangers` are logins that nobody has;
    `has_no_rulesets`: the plan is too small."""

    rulesets: list[Json] = field(default_factory=list)
    protections: dict[str, Json] = field(default_factory=dict)
    administrators: set[str] = field(default_factory=lambda: {"gate", "root"})
    strangers: set[str] = field(default_factory=set)
    has_no_rulesets: bool = False
    workflow_rights: Json = field(
        default_factory=lambda: {
            "default_workflow_permissions": "read",
            "can_approve_pull_request_reviews": False,
        }
    )

    def number_of(self, login: str) -> int:
        """The same for the same login, in every process."""
        return crc32(login.lower().encode()) % 10**6


def listed(github: "GitHubStandIn", asked: Asked) -> Reply:
    """Without rules, conditions and who may bypass, as GitHub lists them."""
    if github.guard.has_no_rulesets:
        return json_reply(403, bodies.error(NO_PLAN))
    left_out = ("bypass_actors", "conditions", "rules")
    return json_reply(200, [{k: v for k, v in one.items() if k not in left_out} for one in github.guard.rulesets])


def one(github: "GitHubStandIn", asked: Asked) -> Reply:
    found = _find(github, asked.number())
    if found is None:
        return NOT_FOUND
    shown = {k: v for k, v in found.items() if k != "bypass_actors" or administers(github, asked.by)}
    return json_reply(200, shown)


def create(github: "GitHubStandIn", asked: Asked) -> Reply:
    wanted = asked.request.json()
    if refusal := _refusal(github, asked.by, wanted):
        return refusal
    number = max((int(known["id"]) for known in github.guard.rulesets), default=40) + 1
    made = {"id": number, "source_type": "Repository", "source": github.name, **_complete(wanted)}
    github.guard.rulesets.append(made)
    return json_reply(201, made)


def change(github: "GitHubStandIn", asked: Asked) -> Reply:
    wanted, found = asked.request.json(), _find(github, asked.number())
    if found is None:
        return NOT_FOUND
    if refusal := _refusal(github, asked.by, {**found, **wanted}, but=found):
        return refusal
    found.update(_complete({**found, **wanted}))
    return json_reply(200, found)


def remove(github: "GitHubStandIn", asked: Asked) -> Reply:
    found = _find(github, asked.number())
    if found is None or not administers(github, asked.by):
        return NOT_FOUND
    github.guard.rulesets.remove(found)
    return Reply(204)


def whole_protection(github: "GitHubStandIn", asked: Asked) -> Reply:
    if not github.shows_protection or not administers(github, asked.by):
        return json_reply(403, bodies.error("Resource not accessible by integration"))
    found = github.guard.protections.get(unquote(asked.found[1]))
    return json_reply(200, found) if found else json_reply(404, bodies.error("Branch not protected"))


def user(github: "GitHubStandIn", asked: Asked) -> Reply:
    return json_reply(200, {**bodies.user(asked.by.login), "id": github.guard.number_of(asked.by.login)})


def somebody(github: "GitHubStandIn", asked: Asked) -> Reply:
    login = unquote(asked.found[1])
    if login in github.guard.strangers:
        return NOT_FOUND
    return json_reply(200, {**bodies.user(login), "id": github.guard.number_of(login)})


def workflow_rights(github: "GitHubStandIn", asked: Asked) -> Reply:
    if not administers(github, asked.by):
        return json_reply(403, bodies.error("Resource not accessible by integration"))
    return json_reply(200, github.guard.workflow_rights)


def administers(github: "GitHubStandIn", by: Grant) -> bool:
    return github.rights.get("administration") == "write" if by.is_bot else by.login in github.guard.administrators


def violation(github: "GitHubStandIn", by: Grant, ref: str, rule: str) -> str | None:
    """What GitHub says where an active ruleset forbids this to whoever asks; None where it may be."""
    found = [one for one in _acting(github, ref) if not _passes(github, one, by, merging=False)]
    if any(rule in _rules(one) for one in found):
        return f"Repository rule violations found\n\n{VIOLATED[rule]}\n\n"
    return None


def merge_violation(github: "GitHubStandIn", by: Grant, base: str, head: str, method: str) -> str | None:
    """The same for merging a commit into a branch by pull request."""
    for ruleset in _acting(github, f"refs/heads/{base}"):
        if _passes(github, ruleset, by, merging=True):
            continue
        rules = _rules(ruleset)
        if method not in rules.get("pull_request", {}).get("allowed_merge_methods", [method]):
            return f"Repository rule violations found\n\n{method} merges are not allowed here\n\n"
        for check in rules.get("required_status_checks", {}).get("required_status_checks", []):
            if not _reported(github, head, check):
                return (
                    f'Repository rule violations found\n\nRequired status check "{check["context"]}" is expected.\n\n'
                )
    return None


def active_rules(github: "GitHubStandIn", branch: str) -> list[Json]:
    """As `GET rules/branches/...` tells them."""
    found = _acting(github, f"refs/heads/{branch}")
    return [{**rule, "ruleset_id": one["id"], "ruleset_source": github.name} for one in found for rule in one["rules"]]


def _acting(github: "GitHubStandIn", ref: str) -> Iterator[Json]:
    for one in github.guard.rulesets:
        names = one["conditions"]["ref_name"]
        about = Ruleset("", one["target"] == "tag", tuple(names["include"]), tuple(names["exclude"]))
        if one["enforcement"] == "active" and about.covers(ref, "main"):
            yield one


def _rules(ruleset: Json) -> dict[str, Json]:
    return {rule["type"]: rule.get("parameters") or {} for rule in ruleset["rules"]}


def _passes(github: "GitHubStandIn", ruleset: Json, by: Grant, merging: bool) -> bool:
    me = ("Integration", OUR_APP) if by.is_bot else ("User", github.guard.number_of(by.login))
    return any(
        (actor["actor_type"], actor.get("actor_id")) == me and (merging or actor["bypass_mode"] != "pull_request")
        for actor in ruleset["bypass_actors"]
    )


def _reported(github: "GitHubStandIn", head: str, check: Json) -> bool:
    runs = [
        one
        for one in github.check_runs.get(head, [])
        if one["name"] == check["context"]
        and check.get("integration_id") in (None, (one.get("app") or {}).get("id"))
        and one.get("conclusion") in ("success", "neutral", "skipped")
    ]
    statuses = [one for one in github.statuses.get(head, []) if one["context"] == check["context"]]
    by_status = check.get("integration_id") is None and any(one["state"] == "success" for one in statuses)
    return bool(runs) or by_status


def _refusal(github: "GitHubStandIn", by: Grant, wanted: Json, but: Json | None = None) -> Reply | None:
    if github.guard.has_no_rulesets:
        return json_reply(403, bodies.error(NO_PLAN))
    if not administers(github, by):
        needed = {"x-accepted-github-permissions": "administration=write"}
        if by.is_bot:
            return json_reply(403, bodies.error("Resource not accessible by integration"), needed)
        return json_reply(404, bodies.error("Not Found"), needed)
    wrong = [*_wrong(wanted)]
    if any(one["name"] == wanted.get("name") and one is not but for one in github.guard.rulesets):
        wrong.append("Name must be unique")
    if not wrong:
        return None
    return json_reply(422, {**bodies.error("Validation Failed"), "errors": wrong})


def _wrong(wanted: Json) -> Iterator[str]:
    """GitHub tells these as plain sentences."""
    if not wanted.get("name"):
        yield "Name can't be blank"
    if wanted.get("enforcement") not in ENFORCEMENTS:
        yield "Enforcement is not included in the list"
    for actor in wanted.get("bypass_actors", []):
        if actor.get("actor_type") not in ACTORS:
            yield f"Invalid actor type: {actor.get('actor_type')}"
        if wanted.get("target") == "tag" and actor.get("bypass_mode") == "pull_request":
            yield "Bypass mode pull_request is only applicable to branch rulesets"
    for rule in wanted.get("rules", []):
        if rule["type"] not in NEEDED:
            yield f"Invalid rule '{rule['type']}': "
        elif missing := [key for key in NEEDED[rule["type"]] if key not in rule.get("parameters", {})]:
            yield f"Invalid rule '{rule['type']}': Missing parameters {', '.join(missing)}"


def _complete(wanted: Json) -> Json:
    """With what GitHub adds by itself."""
    names = (wanted.get("conditions") or {}).get("ref_name") or {}
    rules = [dict(rule) for rule in wanted.get("rules", [])]
    for rule in rules:
        if rule["type"] == "pull_request":
            methods = {"allowed_merge_methods": ["merge", "squash", "rebase"], "required_reviewers": []}
            rule["parameters"] = {**methods, **rule["parameters"]}
    return {
        "name": wanted["name"],
        "target": wanted.get("target", "branch"),
        "enforcement": wanted["enforcement"],
        "bypass_actors": [{"bypass_mode": "always", "actor_id": None, **a} for a in wanted.get("bypass_actors", [])],
        "conditions": {"ref_name": {"include": names.get("include", []), "exclude": names.get("exclude", [])}},
        "rules": rules,
    }


def _find(github: "GitHubStandIn", number: int) -> Json | None:
    return next((one for one in github.guard.rulesets if one["id"] == number), None)


Answer = Callable[["GitHubStandIn", Asked], Reply]

ROUTES: tuple[tuple[str, str, bool, Answer], ...] = (
    ("GET", "/rulesets", False, listed),
    ("POST", "/rulesets", False, create),
    ("GET", r"/rulesets/(\d+)", False, one),
    ("PUT", r"/rulesets/(\d+)", False, change),
    ("DELETE", r"/rulesets/(\d+)", False, remove),
    ("GET", "/branches/([^/]+)/protection", False, whole_protection),
    ("GET", "/actions/permissions/workflow", False, workflow_rights),
    ("GET", "/user", False, user),
    ("GET", "/users/([^/]+)", False, somebody),
)
