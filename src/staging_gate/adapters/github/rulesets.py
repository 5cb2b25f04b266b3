"""Rulesets and classic protection of one repository: the port `protection` on GitHub's API.

https://docs.github.com/en/rest/repos/rules and https://docs.github.com/en/rest/branches/branch-protection
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pydantic import Field

from staging_gate.adapters.github.calls import PAGE, Calls
from staging_gate.adapters.github.credentials import AppToken, SignIn
from staging_gate.adapters.github.shapes import Shape, understood, understood_value
from staging_gate.domain.protection import (
    Classic,
    Mode,
    Particulars,
    Passer,
    PasserKind,
    PullRequestRule,
    RequiredCheck,
    Ruleset,
)

KINDS = {
    "Integration": PasserKind.APP,
    "User": PasserKind.PERSON,
    "Team": PasserKind.TEAM,
    "RepositoryRole": PasserKind.ROLE,
    "OrganizationAdmin": PasserKind.OWNERS,
    "DeployKey": PasserKind.DEPLOY_KEYS,
}
MODES = {"always": Mode.ALWAYS, "pull_request": Mode.PULL_REQUESTS, "exempt": Mode.UNSEEN}
ROLES = {1: "readers", 2: "maintainers", 3: "triagers", 4: "everybody who may write", 5: "administrators"}
"""GitHub numbers its own roles; those above are an organization's."""
COUNTS_NOBODY = (PasserKind.OWNERS, PasserKind.DEPLOY_KEYS)

ANY_APP = -1
METHODS = {"allow_merge_commit": "merge", "allow_squash_merge": "squash", "allow_rebase_merge": "rebase"}
OUR_PARAMETERS = {"required_approving_review_count", "dismiss_stale_reviews_on_push", "allowed_merge_methods"}


class _Actor(Shape):
    actor_type: str
    actor_id: int | None = None
    bypass_mode: str | None = None


class _RefName(Shape):
    include: list[str] | None = None
    exclude: list[str] | None = None


class _Conditions(Shape):
    ref_name: _RefName | None = None


class _Rule(Shape):
    type: str
    parameters: dict[str, Any] | None = None


class _Found(Shape):
    """`bypass_actors` is left out for those who may not write the ruleset."""

    id: int
    name: str
    target: str | None = None
    source_type: str | None = None
    enforcement: str
    bypass_actors: list[_Actor] | None = None
    conditions: _Conditions | None = None
    rules: list[_Rule] | None = None


class _Switch(Shape):
    enabled: bool | None = None


class _Reviews(Shape):
    required_approving_review_count: int | None = None
    dismiss_stale_reviews: bool | None = None
    bypass_pull_request_allowances: dict[str, list[dict[str, Any]]] | None = None


class _Context(Shape):
    context: str
    app_id: int | None = None


class _Statuses(Shape):
    strict: bool | None = None
    contexts: list[str] | None = None
    checks: list[_Context] | None = None


class _Protection(Shape):
    required_status_checks: _Statuses | None = None
    required_pull_request_reviews: _Reviews | None = None
    enforce_admins: _Switch | None = None
    allow_force_pushes: _Switch | None = None
    allow_deletions: _Switch | None = None


class _Account(Shape):
    id: int
    login: str


class _Workflows(Shape):
    default_workflow_permissions: str | None = None
    can_approve_pull_request_reviews: bool | None = None


class _Branch(Shape):
    protected: bool | None = None
    protection: dict[str, Any] | None = Field(default=None)


class GitHubProtection:
    """Implements `ports.protection.Protection`."""

    def __init__(self, calls: Calls, sign_in: SignIn) -> None:
        self._http, self._sign_in = calls.http, sign_in
        self._place = f"/repos/{calls.name}"

    def us(self) -> Passer:
        if isinstance(self._sign_in, AppToken):
            installation = self._sign_in.installation()
            return Passer(PasserKind.APP, installation.app_id, name=installation.app_slug or "")
        who = understood(_Account, self._http.get("/user"))
        return Passer(PasserKind.PERSON, who.id, name=who.login)

    def particulars(self) -> Particulars:
        found = understood_value(dict[str, Any], self._http.get(self._place).json())
        methods = frozenset(method for key, method in METHODS.items() if found.get(key) is not False)
        workflows = self._workflows()
        default = workflows.default_workflow_permissions
        return Particulars(
            str(found.get("default_branch") or ""),
            methods,
            found.get("delete_branch_on_merge"),
            None if default is None else default == "write",
            workflows.can_approve_pull_request_reviews,
        )

    def rulesets(self) -> list[Ruleset]:
        pages = self._http.pages(f"{self._place}/rulesets", {"includes_parents": "true", "per_page": PAGE})
        listed = [one for page in pages for one in understood_value(list[_Found], page)]
        known = [one for one in listed if one.target in (None, "branch", "tag")]
        return [_read(understood(_Found, self._http.get(f"{self._place}/rulesets/{one.id}"))) for one in known]

    def classic(self, branch: str) -> Classic | None:
        place = f"{self._place}/branches/{quote(branch, safe='')}"
        answer = self._http.get(f"{place}/protection", also=(403, 404))
        if answer.status == 200:
            return _classic(understood(_Protection, answer))
        if answer.status == 404 and b"not protected" in answer.body:
            return None
        # Only administrators are shown all of it; everybody, that there is some. It is told of rulesets too.
        shown = self._http.get(place, also=(404,))
        told = None if shown.status == 404 else understood(_Branch, shown)
        is_classic = told is not None and told.protected and (told.protection or {}).get("enabled")
        return Classic(known=False) if is_classic else None

    def person(self, name: str) -> int | None:
        answer = self._http.get(f"/users/{quote(name, safe='')}", also=(404,))
        return None if answer.status == 404 else understood(_Account, answer).id

    def create(self, ruleset: Ruleset) -> None:
        self._http.ask("POST", f"{self._place}/rulesets", body=written(ruleset))

    def change(self, id: int, ruleset: Ruleset) -> None:
        self._http.ask("PUT", f"{self._place}/rulesets/{id}", body=written(ruleset), harmless=True)

    def remove(self, id: int) -> None:
        answer = self._http.ask("DELETE", f"{self._place}/rulesets/{id}", also=(404,), harmless=True)
        if answer.status == 404 and self._http.get(f"{self._place}/rulesets/{id}", also=(404,)).status == 200:
            raise self._http.refusal("DELETE", f"{self._place}/rulesets/{id}", answer)

    def _workflows(self) -> _Workflows:
        answer = self._http.get(f"{self._place}/actions/permissions/workflow", also=(403, 404))
        return understood(_Workflows, answer) if answer.status == 200 else _Workflows()


def written(ruleset: Ruleset) -> dict[str, Any]:
    """As GitHub wants it."""
    rules: list[dict[str, Any]] = [{"type": one} for one in sorted(ruleset.refuses)]
    for rule in rules:
        if rule["type"] == "update":
            rule["parameters"] = {"update_allows_fetch_and_merge": False}
    if ruleset.pull_request:
        rules.append({"type": "pull_request", "parameters": _of_pull_requests(ruleset.pull_request)})
    if ruleset.checks:
        wanted = [_context(one) for one in sorted(ruleset.checks, key=lambda one: one.name)]
        parameters = {"required_status_checks": wanted, "strict_required_status_checks_policy": ruleset.strict}
        rules.append({"type": "required_status_checks", "parameters": parameters})
    passers = sorted(ruleset.passers or (), key=lambda one: (one.kind, one.id or 0))
    return {
        "name": ruleset.name,
        "target": "tag" if ruleset.tags else "branch",
        "enforcement": ruleset.enforcement,
        "bypass_actors": [_actor(one) for one in passers],
        "conditions": {"ref_name": {"include": list(ruleset.include), "exclude": list(ruleset.exclude)}},
        "rules": rules,
    }


def _of_pull_requests(rule: PullRequestRule) -> dict[str, Any]:
    """All that the specification demands; what we do not judge there is off."""
    return {
        "required_approving_review_count": rule.approvals,
        "dismiss_stale_reviews_on_push": rule.dismisses_stale,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
        **({"allowed_merge_methods": sorted(rule.methods)} if rule.methods is not None else {}),
    }


def _context(check: RequiredCheck) -> dict[str, Any]:
    return {"context": check.name} | ({} if check.app is None else {"integration_id": check.app})


def _actor(passer: Passer) -> dict[str, Any]:
    kind = next(name for name, known in KINDS.items() if known is passer.kind)
    mode = next(name for name, known in MODES.items() if known is passer.mode)
    return {"actor_type": kind, "bypass_mode": mode} | ({} if passer.id is None else {"actor_id": passer.id})


def _read(found: _Found) -> Ruleset:
    rules = {rule.type: rule.parameters or {} for rule in found.rules or []}
    names = found.conditions.ref_name if found.conditions and found.conditions.ref_name else _RefName()
    pull_request = rules.pop("pull_request", None)
    checks = rules.pop("required_status_checks", {})
    required = understood_value(list[dict[str, Any]], checks.get("required_status_checks") or [])
    return Ruleset(
        found.name,
        found.target == "tag",
        tuple(names.include or ()),
        tuple(names.exclude or ()),
        frozenset(rules),
        None if pull_request is None else _pull_request_rule(pull_request),
        frozenset(RequiredCheck(str(one.get("context")), _app(one.get("integration_id"))) for one in required),
        bool(checks.get("strict_required_status_checks_policy")),
        None if found.bypass_actors is None else frozenset(map(_passer, found.bypass_actors)),
        found.enforcement,
        found.source_type in (None, "Repository"),
        found.id,
    )


def _pull_request_rule(parameters: Mapping[str, Any]) -> PullRequestRule:
    methods = parameters.get("allowed_merge_methods")
    more = {key for key, value in parameters.items() if value and key not in OUR_PARAMETERS}
    return PullRequestRule(
        int(parameters.get("required_approving_review_count") or 0),
        bool(parameters.get("dismiss_stale_reviews_on_push")),
        None if methods is None else frozenset(map(str, methods)),
        frozenset(more),
    )


def _passer(actor: _Actor) -> Passer:
    """A kind that we do not know yet is somebody all the same."""
    kind = KINDS.get(actor.actor_type)
    mode = MODES.get(actor.bypass_mode or "always", Mode.ALWAYS)
    if kind is None:
        return Passer(PasserKind.ROLE, actor.actor_id, mode, f"{actor.actor_type} {actor.actor_id or ''}".strip())
    id = None if kind in COUNTS_NOBODY else actor.actor_id
    return Passer(kind, id, mode, ROLES.get(id or 0, "") if kind is PasserKind.ROLE else "")


def _classic(found: _Protection) -> Classic:
    reviews, statuses = found.required_pull_request_reviews, found.required_status_checks
    switches = {"non_fast_forward": found.allow_force_pushes, "deletion": found.allow_deletions}
    return Classic(
        None if reviews is None else _of_reviews(reviews),
        frozenset() if statuses is None else frozenset(_contexts(statuses)),
        bool(statuses and statuses.strict),
        bool(found.enforce_admins and found.enforce_admins.enabled),
        frozenset(name for name, switch in switches.items() if not (switch and switch.enabled)),
        frozenset() if reviews is None else frozenset(_allowed(reviews)),
    )


def _of_reviews(reviews: _Reviews) -> PullRequestRule:
    return PullRequestRule(reviews.required_approving_review_count or 0, bool(reviews.dismiss_stale_reviews))


def _contexts(statuses: _Statuses) -> list[RequiredCheck]:
    """`checks` is missing on older servers, where `contexts` says it alone."""
    bound = [RequiredCheck(one.context, _app(one.app_id)) for one in statuses.checks or []]
    known = {one.name for one in bound}
    return bound + [RequiredCheck(name) for name in statuses.contexts or [] if name not in known]


def _allowed(reviews: _Reviews) -> list[Passer]:
    kinds = {"users": PasserKind.PERSON, "teams": PasserKind.TEAM, "apps": PasserKind.APP}
    allowed = reviews.bypass_pull_request_allowances or {}
    return [
        Passer(kind, one.get("id"), name=str(one.get("login") or one.get("slug") or ""))
        for key, kind in kinds.items()
        for one in allowed.get(key, [])
    ]


def _app(id: Any) -> int | None:
    return None if id in (None, ANY_APP) else int(id)
