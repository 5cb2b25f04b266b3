"""Who runs where: for each service in each environment, which process each deployment has. Small files, replaced whole.

    <environment>-<service>/records/staging-12.json     what the deployment staging-12 is served by
    <environment>-<service>/processes/staging-12.1/     its process: state, home, temporary files
    <environment>-<service>/sent_to.json                which of the deployments that share a process is live

A rollback may take the warm process of an earlier deployment; then two records name one process.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from staging_gate.adapters.local import processes
from staging_gate.adapters.local.folders import remove
from staging_gate.adapters.local.layout import Layout, a_name, make_folder
from staging_gate.adapters.local.locks import locked
from staging_gate.adapters.local.processes import Process
from staging_gate.adapters.local.proxy import route_name
from staging_gate.domain.environment import Environment


@dataclass(frozen=True)
class Place:
    """`number` counts the places of a service; `process` names the folder of the process. `said` is how many bytes its
    log had when the deployment was first switched to. `early`: the process was started before the deployment was there.
    """

    number: int
    deployment: str
    commit: str
    tree: str
    build: str
    process: str
    port: int
    said: int | None = None
    early: bool = False

    @property
    def unclaimed(self) -> bool:
        """The deployment that it was started for has not come (yet)."""
        return self.early and self.log == self.deployment

    @property
    def log(self) -> str:
        """What deployment started the process: its output is in that one's log."""
        return self.process.rpartition(".")[0]


class Places:
    """The places of one service in one environment. Whoever changes them holds the lock."""

    def __init__(self, layout: Layout, environment: Environment, service: str) -> None:
        self.environment, self.service = environment, service
        self.folder = layout.places(environment, service)
        self.route = route_name(environment, service)

    def locked(self) -> AbstractContextManager[None]:
        return locked(self.folder / "lock")

    def get(self, deployment: str) -> Place | None:
        return _read(self._record(deployment))

    def all(self) -> list[Place]:
        """Newest first."""
        found = [_read(path) for path in self.folder.glob("records/*.json")]
        return sorted((place for place in found if place), key=lambda place: place.number, reverse=True)

    def of_commit(self, commit: str) -> list[Place]:
        return [place for place in self.all() if place.commit == commit]

    def of_process(self, process: str) -> list[Place]:
        return [place for place in self.all() if place.process == process]

    def put(self, place: Place) -> None:
        _write(self._record(place.deployment), asdict(place))

    def next_number(self) -> int:
        return max((place.number for place in self.all()), default=0) + 1

    def forget(self, deployment: str) -> None:
        self._record(deployment).unlink(missing_ok=True)

    def new_process(self, deployment: str) -> str:
        """The name of a process that was never used before for this deployment; its folder is made."""
        number = 1
        while (path := self.home(f"{a_name(deployment)}.{number}")).exists():
            number += 1
        make_folder(path, 0o711)
        return path.name

    def process(self, name: str) -> Process | None:
        """The running process by that name."""
        return processes.adopt(self.state(name))

    def was_started(self, name: str) -> bool:
        """Whether the process is known to have been started in this boot; it may have ended since."""
        return processes.find(self.state(name)) is not None

    def process_names(self) -> list[str]:
        return [path.name for path in self.folder.glob("processes/*")]

    def state(self, name: str) -> Path:
        return self.home(name) / "process.json"

    def home(self, name: str) -> Path:
        return self.folder / "processes" / name

    def mark_retiring(self, name: str) -> None:
        """From now on nobody takes this process again; it ends as soon as its last request is answered."""
        # Another retirement may just have removed its folder.
        with contextlib.suppress(FileNotFoundError):
            (self.home(name) / "retiring").touch()

    def is_retiring(self, name: str) -> bool:
        return (self.home(name) / "retiring").exists()

    def remove_process(self, name: str) -> None:
        """Remove what a process that has ended leaves behind."""
        remove(self.home(name))

    def sent_to(self) -> str | None:
        """Which of the deployments with one and the same process was switched to last."""
        try:
            return str(json.loads((self.folder / "sent_to.json").read_bytes()))
        except (FileNotFoundError, ValueError):
            return None

    def send_to(self, deployment: str) -> None:
        """Written before the switch: what the route sends to decides first, this only among those who share it."""
        _write(self.folder / "sent_to.json", deployment)

    def _record(self, deployment: str) -> Path:
        return self.folder / "records" / f"{a_name(deployment)}.json"


def all_places(layout: Layout) -> list[Place]:
    """The places of all services in all environments."""
    found = [_read(path) for path in (layout.root / "places").glob("*/records/*.json")]
    return [place for place in found if place]


def every_service(layout: Layout) -> Iterator[Places]:
    """Of every service that ever ran in an environment."""
    for folder in (layout.root / "places").glob("*-*"):
        environment, _, service = folder.name.partition("-")
        yield Places(layout, Environment(environment), service)


def _read(path: Path) -> Place | None:
    """None where there is none, or what a power loss left of it."""
    try:
        return Place(**json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _write(path: Path, content: object) -> None:
    make_folder(path.parent)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(content))
    os.replace(draft, path)
