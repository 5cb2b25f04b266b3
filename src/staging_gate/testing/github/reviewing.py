"""Reviews, checks, rules, labels and releases of the stand-in."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from staging_gate.testing.github import bodies, protecting
from staging_gate.testing.github.state import Asked
from staging_gate.testing.web import Reply, json_reply

if TYPE_CHECKING:
    from staging_gate.testing.github.stand_in import GitHubStandIn

NOT_FOUND = json_reply(404, bodies.error("Not Found"))


def reviews(github: "GitHubStandIn", asked: Asked) -> Reply:
    return json_reply(200, github.reviews.get(asked.number(), []))


def check_runs(github: "GitHubStandIn", asked: Asked) -> Reply:
    name = asked.request.query.get("check_name")
    found = [one for one in github.check_runs.get(asked.found[1], []) if name in (None, one["name"])]
    return json_reply(200, {"total_count": len(found), "check_runs": found})


def combined_status(github: "GitHubStandIn", asked: Asked) -> Reply:
    found = github.statuses.get(asked.found[1], [])
    states = {one["state"] for one in found}
    state = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    return json_reply(200, {"state": state, "statuses": found, "total_count": len(found), "sha": asked.found[1]})


def rules(github: "GitHubStandIn", asked: Asked) -> Reply:
    name = unquote(asked.found[1])
    return json_reply(200, [*github.rules.get(name, []), *protecting.active_rules(github, name)])


def classic(github: "GitHubStandIn", asked: Asked) -> Reply:
    """As GitHub answers whoever is no administrator; the branch itself says it to everybody."""
    if not github.shows_protection:
        return json_reply(403, bodies.error("Resource not accessible by integration"))
    found = github.classic.get(unquote(asked.found[1]))
    return json_reply(200, found) if found else json_reply(404, bodies.error("Branch not protected"))


def branch(github: "GitHubStandIn", asked: Asked) -> Reply:
    name = unquote(asked.found[1])
    if (tip := github.host.branches().get(name)) is None:
        return NOT_FOUND
    found = github.classic.get(name)
    told: dict[str, Any] = {"name": name, "commit": {"sha": tip}, "protected": found is not None}
    nothing = {"enforcement_level": "off", "contexts": [], "checks": []}
    return json_reply(200, {**told, "protection": {"enabled": bool(found), "required_status_checks": found or nothing}})


def add_labels(github: "GitHubStandIn", asked: Asked) -> Reply:
    pull = next(one for one in github.pulls if one.number == asked.number())
    pull.labels = list(dict.fromkeys([*pull.labels, *asked.request.json()["labels"]]))
    return json_reply(200, [{"id": number, "name": label} for number, label in enumerate(pull.labels)])


def remove_label(github: "GitHubStandIn", asked: Asked) -> Reply:
    pull, label = next(one for one in github.pulls if one.number == asked.number()), unquote(asked.found[2])
    if label not in pull.labels:
        return json_reply(404, bodies.error("Label does not exist"))
    pull.labels.remove(label)
    return json_reply(200, [{"id": number, "name": label} for number, label in enumerate(pull.labels)])


def release_of(github: "GitHubStandIn", asked: Asked) -> Reply:
    found = github.releases.get(unquote(asked.found[1]))
    return json_reply(200, found) if found else NOT_FOUND


def publish_release(github: "GitHubStandIn", asked: Asked) -> Reply:
    wanted = asked.request.json()
    if wanted["tag_name"] in github.releases:
        twice = {"resource": "Release", "code": "already_exists", "field": "tag_name"}
        return json_reply(422, bodies.error("Validation Failed", twice))
    if wanted["tag_name"] in github.changes_workflows:  # and the token lacks the right: GitHub says no more than this
        return NOT_FOUND
    made = {
        **wanted,
        "id": 100 + len(github.releases),
        "immutable": False,
        "published_at": bodies.moment(github.clock.now()),
    }
    github.releases[wanted["tag_name"]] = made
    return json_reply(201, made)


def generate_notes(github: "GitHubStandIn", asked: Asked) -> Reply:
    tag = asked.request.json()["tag_name"]
    return json_reply(200, {"name": tag, "body": f"**Full Changelog**: https://github.example/compare/...{tag}"})


Answer = Callable[["GitHubStandIn", Asked], Reply]

ROUTES: tuple[tuple[str, str, bool, Answer], ...] = (
    ("GET", r"/pulls/(\d+)/reviews", False, reviews),
    ("GET", "/commits/([0-9a-f]{40})/check-runs", False, check_runs),
    ("GET", "/commits/([0-9a-f]{40})/status", False, combined_status),
    ("GET", "/rules/branches/([^/]+)", False, rules),
    ("GET", "/branches/([^/]+)/protection/required_status_checks", False, classic),
    ("GET", "/branches/([^/]+)", False, branch),
    ("POST", r"/issues/(\d+)/labels", False, add_labels),
    ("DELETE", r"/issues/(\d+)/labels/([^/]+)", False, remove_label),
    ("GET", "/releases/tags/([^/]+)", False, release_of),
    ("POST", "/releases", False, publish_release),
    ("POST", "/releases/generate-notes", False, generate_notes),
)
