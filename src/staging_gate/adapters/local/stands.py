"""Where databases stand with the migrations of a tree, in the words of the project's tool: what a downgrade goes back
to. Alembic reads it from the tree; of other tools it is noted after each upgrade."""

import json
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stands:
    """Beside a service's places; `migrations` names those of a tree, as `schema.fingerprint` does."""

    path: Path

    def note(self, migrations: str, revision: str) -> None:
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps({**self._all(), migrations: revision}))
        os.replace(draft, self.path)

    def get(self, migrations: str) -> str | None:
        return self._all().get(migrations)

    def _all(self) -> dict[str, str]:
        try:
            return dict(json.loads(self.path.read_bytes()))
        except (FileNotFoundError, ValueError):
            return {}
