"""What we had Vercel build, by deployment of ours. Vercel keeps a key of ours with it, so nothing is built twice."""

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from threading import Lock
from uuid import uuid4

from staging_gate.domain.environment import Environment

_writing = Lock()


@dataclass(frozen=True)
class Asked:
    """`key` stands with it at Vercel; `id` is what Vercel calls it, None while we have not heard.

    `taken`: it was built for another deployment of ours. `before` is when production was last switched at Vercel before
    we asked for it to be switched to this (its own milliseconds; 0 for never). Other times are ISO 8601: `asked_at` of
    the build, `moved_at` of asking for the switch, and `live_at` when its domain was first seen to lead to it.
    """

    commit: str
    key: str
    asked_at: str
    id: str | None = None
    taken: bool = False
    before: int | None = None
    moved_at: str | None = None
    live_at: str | None = None


def new_key() -> str:
    """Of this one wish and no other, whichever installation has it."""
    return uuid4().hex


@dataclass(frozen=True)
class Journal:
    """Of one service in one environment; deployments in the order in which they were started."""

    path: Path

    @classmethod
    def of(cls, state: Path, environment: Environment, service: str) -> "Journal":
        return cls(state / environment / f"{service}.json")

    def all(self) -> dict[str, Asked]:
        """Fields of a later version are left out."""
        known = {field.name for field in fields(Asked)}
        try:
            read = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        return {name: Asked(**{k: v for k, v in asked.items() if k in known}) for name, asked in read.items()}

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

    def deployment_of(self, id: str) -> str | None:
        """The one of ours that was switched to this one at Vercel last; None where none ever was."""
        moved = [(asked.moved_at, name) for name, asked in self.all().items() if asked.id == id and asked.moved_at]
        return max(moved)[1] if moved else None

    def built(self, commit: str) -> Asked | None:
        """The newest of this commit that was live, which Vercel may still have."""
        lived = (one for one in reversed(self.all().values()) if one.commit == commit and one.live_at and one.id)
        return next(lived, None)

    def _write(self, known: dict[str, Asked]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps({name: asdict(asked) for name, asked in known.items()}))
        os.replace(draft, self.path)
