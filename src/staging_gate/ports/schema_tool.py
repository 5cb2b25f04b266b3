"""How a service's schema is migrated: the tool of its project, run in the service's own environment."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from staging_gate.domain.migration import Finding, MigrationReport
from staging_gate.domain.service import Schema

Ask = Callable[[object, float], Any]
"""Ask a program one thing: a question that is JSON, and the seconds that it has for the answer.

Raises Refused where it ended or was not done in time, Stopped where nobody waits for it any more.
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended: `error` says what went wrong, and is empty where nothing did. `last` is the last line that
    it printed, `tail` the end of all that it said."""

    error: str = ""
    last: str = ""
    tail: str = ""


class Site(Protocol):
    """The tree of a service with its environment built; its own programs run in it, as the account of builds."""

    @property
    def tree(self) -> Path: ...
    @property
    def scratch(self) -> Path:
        """A folder that the programs can write to; gone afterwards."""
        ...

    def value_of(self, text: str) -> str:
        """The text, or what the reference `env:NAME` leads to. Raises Refused where that is not there."""
        ...

    def cancelled(self) -> bool:
        """Whether nobody waits any more, or the time is up."""
        ...

    def talk(self, argv: tuple[str, ...], environ: Mapping[str, str]) -> AbstractContextManager[Ask]:
        """Start a program that answers lines of JSON; `python` is that of the environment. It is gone afterwards."""
        ...

    def run(self, argv: tuple[str, ...], environ: Mapping[str, str], within: float) -> Ran:
        """Run a command to its end. Raises Stopped where nobody waits for it any more."""
        ...


@dataclass(frozen=True)
class Migration:
    """`path` is relative to the tree. `line` is where its upgrade begins."""

    revision: str
    down: tuple[str, ...]
    path: str
    line: int = 1


@dataclass(frozen=True)
class Moved:
    """What an upgrade or downgrade did: `done` are revisions with their seconds, in order.

    `failed` is the revision that did not go (`""` where that is not known), None when all went; `error` is what it
    said.
    """

    done: tuple[tuple[str, float], ...]
    failed: str | None = None
    error: str = ""

    @property
    def ok(self) -> bool:
        return self.failed is None


class SchemaSession(Protocol):
    """The tool at work on one database. Raises Refused where the project's own files are at fault."""

    def history(self) -> list[Migration] | None:
        """All migrations, the oldest first; None where the tool can not tell."""
        ...

    def current(self) -> tuple[str, ...]: ...
    def upgrade(self, to: str | None = None) -> Moved:
        """To the newest, or only up to a revision. Refused for a revision where `history` tells none."""
        ...

    def downgrade(self, to: str) -> Moved:
        """Back to a revision of `history`, or to what `current` said; `""` is before the first."""
        ...

    def sql(self, migration: Migration) -> str | None:
        """What one migration would execute; None where it can not be told without executing it."""
        ...

    def drift(self) -> list[str] | None:
        """How the database differs from what the code believes; None where the tool can not tell."""
        ...


class SchemaTool(Protocol):
    def scan(self, tree: Path, schema: Schema) -> list[Finding]:
        """What can be said without running anything."""
        ...

    def heads(self, tree: Path, schema: Schema) -> tuple[str, ...] | None:
        """The revisions that a database of this tree ends at, read from its files; None where they do not say."""
        ...

    def open(self, site: Site, schema: Schema, database: str) -> AbstractContextManager[SchemaSession]:
        """`database` is an address."""
        ...


class MigrationProver(Protocol):
    def prove(
        self, service: str, schema: Schema, site: Site, production: Site | None, address: str, within: float
    ) -> MigrationReport:
        """Try the migrations of the site's tree on clones, from those of `production` (None: it has none).

        `address` says what kind of database it is, and is never connected to; no statement on a clone may take longer
        than `within` seconds. Raises Refused where the project's tool can not work at all, Unavailable where there is
        nothing to try them on, Stopped where nobody waits any more.
        """
        ...

    def sweep(self) -> list[str]:
        """Remove what proofs of this installation that were killed have left, never what a living one has; the names
        of it. Raises Unavailable where that can not be looked at now."""
        ...
