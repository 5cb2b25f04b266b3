"""What the stand-in is told: check runs, statuses, comments, deployments, edits of releases, answers to runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from staging_gate.testing.github import bodies
from staging_gate.testing.github.state import Asked
from staging_gate.testing.web import Reply, json_reply

if TYPE_CHECKING:
    from staging_gate.testing.github.stand_in import GitHubStandIn

Json = dict[str, Any]

NOT_FOUND = json_reply(404, bodies.error("Not Found"))
NO_RIGHT = json_reply(403, bodies.error("Resource not accessible by integration"))
ONLY_APPS = json_reply(403, bodies.error("You must authenticate via a GitHub App."))
MOST_STATUSES = 1000
MOST_REPORTS = 10
LONGEST = 65_536


@dataclass
class Run:
    """A workflow run that waits at `pending` environments; `said` is what was answered: (environment, state, comment),
    the state None for a report."""

    id: int
    head_sha: str
    head_branch: str = "main"
    repository: str = ""
    pending: list[str] = field(default_factory=list)
    said: list[tuple[str, str | None, str]] = field(default_factory=list)


@dataclass
class ToldState:
    """All of it, but for check runs, statuses and releases, which are read too."""

    comments: dict[int, list[Json]] = field(default_factory=dict)
    deployments: list[Json] = field(default_factory=list)
    deployment_statuses: dict[int, list[Json]] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    statuses_sent: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    last_id: int = 500

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id


def create_check_run(github: "GitHubStandIn", asked: Asked) -> Reply:
    wanted = asked.request.json()
    if not asked.by.of_app:
        return ONLY_APPS
    if github.rights.get("checks") != "write":
        return NO_RIGHT
    if github.host.revision(wanted["head_sha"]) is None:
        return json_reply(422, bodies.error("No commit found for SHA: " + wanted["head_sha"]))
    made = {
        "id": github.told.next_id(),
        "node_id": "CR_1",
        "app": {"id": 99, "slug": "gate"},
        "conclusion": None,
        **wanted,
    }
    made.setdefault("status", "completed" if wanted.get("conclusion") else "queued")
    github.check_runs.setdefault(wanted["head_sha"], []).append(made)
    return json_reply(201, made)


def update_check_run(github: "GitHubStandIn", asked: Asked) -> Reply:
    if not asked.by.of_app:
        return ONLY_APPS
    runs = [run for of in github.check_runs.values() for run in of if run.get("id") == asked.number()]
    if not runs:
        return NOT_FOUND
    runs[0].update(asked.request.json())
    return json_reply(200, runs[0])


def create_status(github: "GitHubStandIn", asked: Asked) -> Reply:
    sha, wanted = asked.found[1], asked.request.json()
    if asked.by.of_app and github.rights.get("statuses") != "write":
        return NO_RIGHT
    if github.host.revision(sha) is None:
        return json_reply(422, bodies.error(f"No commit found for SHA: {sha}"))
    if len(wanted.get("description") or "") > 140:
        return json_reply(422, bodies.error("Validation Failed", _too_long("Status", "description", 140)))
    known = github.statuses.setdefault(sha, [])
    sent = github.told.statuses_sent.setdefault((sha, wanted["context"]), [])
    if len(sent) >= MOST_STATUSES:
        return json_reply(422, bodies.error("This SHA and context has reached the maximum number of statuses."))
    made = {"id": github.told.next_id(), "target_url": None, "description": None, **wanted}
    sent.append(made)
    github.statuses[sha] = [made, *(one for one in known if one["context"] != wanted["context"])]
    return json_reply(201, {**made, "creator": bodies.user(asked.by.login)})


def comments(github: "GitHubStandIn", asked: Asked) -> Reply:
    return json_reply(200, github.told.comments.get(asked.number(), []))


def create_comment(github: "GitHubStandIn", asked: Asked) -> Reply:
    if not any(pull.number == asked.number() for pull in github.pulls):
        return NOT_FOUND
    if asked.by.of_app and "write" not in (github.rights.get("pull_requests"), github.rights.get("issues")):
        return NO_RIGHT
    text = asked.request.json()["body"]
    if len(text) > LONGEST:
        return json_reply(422, bodies.error("Validation Failed", _too_long("IssueComment", "body", LONGEST)))
    return json_reply(201, commented(github, asked.number(), asked.by.login, text))


def commented(github: "GitHubStandIn", number: int, by: str, text: str) -> Json:
    made = {"id": github.told.next_id(), "body": text, "user": bodies.user(by, by.endswith("[bot]"))}
    github.told.comments.setdefault(number, []).append(made)
    return made


def edit_comment(github: "GitHubStandIn", asked: Asked) -> Reply:
    found = next((one for of in github.told.comments.values() for one in of if one["id"] == asked.number()), None)
    if found is None:
        return NOT_FOUND
    found.update(asked.request.json(), updated_at=bodies.moment(github.clock.now()))
    return json_reply(200, found)


def list_deployments(github: "GitHubStandIn", asked: Asked) -> Reply:
    query = asked.request.query
    found = [
        one
        for one in reversed(github.told.deployments)
        if query.get("sha") in (None, one["sha"]) and query.get("environment") in (None, one["environment"])
    ]
    return json_reply(200, found)


def create_deployment(github: "GitHubStandIn", asked: Asked) -> Reply:
    """Merges the default branch where nobody forbids that, and wants all that was ever reported to have passed."""
    wanted = asked.request.json()
    if asked.by.of_app and github.rights.get("deployments") != "write":
        return NO_RIGHT
    revision = github.host.revision(wanted["ref"])
    if revision is None:
        return json_reply(422, bodies.error(f"No ref found for: {wanted['ref']}"))
    if wanted.get("auto_merge", True) and not github.host.is_ancestor("main", wanted["ref"]):
        return json_reply(202, {"message": "Auto-merged main into " + wanted["ref"]})
    needed = wanted.get("required_contexts", [one["context"] for one in github.statuses.get(revision.commit, [])])
    if needed:
        return json_reply(409, bodies.error("Conflict: Commit status checks failed for " + wanted["ref"]))
    made = {
        **wanted,
        "id": github.told.next_id(),
        "sha": revision.commit,
        "creator": bodies.user(asked.by.login),
        "created_at": bodies.moment(github.clock.now()),
    }
    github.told.deployments.append(made)
    return json_reply(201, made)


def list_deployment_statuses(github: "GitHubStandIn", asked: Asked) -> Reply:
    known = github.told.deployment_statuses.get(asked.number(), [])[::-1]
    return json_reply(200, known[: int(asked.request.query.get("per_page", "30"))])


def create_deployment_status(github: "GitHubStandIn", asked: Asked) -> Reply:
    wanted = asked.request.json()
    if not any(one["id"] == asked.number() for one in github.told.deployments):
        return NOT_FOUND
    if len(wanted.get("description") or "") > 140:
        return json_reply(422, bodies.error("Validation Failed", _too_long("DeploymentStatus", "description", 140)))
    made = {"id": github.told.next_id(), "description": "", **wanted}
    github.told.deployment_statuses.setdefault(asked.number(), []).append(made)
    return json_reply(201, made)


def edit_release(github: "GitHubStandIn", asked: Asked) -> Reply:
    found = next((one for one in github.releases.values() if one["id"] == asked.number()), None)
    if found is None:
        return NOT_FOUND
    found.update(asked.request.json())
    return json_reply(200, found)


def run(github: "GitHubStandIn", asked: Asked) -> Reply:
    found = github.told.runs.get(asked.number())
    if found is None:
        return NOT_FOUND
    told = {"id": found.id, "head_sha": found.head_sha, "head_branch": found.head_branch, "conclusion": None}
    status = "waiting" if found.pending else "in_progress"
    return json_reply(200, {**told, "status": status, "repository": {"full_name": found.repository or github.name}})


def pending_deployments(github: "GitHubStandIn", asked: Asked) -> Reply:
    found = github.told.runs.get(asked.number())
    names = found.pending if found else []
    environments = [{"id": number, "name": name} for number, name in enumerate(names)]
    waiting: Json = {"wait_timer": 0, "wait_timer_started_at": None, "current_user_can_approve": False, "reviewers": []}
    return json_reply(200, [{"environment": one, **waiting} for one in environments])


def review(github: "GitHubStandIn", asked: Asked) -> Reply:
    wanted, found = asked.request.json(), github.told.runs.get(asked.number())
    name, state, comment = wanted["environment_name"], wanted.get("state"), wanted.get("comment", "")
    if found is None or name not in found.pending:
        return json_reply(422, bodies.error("No pending deployment for this environment"))
    reports = [one for one in found.said if one[0] == name and one[1] is None]
    if len(comment) > 1024 or (state is None and len(reports) >= MOST_REPORTS):
        return json_reply(422, bodies.error("Validation Failed"))
    found.said.append((name, state, comment))
    if state:
        found.pending.remove(name)
    return Reply(204)


def waiting_hint(github: "GitHubStandIn", run: int, environment: str, callback: str = "") -> Mapping[str, Any]:
    """The body of the delivery deployment_protection_rule, as far as it matters."""
    place = callback or f"{github.api}/repos/{github.name}/actions/runs/{run}/deployment_protection_rule"
    return {
        "action": "requested",
        "environment": environment,
        "event": "push",
        "deployment_callback_url": place,
        "pull_requests": [],
        "repository": {"full_name": github.name},
        "installation": {"id": 4711},
    }


def _too_long(resource: str, name: str, most: int) -> dict[str, str]:
    return {"resource": resource, "field": name, "code": "custom", "message": f"{name} is too long ({most} at most)"}


Answer = Callable[["GitHubStandIn", Asked], Reply]

ROUTES: tuple[tuple[str, str, bool, Answer], ...] = (
    ("POST", "/check-runs", False, create_check_run),
    ("PATCH", r"/check-runs/(\d+)", False, update_check_run),
    ("POST", "/statuses/([0-9a-f]{40})", False, create_status),
    ("GET", r"/issues/(\d+)/comments", False, comments),
    ("POST", r"/issues/(\d+)/comments", False, create_comment),
    ("PATCH", r"/issues/comments/(\d+)", False, edit_comment),
    ("GET", "/deployments", False, list_deployments),
    ("POST", "/deployments", False, create_deployment),
    ("GET", r"/deployments/(\d+)/statuses", False, list_deployment_statuses),
    ("POST", r"/deployments/(\d+)/statuses", False, create_deployment_status),
    ("PATCH", r"/releases/(\d+)", False, edit_release),
    ("GET", r"/actions/runs/(\d+)", False, run),
    ("GET", r"/actions/runs/(\d+)/pending_deployments", False, pending_deployments),
    ("POST", r"/actions/runs/(\d+)/deployment_protection_rule", False, review),
)
