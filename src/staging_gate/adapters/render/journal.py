"""What we asked Render for. It takes no key of ours, so what was there before we asked tells what came of it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock

from staging_gate.domain.environment import Environment

_writing = Lock()


@dataclass(frozen=True)
class Asked:
    """One of our deployments. `back_to` is the deploy whose artifact it brings back (None: `commit` is built).

    `after` is the newest deploy from before we asked ("" where there was none, None while we have not asked), `deploy`
    what Render made of it. Times are ISO 8601: `asked_at`, and `live_at` when it was last seen to receive the traffic.
    """

    commit: str
    back_to: str | None = None
    after: str | None = None
    asked_at: str | None = None
    deploy: str | None = None
    live_at: str | None = None


@dataclass(frozen=True)
class Journal:
    """Of one service in one environment; deployments in the order in which they were started."""

    path: Path

    @classmethod
    def of(cls, state: Path, environment: Environment, service: str) -> "Journal":
        return cls(state / environment / f"{service}.json")

    def all(self) -> dict[str, Asked]:
        try:
            return {name: Asked(**asked) for name, asked in json.loads(self.path.read_bytes()).items()}
        except FileNotFoundError:
            return {}

    def get(self, deployment: str) -> Asked | None:
        return self.all().get(deployment)

    def put(self, deployment: str, asked: Asked) -> Asked:
        with _writing:
            self._write({**self.all(), deployment: asked})
        return asked

    def keep(self, deployments: set[str]) -> None:
        """Forget all others, but what went live last."""
        with _writing:
            known = self.all()
            lived = sorted((asked.live_at, name) for name, asked in known.items() if asked.live_at)
            kept = deployments | {name for _, name in lived[-1:]}
            self._write({name: asked for name, asked in known.items() if name in kept})

    def deployment_of(self, deploy: str) -> str | None:
        """The newest that this deploy was made for."""
        return next((name for name, asked in reversed(self.all().items()) if asked.deploy == deploy), None)

    def artifact(self, commit: str) -> str | None:
        """The newest deploy that brought this commit, which Render may still have built."""
        lived = (asked.deploy for asked in reversed(self.all().values()) if asked.commit == commit and asked.live_at)
        return next(lived, None)

    def _write(self, known: dict[str, Asked]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps({name: asdict(asked) for name, asked in known.items()}))
        os.replace(draft, self.path)


@dataclass(frozen=True)
class Closed:
    """The services, by their ids at Render, that we have suspended ourselves: a file for each."""

    folder: Path

    def add(self, id: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / id).touch()

    def has(self, id: str) -> bool:
        return (self.folder / id).exists()

    def remove(self, id: str) -> None:
        (self.folder / id).unlink(missing_ok=True)
