"""What we asked a provider for, by deployment of ours: what we do not know any more, we would ask for again."""

import json
import os
from collections.abc import Set
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from threading import Lock
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

from staging_gate.domain.environment import Environment

_writing = Lock()


class Asking(Protocol):
    """A dataclass of what JSON knows. `live_at` is when it was first seen to receive the traffic, in ISO 8601."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def live_at(self) -> str | None: ...


A = TypeVar("A", bound=Asking)


@dataclass(frozen=True)
class Journal(Generic[A]):
    """Of one service in one environment; deployments in the order in which they were started. `kind` is `A`."""

    path: Path

    kind: ClassVar[type[Any]]

    @classmethod
    def of(cls, state: Path, environment: Environment, service: str) -> Self:
        return cls(state / environment / f"{service}.json")

    def all(self) -> dict[str, A]:
        """Fields of a later version are left out."""
        known = {field.name for field in fields(self.kind)}
        try:
            read = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        return {name: self.kind(**{k: v for k, v in asked.items() if k in known}) for name, asked in read.items()}

    def get(self, deployment: str) -> A | None:
        return self.all().get(deployment)

    def put(self, deployment: str, asked: A) -> A:
        with _writing:
            self._write({**self.all(), deployment: asked})
        return asked

    def keep(self, deployments: Set[str]) -> None:
        """Forget all others, but what went live last."""
        with _writing:
            known = self.all()
            lived = sorted((asked.live_at, name) for name, asked in known.items() if asked.live_at)
            kept = deployments | {name for _, name in lived[-1:]}
            self._write({name: asked for name, asked in known.items() if name in kept})

    def _write(self, known: dict[str, A]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps({name: asdict(asked) for name, asked in known.items()}))
        os.replace(draft, self.path)
