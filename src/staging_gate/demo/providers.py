"""The providers of the connected demo, as one process: a GitHub with the code, and a Render that runs it.

    python -m staging_gate.demo.providers FOLDER GATE BLUEPRINT

FOLDER is theirs, GATE the address that their webhooks go to, BLUEPRINT a gate.yaml with what somebody has set up at
Render: each `local` target in it is a service there. Secrets come through the environment.

It says in one line of JSON where everything is; `panel` is for whoever plays with it: GET tells the figures, POST
/lose/github makes the next webhook get lost. Like the outsides it ends, and leaves nothing, as soon as nobody holds the
other end of its standard input any more.
"""

import json
import os
import signal
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from staging_gate.adapters.clock import SystemClock
from staging_gate.adapters.git import Source
from staging_gate.config import YamlPolicyReader
from staging_gate.domain.environment import Environment
from staging_gate.testing import webhooks
from staging_gate.testing.github.running import RunningGitHub
from staging_gate.testing.render.render import KEY
from staging_gate.testing.render.running import Blueprint, RunningRender
from staging_gate.testing.web import Reply, Request, WebServer, json_reply
from staging_gate.testing.webhooks import Webhooks

REPOSITORY = "zebra/marketedge"
PEOPLE = ("ada", "ben", "tess", "stan", "dana", "admin")
GATE_TOKEN = "github_pat_of_the_gate"
RENDER_TOKEN = "github_pat_of_render"


@dataclass(frozen=True)
class Panel:
    github: RunningGitHub
    render: RunningRender
    hooks: dict[str, Webhooks]

    def answer(self, request: Request) -> Reply:
        action, _, whose = request.path.strip("/").partition("/")
        if request.method == "POST" and action == "lose" and whose in self.hooks:
            self.hooks[whose].lose += 1
        calls = {
            "github": sum(one.path.startswith("/api/") for one in list(self.github.web.asked)),
            "render": len(self.render.web.asked),
        }
        told = {name: {"delivered": one.delivered, "lost": one.lost} for name, one in self.hooks.items()}
        return json_reply(200, {"calls": calls, "webhooks": told})


def main() -> None:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(1))
    folder, gate, blueprint = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    folder.mkdir()
    folder.chmod(0o755)
    clock = SystemClock()
    with ExitStack() as stack:
        hooks = {
            name: stack.enter_context(
                Webhooks(f"{gate}/hooks/{name}", os.environ[f"GATE_HOOK_{name.upper()}"].encode(), sign, clock)
            )
            for name, sign in (("github", webhooks.github), ("render", webhooks.render))
        }
        github = RunningGitHub(folder, clock, REPOSITORY, hooks["github"].send)
        github.protected |= {"refs/heads/main", "refs/heads/staging"}
        github.grant("gate[bot]", GATE_TOKEN, is_bot=True)
        github.grant("render[bot]", RENDER_TOKEN, is_bot=True)
        people = {name: github.grant(name, f"github_pat_of_{name}") for name in PEOPLE}
        stack.enter_context(github.running())
        code = f"{github.web.address}/{REPOSITORY}.git"
        blueprints = _blueprints(blueprint.read_text())
        source = Source(code, lambda: ("x-access-token", RENDER_TOKEN))
        render = RunningRender(clock, folder / "render", source, blueprints, hooks["render"].send)
        stack.enter_context(render)
        panel = stack.enter_context(WebServer(Panel(github, render, hooks).answer))
        told = {
            "github": {"api": github.api, "code": code, "token": GATE_TOKEN, "people": people},
            "render": {"api": render.address, "key": KEY, "services": _services(blueprints)},
            "panel": panel.address,
        }
        print(json.dumps(told), flush=True)
        sys.stdin.buffer.read()


def _blueprints(text: str) -> dict[str, Blueprint]:
    """By the service's id at Render."""
    policy = YamlPolicyReader().read(text.encode(), "render.yaml")
    found = (Blueprint(environment, service) for service in policy.services for environment in service.targets)
    return {_id(one): one for one in found}


def _services(blueprints: dict[str, Blueprint]) -> dict[str, dict[str, str]]:
    """Their ids, by service and environment."""
    found: dict[str, dict[str, str]] = {}
    for id, one in blueprints.items():
        found.setdefault(one.service.name, {})[one.environment] = id
    return found


def _id(blueprint: Blueprint) -> str:
    """They have 20 letters and digits."""
    environment: Environment = blueprint.environment
    return "srv-" + f"{blueprint.service.name}{environment}".ljust(20, "0")


if __name__ == "__main__":
    main()
