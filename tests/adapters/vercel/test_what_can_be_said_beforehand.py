"""What stands against deployments at Vercel is said before any begins, with what to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from staging_gate.adapters.vercel import Examined, Settings, connect
from staging_gate.domain.service import Target
from staging_gate.testing.clock import MovableClock
from staging_gate.testing.web import Reply
from tests.adapters.vercel.connecting import TARGET, There


def reachable(there: There, environ: dict[str, str] | None = None, **settings: str) -> str | None:
    return there.target.reachable(replace(TARGET, environ=environ or {}, settings={**TARGET.settings, **settings}))


def variable(name: str, value: str, kind: str = "encrypted", target: object = ("production",)) -> dict[str, object]:
    return {"id": f"env_{name}", "key": name, "value": value, "type": kind, "target": target}


def test_nothing_stands_against_it(there: There) -> None:
    assert reachable(there) is None


def test_variables_are_compared_and_never_shown(there: There) -> None:
    there.project.variables = [
        variable("AUDIENCE", "https://api.shop.example", "plain", "production"),
        variable("PRICE", "secret-7"),
        variable("TOKEN", "secret-8", "sensitive"),
        variable("MODE", "fast", target=["preview"]),
    ]

    right = {"AUDIENCE": "https://api.shop.example", "PRICE": "env:PRICE", "TOKEN": "who knows"}
    assert reachable(there, right) is None
    assert reachable(there, {"AUDIENCE": "https://other.example", "PRICE": "8", "MODE": "fast"}) == (
        "The environment of web at Vercel: MODE is not set, AUDIENCE has another value, PRICE has another value. Set "
        "it there; a deployment has the variables of when it was built."
    )
    assert all(one.method == "GET" for one in there.vercel.web.asked)


def test_variables_of_one_branch_do_not_count(there: There) -> None:
    there.project.variables = [{**variable("MODE", "fast", "plain", ["preview"]), "gitBranch": "feature/x"}]

    assert reachable(there, {"MODE": "fast"}, environment="preview", domain="staging.shop.example") == (
        "The environment of web at Vercel: MODE is not set. Set it there; a deployment has the variables of when it "
        "was built."
    )


def test_a_project_that_is_not_set_up(there: There) -> None:
    there.project.repository = None
    assert reachable(there) == "web is linked to no repository at Vercel: connect it in its Git settings."
    there.project.repository = {"type": "gitlab", "projectId": "9"}
    there.clock.advance(seconds=10)
    assert reachable(there) == "web is linked to gitlab at Vercel; only repositories at GitHub can be deployed."


def test_an_environment_that_is_not_there(there: There) -> None:
    there.project.environments = {"qa": "env_1"}
    assert reachable(there, environment="uat", domain="uat.shop.example") == (
        "web has no environment `uat` at Vercel (custom ones: qa): correct `environment` in gate.yaml, or make it "
        "there."
    )
    assert reachable(there, environment="qa") == (
        "web has no domain that it is reached by: name one in gate.yaml (`domain`), and add it at Vercel."
    )


def test_rolling_releases_would_only_begin_a_canary(there: There) -> None:
    there.project.rolling = True
    assert reachable(there) == (
        "web has rolling releases at Vercel, so a promotion would only begin a canary: switch them off in the "
        "project's settings; the gate's watch does that work."
    )


def test_protection_needs_a_secret(there: There) -> None:
    there.project.protected = True
    assert reachable(there) == (
        "web has Deployment Protection at Vercel, so nothing can be proved before it goes live: make a secret for "
        "automation under Deployment Protection there, and name it in gate.yaml: `bypass: env:NAME`."
    )
    assert reachable(there, bypass="env:VERCEL_BYPASS") is None
    assert reachable(there, bypass="env:NOWHERE") == (
        "`bypass` names env:NOWHERE, and there is no secret: set it where Staging Gate runs, and start it again."
    )


def test_a_project_or_a_team_that_is_not_there(there: There) -> None:
    assert there.target.reachable(Target("vercel")) == (
        "The target names no project: give `vercel` one, such as `vercel: {project: prj_...}`."
    )
    assert there.target.reachable(Target("vercel", identity="prj_nobody")) == (
        "Vercel refused GET /v9/projects/prj_nobody with 404: Project not found. Look at `project` and `team` in "
        "gate.yaml: the id stands in the project's settings at Vercel."
    )
    assert reachable(there, team="team_other") == (
        "Vercel refused GET /v9/projects/prj_web with 403: You don't have permission to access this resource. The "
        "token ended, was revoked, or is of another team: look at `team` in gate.yaml, and at whether the token's "
        "owner may deploy this project."
    )


def test_without_a_token(tmp_path: Path) -> None:
    target = connect(Settings("", tmp_path), MovableClock())
    assert target.reachable(TARGET) == (
        "There is no token for Vercel: set GATE_VERCEL_KEY for the server, and start it again."
    )


@pytest.mark.parametrize("body", [b"<html>Sign in to the proxy</html>", b"[]", b'{"name": "web"}', b"null"])
def test_a_project_that_can_not_be_read(there: There, body: bytes) -> None:
    there.vercel.answer_next("GET projects", Reply(200, body, {"content-type": "application/json"}))

    said = reachable(there)

    assert said is not None and said.startswith("Vercel answered ")


def test_the_doctor_says_how_a_project_is_set_up(there: There) -> None:
    there.project.repository = {"type": "github", "repoId": 7, "org": "zebra", "repo": "shop"}
    said = "web of zebra/shop can be deployed, production at shop.example"
    assert there.target.examine(replace(TARGET, settings={"domain": "shop.example"})) == Examined(
        True, f"{said}; what is built there goes live by itself until our next deployment stops that"
    )
    there.project.auto_assign = False
    assert there.target.examine(replace(TARGET, settings={"domain": "shop.example"})) == Examined(True, said)
    there.project.paused = True
    assert there.target.examine(TARGET) == Examined(
        False,
        "web is paused at Vercel: resume it there.",
        "docs/adapters/vercel.md says which token and which settings of the project are needed.",
    )
