"""Where the stories of the state machine begin: worlds told once and put aside, each sequence goes on from a copy."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from shutil import rmtree

import yaml

from staging_gate.testing import policies
from staging_gate.testing.policies import gate_yaml
from staging_gate.testing.world import SavedWorld, World
from tests.messages.said_migrations import REWRITE

PEOPLE = ("ada", "ben", "cleo", "tess", "theo", "stan", "dora")
ROLES = {"tech_lead": ["tess", "theo"], "stakeholder": ["stan", "tess"], "devops": ["dora"]}
EVERYBODY = (*PEOPLE, "eve", "root")
"""eve is a stranger; root is the administrator."""

CALENDAR = {
    "staging_cutoff": "wed 17:00",
    "production_windows": ["thu 10:00-16:00", "mon 22:00-02:00"],
    "freezes": [
        {"from": "2026-03-10", "until": "2026-03-11", "why": "an audit", "environments": ["production", "staging"]}
    ],
}

REQUIRED = (*policies.REQUIRED, "way_back_proved")

rules = partial(gate_yaml, people=PEOPLE, roles=ROLES, proof={}, production={"requires": list(REQUIRED)})


def with_calendar(policy: str) -> str:
    """The runbook's own; all tales are told on a Thursday morning, when it is open."""
    return yaml.safe_dump({**yaml.safe_load(policy), "calendar": CALENDAR}, sort_keys=False)


@dataclass(frozen=True)
class Tale:
    """What has happened before; `policy` is the first gate.yaml, None where main has none."""

    policy: str | None
    happened: Callable[[World], object]


def _nothing(world: World) -> None:
    """main and staging are the same; nothing was ever deployed."""


def _one_release(world: World) -> None:
    world.release("v1.0.0")


def _two_releases(world: World) -> None:
    world.release("v1.0.0")
    world.release("v1.1.0", "feat: charts")


def _one_is_merged(world: World) -> None:
    world.release("v1.0.0")
    world.ship_to_staging("feat: charts")
    world.prepare_release("v1.1.0")


def _one_is_merged_that_shuts_people_out(world: World) -> None:
    world.release("v1.0.0")
    world.checks.next_report(REWRITE)
    world.ship_to_staging("feat: charts")
    world.prepare_release("v1.1.0")


TALES = {
    "v1.1.0 is merged, and writes a table anew": Tale(rules(), _one_is_merged_that_shuts_people_out),
    "v1.1.0 is in production, v1.0.0 was before": Tale(rules(), _two_releases),
    "v1.1.0 is merged and waits for its tag": Tale(rules(), _one_is_merged),
    "v1.0.0 is in production": Tale(rules(), _one_release),
    "nothing was ever deployed": Tale(rules(), _nothing),
    "v1.1.0 is in production, and there is a calendar": Tale(with_calendar(rules()), _two_releases),
    "v1.1.0 is merged, and there is a calendar": Tale(with_calendar(rules()), _one_is_merged),
    "two services, v1.1.0 is in production, v1.0.0 was before": Tale(rules(services=("api", "web")), _two_releases),
    "main has no gate.yaml yet": Tale(None, _nothing),
}


@dataclass
class Library:
    """Worlds in which a tale has been told, in a folder of this process."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="staging-gate-machine-")))
    _opened: int = 0
    _told: dict[Tale, SavedWorld] = field(default_factory=dict)

    def open(self, tale: Tale) -> World:
        """A world of one's own, in a new folder, that goes on from there."""
        self._opened += 1
        saved = self._told.get(tale) or self._tell(tale)
        folder = self.folder / f"sequence-{self._opened}"
        os.mkdir(folder)
        return saved.open(folder)

    def shelve(self, world: World) -> None:
        world.close()
        rmtree(world.folder, ignore_errors=True)

    def burn(self) -> None:
        rmtree(self.folder, ignore_errors=True)

    def _tell(self, tale: Tale) -> SavedWorld:
        folder = self.folder / f"tale-{len(self._told)}"
        folder.mkdir()
        world = World.begin(folder, tale.policy)
        tale.happened(world)
        self._told[tale] = world.save()
        return self._told[tale]
