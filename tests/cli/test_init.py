"""`gate init`: a policy from what other tools say, each line with its place, and nothing secret in it."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from staging_gate.cli.main import gate
from staging_gate.config import YamlPolicyReader, example_text
from staging_gate.domain.environment import Environment
from staging_gate.domain.policy import Policy
from staging_gate.ports.policy import PolicyProblems

RENDER = """\
# The team of the runbook.
services:
  - type: web
    name: marketedge-platform
    runtime: python
    rootDir: backend
    branch: main
    buildCommand: pip install -r requirements.txt
    preDeployCommand: alembic upgrade head
    startCommand: alembic current && uvicorn app.main:app --host 0.0.0.0 --port $PORT
    healthCheckPath: /health
    autoDeploy: false
    envVars:
      - key: AUTH0_AUDIENCE
        value: https://api.zebra.example
      - key: STRIPE_KEY
        value: sk_live_do_not_copy_me
      - key: AUTH0_CLIENT_SECRET
        sync: false
      - key: DATABASE_URL
        fromDatabase: {name: marketedge-db, property: connectionString}
  - type: web
    name: marketedge-platform-staging
    branch: staging
    rootDir: backend
    startCommand: uvicorn app.main:app --host 0.0.0.0 --port $PORT
    envVars:
      - {key: AUTH0_AUDIENCE, value: https://api.staging.zebra.example}
databases:
  - name: marketedge-db
"""
CI = """\
name: CI
on: [pull_request]
jobs:
  smoke:
    name: zebra-smoke
    runs-on: ubuntu-latest
  db-migrations:
    runs-on: ubuntu-latest
  ship:
    runs-on: ubuntu-latest
    environment: {name: production, url: https://zebra.example}
"""
TEAM = {
    "render.yaml": RENDER,
    "backend/alembic.ini": "[alembic]\nscript_location = migrations\n",
    "backend/requirements.txt": "fastapi\n",
    "frontend/vercel.json": '{\n  "framework": "vite",\n  "buildCommand": "npm run build",\n  "env": {"API": "https://u:pw@api"}\n}\n',
    "frontend/package.json": '{"name": "@zebra/marketedge-web", "scripts": {"dev": "vite", "preview": "vite preview"}}',
    "frontend/.vercel/project.json": '{"projectId": "prj_XLKmu1DyR1eY7zq8Ugs", "orgId": "team_1a2b3c4d5e6f"}',
    "frontend/node_modules/left/vercel.json": "{}",
    ".github/workflows/ci.yml": CI,
    ".git/config": '[remote "origin"]\n\turl = https://maya:ghs_secret@github.com/zebra/marketedge.git\n',
}
DJANGO_ON_RENDER = {
    "render.yaml": (
        "services:\n"
        "- {type: web, name: shop, runtime: python, buildCommand: ./build.sh, startCommand: gunicorn shop.wsgi}\n"
        "- {type: worker, name: shop-worker, startCommand: celery -A shop worker}\n"
    ),
    "manage.py": 'import os\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
}
MONOREPO = {
    "api/Procfile": "# old\nrelease: alembic upgrade\nweb: uvicorn api:app --port $PORT\nworker: rq w\n",
    "api/alembic.ini": "[alembic]\nscript_location = %(here)s/migrations\n",
    "api/uv.lock": "",
    "shop/manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
    "shop/requirements.txt": "django\n",
}


def lay(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def init(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(gate, ["init", str(folder), *options])


def told(folder: Path) -> list[str]:
    """What the reader of policies misses in the draft, without its place."""
    try:
        YamlPolicyReader().read((folder / "gate.yaml").read_bytes(), "gate.yaml")
    except PolicyProblems as broken:
        return [re.sub(r"^gate.yaml:\d+:\d+: ", "", problem) for problem in broken.problems]
    return []


def filled(folder: Path) -> Policy:
    """The draft as it is after a person has filled in what was asked for."""
    text = (folder / "gate.yaml").read_text()
    text = text.replace("service: FILL-IN", "service: srv-cu2k4j3qf0us73fbv7u0").replace(
        "people: {}", "people: {tess: t, ada: a}"
    )
    text = text.replace("project: FILL-IN", "project: prj_XLKmu1DyR1eY7").replace(
        "domain: FILL-IN", "domain: s.zebra.example"
    )
    return YamlPolicyReader().read(text.replace("[FILL-IN]", "[tess]").encode(), "gate.yaml")


def test_the_team_of_the_runbook(tmp_path: Path) -> None:
    done = init(lay(tmp_path, TEAM))
    text = (tmp_path / "gate.yaml").read_text()
    assert done.exit_code == 0, done.output

    policy = filled(tmp_path)
    assert (policy.product, policy.repository) == ("marketedge", "github:zebra/marketedge")
    assert [one.name for one in policy.services] == ["marketedge-platform", "marketedge-web"]
    api, web = policy.services
    assert api.health.path == "/health" and 'path: "/health"' in text and "# from render.yaml:11" in text
    assert api.run[:2] == ("sh", "-c") and "alembic current && uvicorn" in api.run[2], "a shell in plain sight"
    assert api.target(Environment.PRODUCTION).environ == {
        "AUTH0_AUDIENCE": "env:MARKETEDGE_PLATFORM_PRODUCTION_AUTH0_AUDIENCE",
        "STRIPE_KEY": "env:MARKETEDGE_PLATFORM_PRODUCTION_STRIPE_KEY",
        "AUTH0_CLIENT_SECRET": "env:MARKETEDGE_PLATFORM_PRODUCTION_AUTH0_CLIENT_SECRET",
    }
    assert [api.target(e).provider for e in Environment] == ["render", "render"]
    assert "Render migrates with it: alembic upgrade head (render.yaml:9)" in text
    assert (
        web.target(Environment.PRODUCTION).identity == "prj_XLKmu1DyR1eY7zq8Ugs" and "team: team_1a2b3c4d5e6f" in text
    )
    assert "#   zebra-smoke  # from .github/workflows/ci.yml:4" in text
    assert "#   db-migrations" in text and "#   ship" not in text


def test_nothing_secret_is_copied(tmp_path: Path) -> None:
    said = init(lay(tmp_path, TEAM)).output + init(tmp_path, "--force", "--json").output
    said += (tmp_path / "gate.yaml").read_text()
    for secret in ("sk_live", "ghs_secret", "maya", "u:pw", "api.zebra.example"):
        assert secret not in said


def test_what_is_missing_is_said_with_its_place(tmp_path: Path) -> None:
    done = init(lay(tmp_path, TEAM))
    wanted = "wanted the id of a service at Render such as `srv-cu2k4j3qf0us73fbv7u0`"
    assert f"services.marketedge-platform.targets.staging.render.service: {wanted}" in done.output
    assert len([line for line in told(tmp_path) if "FILL-IN" in line]) == 4
    for problem in told(tmp_path):
        assert problem in done.output


def test_django_on_render(tmp_path: Path) -> None:
    done = init(lay(tmp_path, DJANGO_ON_RENDER))
    text = (tmp_path / "gate.yaml").read_text()
    assert [one.name for one in filled(tmp_path).services] == ["shop", "shop-worker"]
    assert "manage.py:2: migrations of shop by Django" in done.output
    assert "Nothing in render.yaml:2 migrates (manage.py:2): give it a preDeployCommand at Render." in text
    assert "# render.yaml has none for staging: make one, apart from the other." in text
    assert "shop deploys by itself at Render now" in text


def test_a_monorepo_without_a_provider_runs_here(tmp_path: Path) -> None:
    done = init(lay(tmp_path, MONOREPO))
    web, shop = filled(tmp_path).services
    assert (web.name, web.schema and web.schema.config, shop.name) == ("web", "api/alembic.ini", "shop")
    assert web.build == ("sh", "-c", 'cd "api" && uv sync --frozen')
    assert shop.schema and shop.schema.commands
    assert shop.schema.commands.upgrade == ("python", "shop/manage.py", "migrate", "--noinput")
    assert shop.schema.database in shop.target(Environment.STAGING).environ
    ports = [one.target(each).port for one in (web, shop) for each in Environment]
    assert len(set(ports)) == 4
    assert "api/Procfile:4: process worker, which is not imported" in done.output


def test_nothing_found_is_the_example(tmp_path: Path) -> None:
    done = init(tmp_path)
    assert (tmp_path / "gate.yaml").read_text() == example_text()
    assert "the annotated example, as no service was found here" in done.output


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"render.yaml": "services:\n  - name: [api\n"}, "render.yaml:2:15: wanted , or ]"),
        (
            {"render.yaml": "services:\n  - {type: queue, name: q}\n"},
            "render.yaml:2: wanted a service with `name` and a `type`",
        ),
        ({"render.yaml": ""}, "render.yaml:1:1: the file is empty"),
        ({"web/vercel.json": '{\n  "framework": vite\n}'}, "web/vercel.json:2:16: wanted JSON: Expecting value"),
        ({"api/alembic.ini": "[alembic]\nlost\n"}, "api/alembic.ini:2: wanted `key = value`"),
        ({"api/alembic.ini": "script = x\n"}, "api/alembic.ini:1: wanted a section [alembic] with script_location"),
        ({".github/workflows/ci.yml": "jobs:\n\ttest: 1\n"}, ".github/workflows/ci.yml:2:1: "),
        ({"api/Procfile": "web: uvicorn api:app\nnonsense\n"}, "api/Procfile:2: wanted `name: command`"),
        ({"package.json": "[1]"}, "package.json:1: wanted a JSON object {...}, found something else"),
    ],
)
def test_a_broken_file_is_told_with_its_line_and_the_rest_is_read(
    tmp_path: Path, broken: dict[str, str], said: str
) -> None:
    done = init(lay(tmp_path, {**MONOREPO, **broken}))
    assert done.exit_code == 0
    assert f"gate: {said}" in done.stderr
    assert "shop" in [one.name for one in filled(tmp_path).services]
    assert f"# not read: {said}".strip() in (tmp_path / "gate.yaml").read_text()


def test_a_policy_that_is_there_is_kept(tmp_path: Path) -> None:
    lay(tmp_path, {**MONOREPO, "gate.yaml": "mine\n"})
    refused = init(tmp_path)
    assert (refused.exit_code, "--force writes over it" in refused.output) == (1, True)
    assert init(tmp_path, "--output", "-").stdout.startswith("# Drafted by `gate init`")
    assert (tmp_path / "gate.yaml").read_text() == "mine\n"
    assert init(tmp_path, "--force").exit_code == 0
    assert "product: " in (tmp_path / "gate.yaml").read_text()


def test_machines_are_told_what_was_found_where(tmp_path: Path) -> None:
    said = json.loads(init(lay(tmp_path, TEAM), "--json").output)
    assert said["services"][0] == {"name": "marketedge-platform", "where": "render.yaml:3"}
    assert {"what": "zebra-smoke", "where": ".github/workflows/ci.yml:4"} in said["checks"]
    assert {
        "what": "database marketedge-db, which Render keeps: its backups are Render's",
        "where": "render.yaml:30",
    } in said["found"]
    assert said["unread"] == [] and len(said["missing"]) >= 4


def test_odd_files_do_no_harm(tmp_path: Path) -> None:
    odd = {
        "render.yaml": (
            "services:\n"
            "- {type: web, name: 'ap#i: x', rootDir: ../../etc, startCommand: \"a\\n: b\", healthCheckPath: 'x\"y'}\n"
            "- {type: web, name: other, envVars: {key: 1}, branch: [main]}\n"
            "- nothing\n"
            "databases: none\n"
        ),
        "web/vercel.json": '{"framework": 7, "buildCommand": "x # y\\u2028z"}',
        "web/package.json": '{"name": ["a"], "scripts": {"start": 5}}',
        "web/.vercel/project.json": '{"projectId": "prj_x\\n  evil: 1", "orgId": "team_a\\nb: c"}',
        ".github/workflows/a.yml": "jobs: {a: {name: [x], environment: {}}, b: 7, 'c # d': {}}\n",
        ".github/workflows/b.yml": "[]\n",
    }
    done = init(lay(tmp_path, odd))
    assert (done.exit_code, done.exception) == (0, None)
    assert "render.yaml:4: wanted a service with `name` and a `type`" in done.stderr
    assert [one.name for one in filled(tmp_path).services] == ["ap-i-x", "other", "a"]
    assert "evil" not in (tmp_path / "gate.yaml").read_text()
