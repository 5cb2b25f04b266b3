"""The calls that the stand-in knows, as GitHub answers them."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from staging_gate.adapters.git.merging import message_text, signature
from staging_gate.domain.policy import MergeMethod
from staging_gate.ports.code_host import HeadMoved, MergeOrder
from staging_gate.testing.github import bodies, by_hand, delivering, protecting, reviewing, told
from staging_gate.testing.github.state import Asked, Pull
from staging_gate.testing.web import Reply, json_reply

if TYPE_CHECKING:
    from staging_gate.testing.github.stand_in import GitHubStandIn


def _no(status: int, message: str, *errors: str) -> Reply:
    fields = [{"resource": "PullRequest", "code": "custom", "message": one} for one in errors]
    return json_reply(status, bodies.error(message, *fields))


NO_SUCH = _no(404, "Not Found")


def repository(github: "GitHubStandIn", asked: Asked) -> Reply:
    limits = {"x-ratelimit-limit": "5000"}
    return json_reply(200, {**bodies.repository(github.name), **github.particulars}, limits)


def installation(github: "GitHubStandIn", asked: Asked) -> Reply:
    told = {"id": 4711, "app_id": 99, "app_slug": "gate", "suspended_at": None}
    return json_reply(200, {**told, "permissions": {"contents": "write"}})


def access_token(github: "GitHubStandIn", asked: Asked) -> Reply:
    """Long ones with dots, as GitHub gives them since April 2026."""
    life = timedelta(hours=1)
    token = github.grant(
        "gate[bot]", f"ghs_99_eyJ{secrets.token_hex(200)}.{secrets.token_hex(60)}.x", life, is_bot=True, of_app=True
    )
    until = bodies.moment(github.clock.now() + life)
    return json_reply(
        201, {"token": token, "expires_at": until, "permissions": github.rights, "repository_selection": "selected"}
    )


def list_pulls(github: "GitHubStandIn", asked: Asked) -> Reply:
    """Newest first; page by page where there are more than `per_page`."""
    query = asked.request.query
    head = query.get("head", "").partition(":")[2]
    found = [
        one
        for one in map(lambda pull: _current(github, pull), github.pulls)
        if query.get("state", "open") in (one.state, "all")
        and query.get("base") in (None, one.base)
        and (not head or head == one.head)
    ]
    found.sort(key=lambda one: one.updated_at if query.get("sort") == "updated" else one.opened_at, reverse=True)
    size, page = int(query.get("per_page", "30")), int(query.get("page", "1"))
    shown = [_pull(github, one) for one in found[(page - 1) * size : page * size]]
    following = "&".join(f"{key}={value}" for key, value in {**query, "page": str(page + 1)}.items())
    link = {"link": f'<{github.api}{asked.request.path}?{following}>; rel="next"'}
    return json_reply(200, shown, link if page * size < len(found) else {})


def open_pull(github: "GitHubStandIn", asked: Asked) -> Reply:
    wanted = asked.request.json()
    head, base, branches = wanted["head"], wanted["base"], github.host.branches()
    for field, name in (("head", head), ("base", base)):
        if name not in branches:
            wrong = {"resource": "PullRequest", "field": field, "code": "invalid"}
            return json_reply(422, bodies.error("Validation Failed", wrong))
    if any(one.state == "open" and (one.head, one.base) == (head, base) for one in github.pulls):
        return _no(422, "Validation Failed", f"A pull request already exists for zebra:{head}.")
    if github.host.is_ancestor(branches[head], branches[base]):
        return _no(422, "Validation Failed", f"No commits between {base} and {head}")
    at, number = github.clock.now(), len(github.pulls) + 1
    one = Pull(number, head, base, wanted["title"], wanted.get("body"), asked.by.login, at, branches[head])
    one.nulls = github.nulls
    github.pulls.append(one)
    return json_reply(201, _pull(github, one, {"merged": False, "mergeable": None, "mergeable_state": "unknown"}))


def one_pull(github: "GitHubStandIn", asked: Asked) -> Reply:
    pull = _find(github, asked.number())
    return json_reply(200, _pull(github, pull, _details(github, pull))) if pull else NO_SUCH


def merge(github: "GitHubStandIn", asked: Asked) -> Reply:
    pull, wanted = _find(github, asked.number()), asked.request.json()
    if pull is None:
        return NO_SUCH
    github.before_merging()
    pull = _current(github, pull)
    method = wanted.get("merge_method", "merge")
    if wanted.get("sha", pull.head_sha) != pull.head_sha:
        return _no(409, "Head branch was modified. Review and try the merge again.")
    if method in github.forbidden_methods:
        return _no(405, f"{method.capitalize()} commits are not allowed on this repository.")
    if github.refusing_merges:
        return _no(405, github.refusing_merges)
    if forbidden := protecting.merge_violation(github, asked.by, pull.base, pull.head_sha, method):
        return _no(405, forbidden)
    base = github.host.branches()[pull.base]
    preview = github.host.preview_merge(base, pull.head_sha)
    if pull.state != "open" or pull.draft or preview.merged is None:
        return _no(405, "Pull Request is not mergeable")
    message = (
        f"{wanted.get('commit_title') or f'Merge pull request #{pull.number}'}\n\n{wanted.get('commit_message', '')}"
    )
    order = MergeOrder(
        key=f"pull-{pull.number}",
        into=pull.base,
        base=base,
        head=pull.head_sha,
        tree=preview.merged.tree,
        method=MergeMethod(method),
        message=message,
        author=asked.by.login,
        at=github.clock.now(),
    )
    try:
        merged = github.host.merge(order)
    except HeadMoved:
        return _no(405, "Base branch was modified. Review and try the merge again.")
    pull.state, pull.merged_as, pull.closed_at = "closed", merged.commit, github.clock.now()
    pull.closed_by = asked.by.login
    return json_reply(200, {"sha": merged.commit, "merged": True, "message": "Pull Request successfully merged"})


def create_tag_object(github: "GitHubStandIn", asked: Asked) -> Reply:
    wanted = asked.request.json()
    if wanted.get("type") != "commit" or github.host.revision(wanted["object"]) is None:
        return _no(422, "Could not verify object")
    who = wanted.get("tagger") or {"name": asked.by.login, "email": "", "date": bodies.moment(github.clock.now())}
    tagger = signature(f"{who['name']} <{who['email']}>", datetime.fromisoformat(who["date"]))
    header = f"object {wanted['object']}\ntype commit\ntag {wanted['tag']}\ntagger {tagger}\n\n"
    sha = github.git("mktag", given=(header + message_text(wanted["message"])).encode())
    told = {"sha": sha, "tag": wanted["tag"], "message": wanted["message"], "node_id": "TAG_1", "url": ""}
    return json_reply(201, {**told, "tagger": who, "object": {"sha": wanted["object"], "type": "commit", "url": ""}})


def create_ref(github: "GitHubStandIn", asked: Asked) -> Reply:
    name, sha = asked.request.json()["ref"], asked.request.json()["sha"]
    if github.git("rev-parse", "--verify", "--quiet", name, accept=(0, 1)):
        return _no(422, "Reference already exists")
    kind = github.git("cat-file", "-t", sha, accept=(0, 128))
    if not kind:
        return _no(422, "Object does not exist")
    if forbidden := protecting.violation(github, asked.by, name, "creation"):
        return _no(422, forbidden)
    if not github.moves(name, sha, ""):
        return _no(422, "Reference cannot be created")
    return json_reply(201, bodies.ref(name, sha, kind))


def delete_ref(github: "GitHubStandIn", asked: Asked) -> Reply:
    name = unquote(asked.found[1])
    old = github.git("rev-parse", "--verify", "--quiet", f"refs/{name}", accept=(0, 1))
    if not old:
        return _no(422, "Reference does not exist")
    if forbidden := protecting.violation(github, asked.by, f"refs/{name}", "deletion"):
        return _no(422, forbidden)
    for pull in github.pulls:
        if pull.state == "open" and name == f"heads/{pull.head}":
            pull.state, pull.closed_at = "closed", github.clock.now()
    return Reply(204) if github.moves(f"refs/{name}", None, old) else _no(422, "Cannot delete this protected branch")


def activity(github: "GitHubStandIn", asked: Asked) -> Reply:
    branch = asked.request.query.get("ref", "").removeprefix("refs/heads/")
    moves = [one for one in github.pushes if one.branch == branch]
    return json_reply(200, [bodies.push(one, number) for number, one in reversed(list(enumerate(moves, 1)))])


def _find(github: "GitHubStandIn", number: int) -> Pull | None:
    return next((_current(github, one) for one in github.pulls if one.number == number), None)


def _current(github: "GitHubStandIn", pull: Pull) -> Pull:
    """An open one follows its branch."""
    if (
        pull.state == "open"
        and not pull.fork
        and (tip := github.host.branches().get(pull.head)) not in (None, pull.head_sha)
    ):
        pull.head_sha, pull.nulls = tip or "", github.nulls
    return pull


def _details(github: "GitHubStandIn", pull: Pull) -> dict[str, Any]:
    if pull.state != "open":
        whose = bodies.user(pull.closed_by) if pull.merged_as and pull.closed_by else None
        return {
            "merged_by": whose,
            "merged": pull.merged_as is not None,
            "mergeable": None,
            "mergeable_state": "unknown",
        }
    if pull.nulls or github.host.revision(pull.head_sha) is None:
        pull.nulls = max(0, pull.nulls - 1)
        return {"merged": False, "mergeable": None, "mergeable_state": "unknown", "merge_commit_sha": None}
    trial = github.host.preview_merge(github.host.branches()[pull.base], pull.head_sha).merged
    state = "blocked" if github.refusing_merges else "clean" if trial else "dirty"
    told: dict[str, Any] = {"merged": False, "mergeable": trial is not None, "mergeable_state": state}
    return {**told, "merge_commit_sha": trial.commit if trial else None}


def _pull(github: "GitHubStandIn", pull: Pull, details: dict[str, Any] | None = None) -> dict[str, Any]:
    return bodies.pull(pull, github.name, github.host.branches().get(pull.base, bodies.ZERO), details)


Answer = Callable[["GitHubStandIn", Asked], Reply]

ROUTES: tuple[tuple[str, str, bool, Answer], ...] = (
    # method, path below the repository, whether the App itself asks and not a token
    ("GET", "", False, repository),
    ("GET", "/installation", True, installation),
    ("POST", "/app/installations/4711/access_tokens", True, access_token),
    ("GET", "/pulls", False, list_pulls),
    ("POST", "/pulls", False, open_pull),
    ("GET", r"/pulls/(\d+)", False, one_pull),
    ("PUT", r"/pulls/(\d+)/merge", False, merge),
    ("POST", "/git/tags", False, create_tag_object),
    ("POST", "/git/refs", False, create_ref),
    ("DELETE", "/git/refs/(.+)", False, delete_ref),
    ("GET", "/activity", False, activity),
    *by_hand.ROUTES,
    *reviewing.ROUTES,
    *told.ROUTES,
    *protecting.ROUTES,
    *delivering.ROUTES,
)
