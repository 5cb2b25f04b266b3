"""The API as a client meets it: real server, real repository."""

import json
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from staging_gate.testing.serving import Served
from staging_gate.wire.api import Api, ApiProblem


def ask(
    served: Served, method: str, path: str, body: bytes | None = None, /, **headers: str
) -> tuple[int, str, dict[str, str]]:
    place = urlsplit(served.address)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=10)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read().decode(), dict(answer.getheaders())


def refused(api: Api, method: str, path: str, **body: object) -> ApiProblem:
    with pytest.raises(ApiProblem) as caught:
        (api.get if method == "GET" else api.post)(path, **body)
    return caught.value


def test_health_says_what_it_asks_of_others(served: Served) -> None:
    status, body, _ = ask(served, "GET", "/health")
    assert (status, body) == (200, '{"status":"healthy","environment":"staging"}')


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer sgt_wrong"}, {"cookie": "gate_session=sgt_wrong"}])
def test_without_a_valid_token_nothing_is_told(served: Served, headers: dict[str, str]) -> None:
    status, body, answer = ask(served, "GET", "/api/v1/board", **headers)
    assert status == 401
    assert answer["www-authenticate"] == "Bearer"
    assert "A valid API token is needed: `gate login`, or the variable GATE_TOKEN." in body


def test_a_change_is_opened_approved_and_shown(served: Served, ada: Api, ben: Api) -> None:
    served.commit("feature/greeting", {"index.html": "good morning"}, "feat: greet", start="staging")
    change = ada.post("/changes", source="feature/greeting", target="staging")
    assert (change["number"], change["title"], change["author"]) == (1, "feat: greet", "ada")

    own = refused(ada, "POST", "/changes/1/approve")
    assert own.kind == "gate-closed"
    assert own.body["decision"]["reasons"][0]["sentence"] == "ada opened change 1 and can not approve it."

    other = refused(ben, "POST", "/changes/1/approve", commit="1234567")
    assert str(other).endswith("now, not at 1234567: look at it again, then approve.")

    ben.post("/changes/1/approve", commit=change["head"]["commit"])
    view = ada.get("/changes/1")
    assert [(a["approval"]["by"], a["counts"]) for a in view["approvals"]] == [("ben", True)]
    assert view["decision"]["reasons"] == []
    assert "good morning" in ada.text("/changes/1/diff")


def test_a_closed_gate_gives_its_reasons(served: Served, ada: Api) -> None:
    problem = refused(ada, "POST", "/changes", source="staging", target="main")
    assert (problem.status, problem.kind) == (422, "not-possible")
    served.commit("feature/direct", {"index.html": "bye"}, "feat: leave", start="main")
    problem = refused(ada, "POST", "/changes", source="feature/direct", target="main")
    assert problem.status == 409
    assert [reason["code"] for reason in problem.body["decision"]["reasons"]] == ["wrong_way"]


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("GET", "/changes/999", "There is no change 999. `gate change list` shows the open ones."),
        ("GET", "/deployments/staging-99", "There is no deployment staging-99. `gate status` shows the recent ones."),
        ("GET", "/releases/v9.9.9", "There is no release 'v9.9.9'. `gate release list` shows them;"),
        ("GET", "/deployments/staging-99/follow", "There is no deployment staging-99."),
        ("POST", "/tokens/zzz/revoke", "There is no token zzz. `gate token list` shows them."),
        ("POST", "/deployments/production-7/cancel", "There is no deployment production-7."),
    ],
)
def test_what_is_not_there_is_said_with_how_to_find_the_right_one(
    admin: Api, method: str, path: str, said: str
) -> None:
    problem = refused(admin, method, path)
    assert (problem.status, problem.kind) == (404, "not-found")
    assert str(problem).startswith(said)


def test_what_is_not_understood_names_the_field(admin: Api) -> None:
    problem = refused(admin, "POST", "/changes", source=7)
    assert (problem.status, problem.kind) == (422, "not-understood")
    assert "body.source: Input should be a valid string; body.target: Field required" in str(problem)


def test_a_body_that_is_nested_too_deeply_is_refused(served: Served) -> None:
    body = b'{"reason": ' + b"[" * 900 + b"]" * 900 + b"}"
    headers = {"authorization": f"Bearer {served.token}", "content_type": "application/json"}
    status, said, _ = ask(served, "POST", "/api/v1/holds", body, **headers)
    assert status == 422
    assert "the body is nested too deeply" in said


def test_the_record_is_read_from_an_entry_on_and_about_a_subject(admin: Api) -> None:
    entries = [json.loads(line) for line in admin.text("/audit").splitlines()]
    later = [json.loads(line) for line in admin.text("/audit", since=entries[0]["seq"]).splitlines()]
    about = [json.loads(line) for line in admin.text("/audit", about=entries[0]["subject"]).splitlines()]
    assert later == entries[1:]
    assert about == [entry for entry in entries if entry["subject"] == entries[0]["subject"]]


def test_a_reason_is_needed_for_a_hold(admin: Api) -> None:
    problem = refused(admin, "POST", "/holds", reason="  ")
    assert str(problem) == 'A reason is needed: --reason "...". It goes on the record.'


def test_only_those_with_the_right_hold(ada: Api) -> None:
    problem = refused(ada, "POST", "/holds", reason="no")
    assert problem.body["decision"]["reasons"][0]["code"] == "no_right"


def test_the_record_is_given_as_lines_and_verified(admin: Api) -> None:
    lines = admin.text("/audit").splitlines()
    assert admin.get("/audit/verify") | {"head": ""} == {
        "entries": len(lines),
        "head": "",
        "anchors": 0,
        "broken_at": None,
        "why": "",
        "intact": True,
    }


def test_the_record_is_for_our_eyes_only(served: Served) -> None:
    for file in served.house.settings.state.glob("gate.db*"):
        assert file.stat().st_mode & 0o077 == 0, file.name


def test_secrets_of_tokens_are_not_kept(admin: Api) -> None:
    made = admin.post("/tokens", person="ada", label="laptop", days=1)
    listed = admin.get("/tokens")
    assert made["secret"].startswith("sgt_")
    assert made["secret"] not in str(listed)
    assert "sha256" not in str(listed)


def test_a_revoked_token_is_of_no_use(served: Served, admin: Api) -> None:
    made = admin.post("/tokens", person="ada")
    assert Api(served.address, made["secret"]).get("/whoami")["name"] == "ada"
    admin.post(f"/tokens/{made['id']}/revoke")
    assert refused(Api(served.address, made["secret"]), "GET", "/whoami").status == 401


def test_a_token_for_a_stranger_names_the_people(admin: Api) -> None:
    problem = refused(admin, "POST", "/tokens", person="eve")
    assert str(problem) == "'eve' is not among the people of gate.yaml (ada, ben, tess). Add them there first."


def test_a_body_has_a_limit(served: Served) -> None:
    status, body, _ = ask(served, "POST", "/api/v1/changes", b"", content_length=str(5 * 1024 * 1024))
    assert status == 413
    assert "The body is too large. It must be JSON, and has at most 4,194,304 bytes." in body


def test_another_site_can_not_act_with_our_cookie(served: Served) -> None:
    status, body, _ = ask(
        served, "POST", "/api/v1/redeploy", b"{}", origin="https://evil.example", cookie=served.cookie
    )
    assert status == 403
    assert "This request comes from another site." in body
    for origin in ("null", "", served.address.replace("http:", "https:"), served.address + ".evil.example"):
        status, _, answer = ask(served, "POST", "/login", b"token=sgt_no", origin=origin)
        assert status == 403, origin
        assert "frame-ancestors 'none'" in answer["content-security-policy"]
    assert ask(served, "POST", "/login", b"token=sgt_no", origin=served.address)[0] == 401


def test_a_session_reads_and_acts_nowhere(served: Served) -> None:
    """A cookie goes to every port of a machine: the services beside us see it."""
    assert ask(served, "GET", "/api/v1/board", cookie=served.cookie)[0] == 200
    status, body, _ = ask(served, "POST", "/api/v1/redeploy", b'{"environment": "staging"}', cookie=served.cookie)
    assert status == 401
    assert "A valid API token is needed" in body
    session = served.cookie.partition("=")[2]
    assert ask(served, "GET", "/api/v1/board", authorization=f"Bearer {session}")[0] == 401


def test_the_schema_is_served_and_names_every_verb(served: Served) -> None:
    status, body, _ = ask(served, "GET", "/api/v1/openapi.json")
    assert status == 200
    for path in ("/api/v1/changes/{number}/merge", "/api/v1/releases/{tag}/publish", "/api/v1/rollback"):
        assert path in body


def test_git_needs_a_token_too(served: Served) -> None:
    status, _, answer = ask(served, "GET", "/git/product.git/info/refs?service=git-upload-pack")
    assert status == 401
    assert answer["www-authenticate"].startswith("Basic")


def test_following_a_change_ends_when_no_check_is_pending(served: Served, ada: Api) -> None:
    served.commit("feature/follow", {"index.html": "again"}, "fix: again", start="staging")
    number = ada.post("/changes", source="feature/follow", target="staging")["number"]
    assert [view["change"]["number"] for view in ada.lines(f"/changes/{number}/follow")] == [number]
