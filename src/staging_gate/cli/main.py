"""The command line itself: groups, exit codes, errors in words."""

import sys
from importlib import import_module
from typing import Any

import click

from staging_gate import __version__
from staging_gate.cli.errors import shown_errors

# verb -> where it lives; loaded when it is used, so that `gate status` does not wait for the server's libraries.
VERBS = {
    "init": "importing:init",
    "up": "local:up",
    "down": "local:down",
    "doctor": "reading:doctor",
    "demo": "local:demo",
    "login": "access:login",
    "token": "access:token",
    "status": "reading:status",
    "board": "reading:board",
    "change": "changes:change",
    "approve": "changes:approve",
    "release": "releases:release",
    "hotfix": "hotfixes:hotfix",
    "followups": "followups:followups",
    "followup": "followups:followup",
    "deployment": "deployments:deployment",
    "redeploy": "deployments:redeploy",
    "rollback": "deployments:rollback",
    "way-back": "way_back:way_back",
    "hold": "deployments:hold",
    "backups": "backups:backups",
    "restore-plan": "backups:restore_plan",
    "diagnose": "diagnoses:diagnose",
    "bypass": "bypasses:bypass",
    "calendar": "calendar:calendar",
    "maintenance": "maintenance:maintenance",
    "incident": "incidents:incident",
    "ack": "notifications:ack",
    "notifications": "notifications:notifications",
    "report": "reports:report",
    "migrations": "migrations:migrations",
    "explain": "reading:explain",
    "what-if": "what_if:what_if",
    "hooks": "hooks:hooks",
    "github": "github:github",
    "workflows": "workflows:workflows",
    "policy": "policies:policy",
    "audit": "audits:audit",
}

JSON_WANTED = "staging_gate.json"
"""Errors are JSON too where a machine asked for JSON."""


class Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, name = VERBS[cmd_name].split(":")
        found = getattr(import_module(f"staging_gate.cli.{module}"), name)
        assert isinstance(found, click.Command)
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[JSON_WANTED] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with shown_errors(as_json=ctx.meta[JSON_WANTED]):
            return super().invoke(ctx)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gate")
def gate() -> None:
    """Runs your team's deployment runbook: from a pull request through staging to production, and back.

    \b
    Exit codes: 0 done, 1 failed, 2 wrong use or a broken policy,
    3 refused by the gate (the reasons are printed)
    """


def main() -> None:
    gate(prog_name="gate", windows_expand_args=False)
    sys.exit(0)
