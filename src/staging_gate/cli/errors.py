"""Every no, in words and with the right exit code."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from staging_gate.wire.api import ApiProblem, NotReachable

FAILED, USAGE, REFUSED = 1, 2, 3
INTERRUPTED = 130
USAGE_KINDS = ("policy-broken", "not-understood", "no-policy", "not-possible", "not-found", "sign-in-needed")


class Failed(click.ClickException):
    """What was asked for did not succeed: exit 1."""

    exit_code = FAILED

    def show(self, file: Any = None) -> None:
        click.echo(f"gate: {self.message}", err=True)


class NoServer(Failed):
    """Nobody has said where the server is, or who asks: wrong use, but not of this command's words."""

    exit_code = USAGE


@contextmanager
def shown_errors(as_json: bool) -> Iterator[None]:
    try:
        yield
    except ApiProblem as problem:
        _show(problem, as_json)
        sys.exit(_code(problem))
    except NotReachable as away:
        click.echo(f"gate: {away}", err=True)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        click.echo("\ngate: interrupted; what the server has begun goes on.", err=True)
        sys.exit(INTERRUPTED)


def _code(problem: ApiProblem) -> int:
    if problem.kind == "gate-closed":
        return REFUSED
    return USAGE if problem.kind in USAGE_KINDS else FAILED


def _show(problem: ApiProblem, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(problem.body))
        return
    decision = problem.body.get("decision")
    if decision:
        from staging_gate.cli import show

        show.decision(decision, err=True)
        return
    lines: list[Any] = problem.body.get("problems") or [problem.body.get("detail")]
    for line in lines:
        click.echo(f"gate: {line}", err=True)
