"""A world whose repository is also at GitHub, as far as GitHub is told what we decide and do."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from staging_gate.adapters.git import GitCodeHost
from staging_gate.adapters.github import Settings, connect
from staging_gate.adapters.github.reporting import GitHubReports
from staging_gate.domain.change import Change
from staging_gate.domain.delivery import Delivery
from staging_gate.runbook import hearing
from staging_gate.store import SqliteInbox
from staging_gate.testing.github import GitHubStandIn
from staging_gate.testing.github.state import Pull
from staging_gate.testing.world import World
from staging_gate.wire.http import Limits
from tests.adapters.github.specification import examination

TOKEN = "ghp_ofthestoriesandnobodyelse"
PAGE = "https://gate.example"


@dataclass
class Shown:
    """A world whose repository is also at GitHub, as far as it is told anything there."""

    world: World
    github: GitHubStandIn

    def change(self, title: str = "feat: dark mode") -> Change:
        """Opened here, with its pull request there."""
        change = self.world.change(title)
        at = self.world.clock.now()
        pull = Pull(change.number, change.source, change.target, change.title, "", "ada", at, change.head.commit)
        self.github.pulls.append(pull)
        self.look()
        return change

    def look(self, **later: float) -> None:
        self.world.advance(**(later or {"seconds": 1}))

    def verdict(self, change: Change) -> tuple[str, str]:
        (one,) = self.github.statuses[self.world.look(change).head.commit]
        return one["state"], one["description"]

    def comment(self, change: Change) -> str:
        (one,) = self.github.told.comments[change.number]
        return str(one["body"])

    def deployments(self, environment: str) -> list[tuple[str, list[str]]]:
        made = [one for one in self.github.told.deployments if one["environment"] == environment]
        return [(one["payload"]["staging_gate"], self._states(one)) for one in made]

    def writes(self) -> int:
        return len([one for one in self.github.web.asked if one.method != "GET"])

    def hear(self, inbox: SqliteInbox, hint: Any, number: int = 1) -> None:
        at = self.world.clock.now()
        inbox.keep([Delivery("github", str(number), "deployment_protection_rule", at, json.dumps(hint).encode())])
        hearing.look_again(self.world.ports, inbox)
        self.look()

    def problems(self) -> list[str]:
        with self.world.store.reading() as tx:
            return [f"{told.subject}: {told.problem}" for told in tx.tellings.failing()]

    def _states(self, made: dict[str, Any]) -> list[str]:
        return [one["state"] for one in self.github.told.deployment_statuses[made["id"]]]


def show(world: World, folder: Path) -> Iterator[Shown]:
    examined = examination()
    github = GitHubStandIn(folder / "at-github", world.clock, examine=examined.look)
    github.host.close()
    github.host = cast(GitCodeHost, world.code_host)
    github.grant("gate[bot]", TOKEN, is_bot=True)
    with github.web:
        settings = Settings(github.name, TOKEN, api=github.api, limits=Limits(connect=2, read=2, whole=10, tries=2))
        connection = connect(settings, world.clock)
        reports = GitHubReports(connection.calls, connection.sign_in)
        world.ports = replace(world.ports, reports=reports, address=PAGE)
        yield Shown(world, github)
    assert examined.faults == []
