"""Long work, shown while it goes: each step as it ends, in a terminal with the running one below."""

import sys
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from math import ceil
from typing import Any

from rich.live import Live

from staging_gate.cli import show
from staging_gate.cli.access import named
from staging_gate.cli.errors import Failed
from staging_gate.cli.lengths import short
from staging_gate.cli.visible import escape, visible_log
from staging_gate.wire.api import Api

ONE_WAIT_SECONDS = 20.0
"""So long a server is asked to hold an answer back: less than what stands between us may wait."""


def follow_deployment(api: Api, id: str) -> dict[str, Any]:
    """Show a deployment until it has ended; returns its timeline."""
    timeline: dict[str, Any] = {}
    out = show.console()
    printed: set[tuple[str, int]] = set()
    with Live("", console=out, refresh_per_second=8, transient=True) as live:
        for timeline in api.lines(f"/deployments/{named(id)}/follow"):
            if not printed:
                live.console.print(f"[bold]{id}[/]  {escape(timeline['deployment']['why'])}")
                printed.add(("", 0))
            for step in timeline["steps"]:
                key = (step["run"], step["number"])
                if step["ended_at"] and key not in printed:
                    printed.add(key)
                    live.console.print(show.step_line(step))
            live.update(_running(timeline))
    show.deployment_head(timeline["deployment"], timeline["live"])
    show.deployment_end(timeline)
    return timeline


def awaited(api: Api, commit: str | None, release: str | None, within: timedelta) -> dict[str, Any]:
    """The deployment of a commit to staging, or of a release to production, once it is asked for. Raises Failed."""
    environment = "production" if release else "staging"
    for _ in range(ceil(within.total_seconds() / ONE_WAIT_SECONDS) or 1):
        wait = min(ONE_WAIT_SECONDS, within.total_seconds())
        found = api.get("/deployments/awaited", environment=environment, commit=commit, release=release, wait=wait)
        if found:
            awaited: dict[str, Any] = found
            return awaited
    why = f"`gate explain {release}` says what it waits for." if release else "`gate status` shows what goes on."
    raise Failed(f"No deployment of {release or commit} to {environment} was asked for in {short(within)}. {why}")


def follow_checks(api: Api, number: int) -> dict[str, Any]:
    """Show the checks of a change until none is pending; returns the view of the change."""
    view: dict[str, Any] = {}
    said: dict[str, str] = {}
    for view in api.lines(f"/changes/{number}/follow"):
        for check in view["checks"]:
            if said.get(check["name"]) != check["verdict"]:
                said[check["name"]] = check["verdict"]
                show.console().print(show.check_line(check))
    return view


def log(api: Api, ref: str, goes_on: Callable[[], bool]) -> Iterator[str]:
    """A captured log from its beginning; while `goes_on`, what is added to it too."""
    path = "/logs/" + "/".join(named(part) for part in ref.split("/"))
    offset = 0
    while True:
        going = goes_on()
        block = api.get(path, offset=offset, wait=2 if going else 0)
        if block["text"]:
            yield visible_log(block["text"]) if sys.stdout.isatty() else block["text"]
        elif not going:
            return
        offset = block["next"]


def last_of(api: Api, path: str) -> dict[str, Any]:
    """Wait for the end and return what is known then."""
    last: dict[str, Any] = deque(api.lines(path), maxlen=1)[0]
    return last


def _running(timeline: dict[str, Any]) -> str:
    running = [step for step in timeline["steps"] if not step["ended_at"]]
    if running:
        return "\n".join(show.step_line(step) for step in running)
    return "  waits for " + ", ".join(timeline["ahead"]) if timeline["ahead"] else ""
